/**
 * How many requests may be under way: grows by one for each full round that Braze took, shrinks by a quarter when
 * Braze or the network fails (additive increase, multiplicative decrease).
 */
export interface Concurrency {
  /** Requests that may be under way now. */
  readonly limit: number;
  /** A request was accepted; `saturated`: the limit was in use, so that more would help. */
  succeeded(saturated: boolean): void;
  /** Throttled or failed. */
  failed(now: number): void;
}

const DECREASE = 0.75;
/** One storm is one decrease: what was under way together fails together. */
const DECREASE_EVERY_MS = 1_000;

export function createConcurrency({ start, max }: { start: number; max: number }): Concurrency {
  let limit = Math.min(start, max);
  let decreasedAt = Number.NEGATIVE_INFINITY;
  return {
    get limit() {
      return Math.floor(limit);
    },
    succeeded(saturated) {
      if (saturated) limit = Math.min(max, limit + 1 / limit);
    },
    failed(now) {
      if (now - decreasedAt < DECREASE_EVERY_MS) return;
      decreasedAt = now;
      limit = Math.max(1, limit * DECREASE);
    },
  };
}
