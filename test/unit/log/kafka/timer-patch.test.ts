/** The timer of kafkajs' request queue: none while there is nothing to wait for. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type RawRequestQueue, RequestQueue } from '../../../../src/log/kafka/internals.ts';
import { patchRequestTimer } from '../../../../src/log/kafka/timer-patch.ts';

beforeEach(() => {
  patchRequestTimer();
  vi.useFakeTimers({ now: 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function queue(over: { throttledUntil?: number; pending?: unknown[] }) {
  const check = vi.fn();
  const of: RawRequestQueue = Object.assign(Object.create(RequestQueue.prototype), {
    throttledUntil: -1,
    throttleCheckTimeoutId: null,
    pending: [],
    checkPendingRequests: check,
    ...over,
  });
  return { of, check };
}

test('nothing waits and nothing is throttled: no timer', () => {
  const { of } = queue({});
  of.scheduleCheckPendingRequests();
  expect(vi.getTimerCount()).toBe(0);
});

test('what waits is looked at after ten milliseconds, once', () => {
  const { of, check } = queue({ pending: ['a request'] });
  of.scheduleCheckPendingRequests();
  of.scheduleCheckPendingRequests();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(9);
  expect(check).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(check).toHaveBeenCalledTimes(1);
});

test('a throttled connection is looked at when the throttle ends', () => {
  const { of, check } = queue({ throttledUntil: 1_250, pending: ['a request'] });
  of.scheduleCheckPendingRequests();
  vi.advanceTimersByTime(249);
  expect(check).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(check).toHaveBeenCalledTimes(1);
  expect(of.throttleCheckTimeoutId).toBeNull();
});
