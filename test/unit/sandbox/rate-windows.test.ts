import { expect, it } from 'vitest';
import { createRateWindows } from '../../../src/sandbox/rate-windows.ts';

/** On the boundary of a window of 3 s and of a minute. */
const START = Date.parse('2026-11-22T12:00:00.000Z');

it('admits as many as the limit in a window that begins on the clock, and as many again in the next', () => {
  const windows = createRateWindows(2);
  const taken = [2000, 2500, 2999, 3000, 3001, 3002].map((ms) => windows.take('track', START + ms));
  expect(taken).toEqual([true, true, false, true, true, false]);
});

it('tells what is left and when the window ends in epoch seconds', () => {
  const windows = createRateWindows(2);
  windows.take('track', START + 1234);
  expect(windows.headers('track', START + 1234)).toEqual({
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': '1',
    'x-ratelimit-reset': String(START / 1000 + 3),
  });
});

it("has Braze's limits by default, one for each class of endpoints", () => {
  const windows = createRateWindows(undefined);
  windows.take('track', START);
  const limits = (['track', 'users', 'subscription'] as const).map((each) => windows.headers(each, START));
  expect(limits.map((each) => `${each['x-ratelimit-remaining']}/${each['x-ratelimit-limit']}`)).toEqual([
    '2999/3000',
    '20000/20000',
    '5000/5000',
  ]);
  expect(limits[1]?.['x-ratelimit-reset']).toBe(String(START / 1000 + 60));
});
