import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchLoop } from '../../../src/telemetry/loop-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The clock of the watch beside that of its timer: a blocked loop is a timer that comes late. */
function setUp() {
  const told: unknown[] = [];
  const clock = { now: 0 };
  const watch = watchLoop({ warn: (_, fields) => told.push(fields) }, () => clock.now);
  const pass = (ms: number) => {
    clock.now += ms;
    vi.advanceTimersByTime(250);
  };
  return { told, pass, watch };
}

test('a loop that runs is no line, not even when it is a little late', () => {
  const { told, pass, watch } = setUp();
  for (const ms of [250, 250, 900, 1_249, 250]) pass(ms);
  expect(told).toEqual([]);
  watch.stop();
});

test('each time it was blocked for a second or more is one line with how long', () => {
  const { told, pass, watch } = setUp();
  for (const ms of [250, 1_250, 250, 3_400, 250]) pass(ms);
  expect(told).toEqual([{ blockedMs: 1_000 }, { blockedMs: 3_150 }]);
  watch.stop();
});

test('says nothing after its stop', () => {
  const { told, pass, watch } = setUp();
  watch.stop();
  pass(9_000);
  expect(told).toEqual([]);
});
