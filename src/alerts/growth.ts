/** By how much a counter has grown within the last minutes, from samples of it. */

export interface Growth {
  /** Takes the counter as it is now, and answers by how much it has grown within the window. */
  of(total: number, ms: number): number;
}

/** Samples that are kept of a window: it is as long as it says to within a sixtieth. */
const SAMPLES = 60;

/** The counter counts as 0 before the first sample: counters begin with the process. */
export function createGrowth(windowMs: number): Growth {
  const samples: { readonly ms: number; readonly total: number }[] = [];
  return {
    of(total, ms) {
      if (samples.length === 0) samples.push({ ms, total: 0 });
      while (samples[1] && ms - samples[1].ms >= windowMs) samples.shift();
      const last = samples.at(-1);
      if (last && ms - last.ms >= windowMs / SAMPLES) samples.push({ ms, total });
      return total - (samples[0]?.total ?? total);
    },
  };
}
