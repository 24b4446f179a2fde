import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../src/delivery/backoff.ts';
import { createPacer, readRateHeaders } from '../../../src/delivery/pacer.ts';

const BRAZE = { requests: 3_000, perSeconds: 3 };

/** Sends as fast as the pacer allows from `now` until `until`; returns when each request went. */
function spendAll(pacer: ReturnType<typeof createPacer>, now: number, until: number): number[] {
  const sent: number[] = [];
  for (let at = now; at < until; ) {
    const wait = pacer.waitMs(at);
    if (wait === 0) {
      pacer.spend(at);
      sent.push(at);
    } else at += wait;
  }
  return sent;
}

describe('pacer', () => {
  it('lets no more than the rate and one burst go in any window', () => {
    const sent = spendAll(createPacer(BRAZE), 1_000_000, 1_010_000);
    for (const start of [0, 1_234, 5_000]) {
      const within = sent.filter((at) => at >= 1_000_000 + start && at < 1_003_000 + start);
      expect(within.length).toBeLessThanOrEqual(3_000 + 250);
    }
    expect(sent.length).toBeGreaterThan(9_900);
  });

  it('lets nothing go before the reset of a 429, and no herd after it', () => {
    const pacer = createPacer(BRAZE);
    pacer.close(5_000, 3_000);
    const sent = spendAll(pacer, 5_000, 9_000);
    expect(Math.min(...sent)).toBeGreaterThanOrEqual(8_000);
    expect(sent.filter((at) => at < 8_100).length).toBeLessThanOrEqual(101);
  });

  it('a later 429 with a shorter wait does not open it earlier', () => {
    const pacer = createPacer(BRAZE);
    pacer.close(0, 60_000);
    pacer.close(1_000, 1_000);
    expect(pacer.waitMs(30_000)).toBe(30_000);
  });

  it('closes by itself when Braze says that nothing remains', () => {
    const pacer = createPacer(BRAZE);
    pacer.correct(1_000, { limit: 3_000, remaining: 0, waitMs: 1_500 });
    expect(pacer.waitMs(1_000)).toBe(1_500);
  });

  it('spends at most what Braze says remains', () => {
    const pacer = createPacer(BRAZE);
    pacer.waitMs(1_000);
    pacer.correct(1_000, { limit: 3_000, remaining: 2, waitMs: 900 });
    expect(spendAll(pacer, 1_000, 1_001).length).toBe(2);
  });
});

describe('readRateHeaders', () => {
  const now = Date.UTC(2026, 10, 22, 12, 0, 0);
  it.each([
    ['epoch seconds', { 'x-ratelimit-reset': String(now / 1000 + 3) }, 3_000],
    [
      "epoch seconds by Braze's own clock",
      { 'x-ratelimit-reset': String(now / 1000 + 3), date: 'Sun, 22 Nov 2026 11:59:58 GMT' },
      5_000,
    ],
    ['seconds left', { 'x-ratelimit-reset': '42' }, 42_000],
    ['X-Ratelimit-Retry-After', { 'x-ratelimit-retry-after': '7' }, 7_000],
    [
      'Retry-After before all others',
      { 'retry-after': '2', 'x-ratelimit-retry-after': '7', 'x-ratelimit-reset': '9' },
      2_000,
    ],
    ['Retry-After as a date', { 'retry-after': 'Sun, 22 Nov 2026 12:00:10 GMT' }, 10_000],
    ['a reset that is over', { 'x-ratelimit-reset': String(now / 1000 - 3) }, 0],
    ['a wait that no window of Braze lasts, as an hour', { 'retry-after': '999999999' }, 3_600_000],
    ['a reset in milliseconds, as an hour', { 'x-ratelimit-reset': String(now) }, 3_600_000],
    ['nothing', {}, undefined],
    ['empty values, as on a 401', { 'x-ratelimit-reset': '', 'x-ratelimit-remaining': '' }, undefined],
    ['nonsense', { 'retry-after': 'soon', 'x-ratelimit-reset': '-1' }, undefined],
  ])('reads the wait from %s', (_name, headers, expected) => {
    expect(readRateHeaders(headers, now).waitMs).toBe(expected);
  });
});

describe('backoffMs', () => {
  it('is drawn from zero to a ceiling that doubles up to 30 s', () => {
    const ceilings = [1, 2, 3, 8, 50].map((failures) => backoffMs(failures, () => 1));
    expect(ceilings).toEqual([250, 500, 1_000, 30_000, 30_000]);
    expect(backoffMs(8, () => 0)).toBe(0);
    expect(backoffMs(8, () => 0.5)).toBe(15_000);
  });
});
