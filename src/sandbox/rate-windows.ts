/** Braze's rate limits: fixed windows on clock boundaries, one per class of endpoints and key, and the headers that tell of them. */
import { createCompanyWindow } from './company-window.ts';

interface Limit {
  readonly requests: number;
  readonly windowMs: number;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Braze's own limits, by class of endpoints: those of one class share a window. */
const BRAZE_LIMITS = {
  /** `/users/track`. */
  track: { requests: 3000, windowMs: 3 * SECOND_MS },
  bulk: { requests: 50, windowMs: SECOND_MS },
  sync: { requests: 500, windowMs: MINUTE_MS },
  /** Identify, alias/new, alias/update, merge and delete together. */
  users: { requests: 20_000, windowMs: MINUTE_MS },
  /** Rename and remove. */
  externalIds: { requests: 1000, windowMs: MINUTE_MS },
  export: { requests: 250, windowMs: MINUTE_MS },
  /** Exports that name their fields and leave out campaigns and Canvases. */
  cheapExport: { requests: 40, windowMs: SECOND_MS },
  /** Both versions. */
  subscription: { requests: 5000, windowMs: MINUTE_MS },
  catalogs: { requests: 50, windowMs: MINUTE_MS },
  catalogItems: { requests: 16_000, windowMs: MINUTE_MS },
  catalogItem: { requests: 50, windowMs: MINUTE_MS },
  other: { requests: 250_000, windowMs: HOUR_MS },
} as const satisfies Readonly<Record<string, Limit>>;

export type RateClass = keyof typeof BRAZE_LIMITS;
export const RATE_CLASSES = Object.keys(BRAZE_LIMITS) as readonly RateClass[];

export interface RateWindows {
  /** Counts one request of the class at this time, and says whether it is within the limit. */
  take(rateClass: RateClass, nowMs: number, key?: string): boolean;
  /** The `x-ratelimit-*` headers as they stand; the reset in epoch seconds, or as the plan has it. */
  headers(rateClass: RateClass, nowMs: number, key?: string): Record<string, string>;
  /** The headers of a 429. */
  refusal(rateClass: RateClass, nowMs: number, key?: string): Record<string, string>;
  clear(): void;
}

/** A plan by monthly active users: what the whole company may send to `/users/track`. */
export interface MauPlan {
  readonly hourly: number;
  /** In 3 seconds. */
  readonly burst: number;
}

/** With `requests`, every class has that many in each window of 3 s; without, Braze's own. With a plan, track follows that. */
export function createRateWindows(requests: number | undefined, plan?: MauPlan): RateWindows {
  const own = createKeyWindows(requests);
  if (plan === undefined) return own;
  const company = createCompanyWindow(plan);
  return {
    take: (rateClass, nowMs, key) =>
      rateClass === 'track' ? company.take(nowMs) : own.take(rateClass, nowMs, key),
    headers: (rateClass, nowMs, key) =>
      rateClass === 'track' ? company.headers(nowMs) : own.headers(rateClass, nowMs, key),
    refusal: (rateClass, nowMs, key) =>
      rateClass === 'track' ? company.refusal(nowMs) : own.refusal(rateClass, nowMs, key),
    clear() {
      own.clear();
      company.clear();
    },
  };
}

interface Count {
  window: number;
  used: number;
}

/** Braze counts by workspace, and a key belongs to one: each key is taken for a workspace of its own. */
function createKeyWindows(requests: number | undefined): RateWindows {
  const counts = new Map<RateClass, Map<string, Count>>();

  function limitOf(rateClass: RateClass): Limit {
    return requests === undefined
      ? BRAZE_LIMITS[rateClass]
      : { requests, windowMs: BRAZE_LIMITS.track.windowMs };
  }

  function current(rateClass: RateClass, nowMs: number, key: string): Count {
    const window = Math.floor(nowMs / limitOf(rateClass).windowMs);
    const count = counts.get(rateClass)?.get(key);
    if (count?.window === window) return count;
    const fresh = { window, used: 0 };
    const ofClass = counts.get(rateClass);
    if (ofClass === undefined) counts.set(rateClass, new Map([[key, fresh]]));
    else ofClass.set(key, fresh);
    return fresh;
  }

  function headers(rateClass: RateClass, nowMs: number, key = ''): Record<string, string> {
    const limit = limitOf(rateClass);
    const { window, used } = current(rateClass, nowMs, key);
    return {
      'x-ratelimit-limit': String(limit.requests),
      'x-ratelimit-remaining': String(limit.requests - used),
      'x-ratelimit-reset': String(Math.ceil(((window + 1) * limit.windowMs) / 1000)),
    };
  }

  return {
    take(rateClass, nowMs, key = '') {
      const count = current(rateClass, nowMs, key);
      if (count.used >= limitOf(rateClass).requests) return false;
      count.used += 1;
      return true;
    },
    headers,
    refusal: headers,
    clear: () => counts.clear(),
  };
}
