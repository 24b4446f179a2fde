/** By how much a counter has grown within the last minutes, from samples of it. */

export interface Growth {
  /** Takes the counter as it is now, and answers by how much it has grown within the window, which may be another each time. */
  within(windowMs: number, total: number, ms: number): number;
}

/** Samples that are kept of a window: it is as long as it says to within a sixtieth. */
const SAMPLES = 60;

/** @param from what the counter was before the first sample */
export function createGrowth(from: number): Growth {
  const samples: { readonly ms: number; readonly total: number }[] = [];
  return {
    within(windowMs, total, ms) {
      if (samples.length === 0) samples.push({ ms, total: from });
      while (samples[1] && ms - samples[1].ms >= windowMs) samples.shift();
      const last = samples.at(-1);
      if (last && ms - last.ms >= windowMs / SAMPLES) samples.push({ ms, total });
      return total - (samples[0]?.total ?? total);
    },
  };
}
