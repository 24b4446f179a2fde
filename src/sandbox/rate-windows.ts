/** Braze's rate limits: fixed windows on clock boundaries, one per class of endpoints, and the headers that tell of them. */

/** Endpoints of one class share a window. */
export type RateClass = 'track' | 'users' | 'subscription';

export interface RateWindows {
  /** Counts one request of the class at this time, and says whether it is within the limit. */
  take(rateClass: RateClass, nowMs: number): boolean;
  /** The `x-ratelimit-*` headers as they stand; the reset in epoch seconds. */
  headers(rateClass: RateClass, nowMs: number): Record<string, string>;
  clear(): void;
}

interface Limit {
  readonly requests: number;
  readonly windowMs: number;
}

/** Braze: 3,000 track requests in 3 s; 20,000 a minute for identify, alias and merge together; 5,000 for subscriptions. */
const BRAZE_LIMITS: Readonly<Record<RateClass, Limit>> = {
  track: { requests: 3000, windowMs: 3000 },
  users: { requests: 20_000, windowMs: 60_000 },
  subscription: { requests: 5000, windowMs: 60_000 },
};

/** With `requests`, every class has that many in each window of 3 s; without, Braze's own. */
export function createRateWindows(requests: number | undefined): RateWindows {
  const counts = new Map<RateClass, { window: number; used: number }>();

  function limitOf(rateClass: RateClass): Limit {
    return requests === undefined
      ? BRAZE_LIMITS[rateClass]
      : { requests, windowMs: BRAZE_LIMITS.track.windowMs };
  }

  function current(rateClass: RateClass, nowMs: number): { window: number; used: number } {
    const window = Math.floor(nowMs / limitOf(rateClass).windowMs);
    const count = counts.get(rateClass);
    if (count?.window === window) return count;
    const fresh = { window, used: 0 };
    counts.set(rateClass, fresh);
    return fresh;
  }

  return {
    take(rateClass, nowMs) {
      const count = current(rateClass, nowMs);
      if (count.used >= limitOf(rateClass).requests) return false;
      count.used += 1;
      return true;
    },
    headers(rateClass, nowMs) {
      const limit = limitOf(rateClass);
      const { window, used } = current(rateClass, nowMs);
      return {
        'x-ratelimit-limit': String(limit.requests),
        'x-ratelimit-remaining': String(limit.requests - used),
        'x-ratelimit-reset': String(Math.ceil(((window + 1) * limit.windowMs) / 1000)),
      };
    },
    clear: () => counts.clear(),
  };
}
