/** The resident memory of a process that is started again and again: the most, and whether it grows while one lives. */
import { readFileSync } from 'node:fs';

export interface Resident {
  readonly mostMb: number;
  /** Common to all processes, each after its first two minutes; 0 when none lived long enough. */
  readonly slopeMbPerMinute: number;
}

interface Sample {
  readonly pid: number;
  readonly minute: number;
  readonly mb: number;
}

const EVERY_MS = 1_000;
/** Until then modules are loaded, functions compiled and the heap finds its size. */
const WARM_AFTER_MINUTES = 2;

/** Looks each second; `stop` may be asked more than once. */
export function watchResident(pid: () => number | undefined): { stop(): Resident } {
  const samples: Sample[] = [];
  const timer = setInterval(() => {
    const now = pid();
    const mb = now === undefined ? undefined : residentMb(now);
    if (now !== undefined && mb !== undefined) {
      samples.push({ pid: now, minute: performance.now() / 60_000, mb });
    }
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return { mostMb: Math.max(0, ...samples.map(({ mb }) => mb)), slopeMbPerMinute: slopeOf(samples) };
    },
  };
}

/** Least squares, each process about its own mean: one that begins anew at a lower level is no shrinking. */
export function slopeOf(samples: readonly Sample[]): number {
  const sums = { xy: 0, xx: 0 };
  for (const all of Map.groupBy(samples, ({ pid }) => pid).values()) {
    const bornAt = all[0]?.minute ?? 0;
    const warm = all.filter(({ minute }) => minute - bornAt >= WARM_AFTER_MINUTES);
    const mean = (pick: (sample: Sample) => number) =>
      warm.reduce((sum, each) => sum + pick(each), 0) / warm.length;
    const [x, y] = [mean(({ minute }) => minute), mean(({ mb }) => mb)];
    for (const { minute, mb } of warm) {
      sums.xy += (minute - x) * (mb - y);
      sums.xx += (minute - x) ** 2;
    }
  }
  return sums.xx === 0 ? 0 : Math.round((100 * sums.xy) / sums.xx) / 100;
}

/** Undefined when it has just ended. */
function residentMb(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line ? Math.round(Number(line[1]) / 1_024) : undefined;
  } catch {
    return undefined;
  }
}
