/** Holds work to a number per second, by waiting after each portion. */
import type { Clock } from '../model/time.ts';

export interface Pace {
  /** How many to take at once. */
  readonly size: number;
  /** Resolves when the next portion may be taken. */
  taken(count: number): Promise<void>;
}

/** @param perSecond undefined: as fast as it goes, `most` at a time */
export function createPace(perSecond: number | undefined, most: number, clock: Clock): Pace {
  if (perSecond === undefined) return { size: most, taken: async () => undefined };
  const start = clock.monotonicMs();
  let done = 0;
  return {
    // Four portions a second: even enough, and few enough calls.
    size: Math.min(most, Math.max(1, Math.ceil(perSecond / 4))),
    async taken(count) {
      done += count;
      const due = start + (done / perSecond) * 1000;
      const wait = due - clock.monotonicMs();
      if (wait > 0) await clock.delay(wait, AbortSignal.any([]));
    },
  };
}
