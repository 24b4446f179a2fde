/**
 * How fast: a token bucket per class of endpoint at the configured rate, closed by a 429 until Braze's window ends.
 *
 * Braze counts in fixed windows of 3 s. Spending a window at once is allowed but makes a 429 of every clock error and
 * of every second sender, so the bucket holds a quarter of a second's worth and refills evenly.
 */

export interface Rate {
  readonly requests: number;
  readonly perSeconds: number;
}

/** The numbers of Braze's rate headers, as far as a reply had them. */
export interface RateHeaders {
  readonly limit: number | undefined;
  readonly remaining: number | undefined;
  /** ms to wait, by `Retry-After`, `X-Ratelimit-Retry-After` or `X-RateLimit-Reset`. */
  readonly waitMs: number | undefined;
}

export interface Pacer {
  /** ms until a request may go; 0 means now. */
  waitMs(now: number): number;
  /** Spends a token. To be called when `waitMs` is 0 and the request goes. */
  spend(now: number): void;
  /** A 429: nothing goes for `waitMs` from now. */
  close(now: number, waitMs: number): void;
  /** Braze says how many requests are left in its window: spread those over what is left of it. */
  correct(now: number, headers: RateHeaders): void;
}

/** Seconds of the rate that may go in one burst. */
const BURST_SECONDS = 0.25;

/** @param now in ms of any clock that never goes back (Braze's epoch times are turned into waits before). */
export function createPacer(rate: Rate): Pacer {
  const perMs = rate.requests / (rate.perSeconds * 1000);
  const burst = Math.max(1, perMs * 1000 * BURST_SECONDS);
  let tokens = burst;
  let refilledAt = 0;
  let opensAt = 0;
  const refill = (now: number) => {
    tokens = Math.min(burst, tokens + Math.max(0, now - refilledAt) * perMs);
    refilledAt = now;
  };
  return {
    waitMs(now) {
      if (now < opensAt) return Math.ceil(opensAt - now);
      refill(now);
      return tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - tokens) / perMs));
    },
    spend(now) {
      refill(now);
      tokens -= 1;
    },
    close(now, waitMs) {
      opensAt = Math.max(opensAt, now + waitMs);
      // Start from nothing at the reset: whoever waited goes at the rate, not all at once.
      tokens = 0;
      refilledAt = Math.max(refilledAt, opensAt);
    },
    correct(now, { remaining, waitMs }) {
      if (remaining === undefined) return;
      if (remaining <= 0 && waitMs !== undefined) this.close(now, waitMs);
      else tokens = Math.min(tokens, remaining);
    },
  };
}

/** Above this, `X-RateLimit-Reset` is epoch seconds, below it seconds left (Braze: MAU plans send seconds left). */
const EPOCH_FROM_SECONDS = 1e9;

/** Braze's longest window is an hour (Braze: rate limits); a header that says more is wrong and must not stop delivery. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * @param epochNow ms since the epoch
 * @returns what the headers say; values that are no numbers count as absent
 */
export function readRateHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  epochNow: number,
): RateHeaders {
  const reset = numberIn(headers['x-ratelimit-reset']);
  const resetMs =
    reset !== undefined && reset > EPOCH_FROM_SECONDS
      ? reset * 1000 - (serverNow(headers) ?? epochNow)
      : secondsToMs(reset);
  const waitMs =
    retryAfterMs(headers['retry-after'], epochNow) ??
    secondsToMs(numberIn(headers['x-ratelimit-retry-after'])) ??
    resetMs;
  return {
    limit: numberIn(headers['x-ratelimit-limit']),
    remaining: numberIn(headers['x-ratelimit-remaining']),
    waitMs: waitMs === undefined ? undefined : Math.min(Math.max(0, waitMs), LONGEST_WAIT_MS),
  };
}

/** Braze's own clock where it tells it: our clock may be wrong, its reset is by its own. */
function serverNow(headers: Readonly<Record<string, string | string[] | undefined>>): number | undefined {
  const date = Date.parse(String(headers.date ?? ''));
  return Number.isNaN(date) ? undefined : date;
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(value: string | string[] | undefined, epochNow: number): number | undefined {
  const seconds = numberIn(value);
  if (seconds !== undefined) return seconds * 1000;
  const date = Date.parse(String(value ?? ''));
  return Number.isNaN(date) ? undefined : date - epochNow;
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function numberIn(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}
