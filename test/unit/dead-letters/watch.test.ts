import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type LetterWatch, watchLetters } from '../../../src/dead-letters/watch.ts';
import type { LogStats } from '../../../src/log/log.ts';

const NOW = 1_000_000;
const EMPTY: LogStats = {
  bytes: 0,
  maxBytes: 0,
  letters: new Map(),
  letterBytes: 0,
  oldestLetterAt: null,
  lettersDropped: { age: 0, bytes: 0 },
};
let stats: LogStats;
let said: object[];
let watch: LetterWatch;

beforeEach(() => {
  vi.useFakeTimers();
  stats = EMPTY;
  said = [];
  const limits = { retainMs: 1_000, maxBytes: 1_000 };
  const warn = (_: string, fields: object) => said.push(fields);
  watch = watchLetters({ stats: () => stats, limits, now: () => NOW, warn });
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

function see(more: Partial<LogStats>): object[] {
  said.length = 0;
  stats = { ...EMPTY, ...more };
  vi.advanceTimersByTime(5_000);
  return said;
}

it('says nothing below 80 % of both limits', () => {
  expect(see({ letterBytes: 799, oldestLetterAt: NOW - 799 })).toEqual([]);
});

it('says once that the room runs out, and again when it does so again', () => {
  expect(see({ letterBytes: 800 })).toEqual([{ code: 'letters_near_cap' }]);
  expect(see({ letterBytes: 900 })).toEqual([]);
  expect(see({ letterBytes: 10 })).toEqual([]);
  expect(see({ letterBytes: 800 })).toEqual([{ code: 'letters_near_cap' }]);
});

it('says once that the oldest is about to go', () => {
  expect(see({ oldestLetterAt: NOW - 800 })).toEqual([{ code: 'letters_near_expiry' }]);
  expect(see({ oldestLetterAt: NOW - 900 })).toEqual([]);
});

it('says how many were dropped since it last looked, and why', () => {
  expect(see({ lettersDropped: { age: 2, bytes: 0 } })).toEqual([{ code: 'letters_expired', letters: 2 }]);
  expect(see({ lettersDropped: { age: 2, bytes: 3 } })).toEqual([{ code: 'letters_over_cap', letters: 3 }]);
  expect(see({ lettersDropped: { age: 2, bytes: 3 } })).toEqual([]);
});
