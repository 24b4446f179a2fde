/**
 * How many requests may be under way: shrinks by a quarter when Braze throttles, or when it or the network fails more
 * than now and then; grows by one for each full round that Braze took, and until it has shrunk for the first time by one
 * for each request, twofold in a round (TCP's slow start and congestion avoidance, RFC 5681).
 */
export interface Concurrency {
  /** Requests that may be under way now. */
  readonly limit: number;
  /** A request was accepted; `saturated`: the limit was in use, so that more would help. */
  succeeded(saturated: boolean): void;
  /** No usable answer: a sign of overload only where it is not alone. */
  failed(now: number): void;
  /** Braze said itself that it was too much. */
  throttled(now: number): void;
}

const DECREASE = 0.75;
/** One storm is one decrease: what was under way together fails together. */
const DECREASE_EVERY_MS = 1_000;
/** The share of failures is that of about so many latest requests. */
const REMEMBERED = 50;
/**
 * A Braze that is well fails on one request in a hundred or so, whatever is under way: to shrink for each of those
 * would cost a third of the throughput and more. Six in a row are above it; with hundreds under way, three of them
 * come close together by chance often enough to halve the limit.
 */
const TOLERATED = 0.1;

export function createConcurrency({ start, max }: { start: number; max: number }): Concurrency {
  let limit = Math.min(start, max);
  let decreasedAt = Number.NEGATIVE_INFINITY;
  let failing = 0;
  let hasShrunk = false;
  const shrink = (now: number) => {
    if (now - decreasedAt < DECREASE_EVERY_MS) return;
    decreasedAt = now;
    hasShrunk = true;
    limit = Math.max(1, limit * DECREASE);
  };
  return {
    get limit() {
      return Math.floor(limit);
    },
    succeeded(saturated) {
      failing -= failing / REMEMBERED;
      if (saturated) limit = Math.min(max, limit + (hasShrunk ? 1 / limit : 1));
    },
    failed(now) {
      failing += (1 - failing) / REMEMBERED;
      if (failing > TOLERATED) shrink(now);
    },
    throttled: shrink,
  };
}
