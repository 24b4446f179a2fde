/** Ids of requests: from the clock, so that no two processes have to agree on them. */

/** 2025-01-01: ids hold 40 bits of milliseconds since then, up to 2059. */
const EPOCH_MS = Date.UTC(2025, 0, 1);

/** Ids of a process in one millisecond: 16,000 a second, and more for as long as it is ahead of its clock. */
const TICKS_PER_MS = 2 ** 4;

/** The last 9 bits are the process's own: of two that give out an id in the same tick, one in 512 pairs gives the same. */
export const LANES = 2 ** 9;

export interface RequestIds {
  /** Larger than any before, and than any that was seen; below 2^53. */
  next(): number;
  /** Another process has given this one out. */
  saw(id: number): void;
}

/** @param lane 0 ≤ lane < `LANES`, at random */
export function createRequestIds(now: () => number, lane: number): RequestIds {
  let lastTick = 0;
  return {
    next() {
      const tick = Math.max(0, Math.floor((now() - EPOCH_MS) * TICKS_PER_MS));
      lastTick = Math.max(tick, lastTick + 1);
      return lastTick * LANES + lane;
    },
    saw(id) {
      lastTick = Math.max(lastTick, Math.floor(id / LANES));
    },
  };
}
