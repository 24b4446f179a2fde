import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createSchedule } from '../../../src/sandbox/schedule.ts';
import type { Change } from '../../../src/sandbox/verdict.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function scheduled(delayMs: number) {
  const applied: string[] = [];
  const schedule = createSchedule(delayMs, (change) => {
    if ('externalId' in change) applied.push(String(change.externalId));
  });
  return { applied, schedule, add: (...names: string[]) => schedule.add(names.map(change)) };
}

function change(externalId: string): Change {
  return { kind: 'identify', externalId, alias: { label: 'l', name: 'n' } };
}

it('applies at once without a delay', () => {
  const { applied, add } = scheduled(0);
  add('a', 'b');
  expect(applied).toEqual(['a', 'b']);
});

it('applies each request its delay after it was accepted, in the order accepted', () => {
  const { applied, add } = scheduled(100);
  add('a', 'b');
  vi.advanceTimersByTime(60);
  add('c');
  vi.advanceTimersByTime(40);
  expect(applied).toEqual(['a', 'b']);
  vi.advanceTimersByTime(60);
  expect(applied).toEqual(['a', 'b', 'c']);
});

it('flushes everything that waits, and what comes after still waits its whole delay', () => {
  const { applied, schedule, add } = scheduled(100);
  add('a');
  vi.advanceTimersByTime(50);
  schedule.flush();
  add('b');
  vi.advanceTimersByTime(99);
  expect(applied).toEqual(['a']);
  vi.advanceTimersByTime(1);
  expect(applied).toEqual(['a', 'b']);
});

it('applies nothing of what waited when it was cleared', () => {
  const { applied, schedule, add } = scheduled(100);
  add('a');
  schedule.clear();
  vi.advanceTimersByTime(200);
  expect(applied).toEqual([]);
});
