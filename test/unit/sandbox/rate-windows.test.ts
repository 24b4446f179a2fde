import { expect, it } from 'vitest';
import { createRateWindows, RATE_CLASSES, type RateClass } from '../../../src/sandbox/rate-windows.ts';

/** On the boundary of a window of 3 s, of a minute and of an hour. */
const START = Date.parse('2026-11-22T12:00:00.000Z');

it('rule 9: admits as many as the limit in a window that begins on the clock, and as many again in the next', () => {
  const windows = createRateWindows(2);
  const taken = [2000, 2500, 2999, 3000, 3001, 3002].map((ms) => windows.take('track', START + ms));
  expect(taken).toEqual([true, true, false, true, true, false]);
});

it('rule 9: tells what is left and when the window ends in epoch seconds, on a 429 too', () => {
  const windows = createRateWindows(2);
  windows.take('track', START + 1234);
  const headers = {
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': '1',
    'x-ratelimit-reset': String(START / 1000 + 3),
  };
  expect(windows.headers('track', START + 1234)).toEqual(headers);
  windows.take('track', START + 1234);
  expect(windows.refusal('track', START + 1234)).toEqual({ ...headers, 'x-ratelimit-remaining': '0' });
});

it('rule 10: a plan by monthly active users has an hour and a burst of 3 s, and tells which of them is used up', () => {
  const windows = createRateWindows(undefined, { hourly: 3, burst: 2 });
  const at = START + 3_594_500;
  const taken = [0, 1, 2].map((ms) => windows.take('track', at + ms, `key ${ms}`));
  expect(taken).toEqual([true, true, false]);
  expect(windows.refusal('track', at)).toEqual({ 'x-ratelimit-retry-after': '3' });
  expect(windows.headers('track', at)).toEqual({
    'x-ratelimit-limit': '3',
    'x-ratelimit-remaining': '1',
    'x-ratelimit-reset': '6',
  });
  const later = at + 2600;
  expect([windows.take('track', later), windows.take('track', later)]).toEqual([true, false]);
  expect(windows.refusal('track', later)).toEqual({ 'x-ratelimit-retry-after': '3' });
  expect(windows.take('track', START + 3_600_000)).toBe(true);
});

it('rule 10: tells the wait until the hour ends when the hour is used up, and leaves other endpoints alone', () => {
  const windows = createRateWindows(undefined, { hourly: 1, burst: 5 });
  windows.take('track', START + 1000);
  expect(windows.take('track', START + 1000)).toBe(false);
  expect(windows.refusal('track', START + 1000)).toEqual({ 'x-ratelimit-retry-after': '3599' });
  expect(windows.take('users', START + 1000)).toBe(true);
  windows.clear();
  expect(windows.take('track', START + 1000)).toBe(true);
});

/** Class, requests, window in ms. */
const LIMITS: readonly (readonly [RateClass, number, number])[] = [
  ['track', 3000, 3000],
  ['bulk', 50, 1000],
  ['sync', 500, 60_000],
  ['users', 20_000, 60_000],
  ['externalIds', 1000, 60_000],
  ['export', 250, 60_000],
  ['cheapExport', 40, 1000],
  ['subscription', 5000, 60_000],
  ['catalogs', 50, 60_000],
  ['catalogItems', 16_000, 60_000],
  ['catalogItem', 50, 60_000],
  ['other', 250_000, 3_600_000],
];

it('rule 11: has a limit for each class of endpoints', () => {
  expect(LIMITS.map(([rateClass]) => rateClass)).toEqual(RATE_CLASSES);
});

it.each(LIMITS)(
  'rule 11: admits for %s %i requests in %i ms, then again on the clock',
  (rateClass, limit, windowMs) => {
    const windows = createRateWindows(undefined);
    const last = START + windowMs - 1;
    let taken = 0;
    while (windows.take(rateClass, last)) taken += 1;
    expect(taken).toBe(limit);
    expect(windows.headers(rateClass, last)).toEqual({
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String((START + windowMs) / 1000),
    });
    expect(windows.take(rateClass, START + windowMs)).toBe(true);
  },
);

it('rule 11: counts each class for itself', () => {
  const windows = createRateWindows(1);
  expect(RATE_CLASSES.map((rateClass) => windows.take(rateClass, START))).toEqual(
    RATE_CLASSES.map(() => true),
  );
});
