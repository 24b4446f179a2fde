/** The rate limit of `/users/track` on plans by monthly active users: an hour and a burst, shared by the whole company. */

export interface CompanyWindow {
  /** Counts one request, and says whether both the hour and the burst have room for it. */
  take(nowMs: number): boolean;
  /** Of the hour; the reset in seconds that are left of it. */
  headers(nowMs: number): Record<string, string>;
  /** Braze: a 429 of these plans has this one header, in whole seconds. */
  refusal(nowMs: number): Record<string, string>;
  clear(): void;
}

const HOUR_MS = 3_600_000;
/** Braze: the burst is counted over 3 seconds. */
const BURST_MS = 3000;

/** Both windows are fixed and begin on the clock. */
export function createCompanyWindow(plan: {
  readonly hourly: number;
  readonly burst: number;
}): CompanyWindow {
  const hour = createCount(HOUR_MS, plan.hourly);
  const burst = createCount(BURST_MS, plan.burst);
  return {
    take(nowMs) {
      if (hour.left(nowMs) === 0 || burst.left(nowMs) === 0) return false;
      hour.add();
      burst.add();
      return true;
    },
    headers: (nowMs) => ({
      'x-ratelimit-limit': String(plan.hourly),
      'x-ratelimit-remaining': String(hour.left(nowMs)),
      'x-ratelimit-reset': String(hour.secondsLeft(nowMs)),
    }),
    refusal(nowMs) {
      const used = hour.left(nowMs) === 0 ? hour : burst;
      return { 'x-ratelimit-retry-after': String(used.secondsLeft(nowMs)) };
    },
    clear() {
      hour.clear();
      burst.clear();
    },
  };
}

function createCount(windowMs: number, requests: number) {
  let window = -1;
  let used = 0;
  return {
    left(nowMs: number): number {
      const current = Math.floor(nowMs / windowMs);
      if (current !== window) {
        window = current;
        used = 0;
      }
      return requests - used;
    },
    add(): void {
      used += 1;
    },
    secondsLeft: (nowMs: number) => Math.ceil((windowMs - (nowMs % windowMs)) / 1000),
    clear(): void {
      used = 0;
    },
  };
}
