/** What a session looks after by itself: a look that throws is told, and ends neither the process nor the other looks. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBuffer } from '../../../../src/log/kafka/buffers.ts';
import type { Commits } from '../../../../src/log/kafka/commits.ts';
import type { Epoch } from '../../../../src/log/kafka/epoch.ts';
import { createSessionWatch, type SessionWatchOptions } from '../../../../src/log/kafka/session-watch.ts';

const SECOND = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A session that reads one partition, of which a marker at 5 is nobody's. */
function rig(over: Partial<SessionWatchOptions> = {}) {
  const buffer = createBuffer(
    { topic: 't', partition: 0, resumed: { watermark: 5, settled: [] }, highWatermark: 6 },
    { records: 10, bytes: 100 },
  );
  buffer.passOver(5, 6);
  const commit = vi.fn(async () => undefined);
  const commits: Commits = {
    commit,
    committed: () => ({ progress: { watermark: 5, settled: [] }, floor: 0 }),
  };
  const epoch: Epoch = {
    places: [{ topic: 't', partition: 0 }],
    lost: new AbortController().signal,
    stage: 'reading',
    buffers: new Map([['t/0', buffer]]),
    commits,
  };
  const faults: unknown[] = [];
  const looks = {
    watchdog: { look: vi.fn(async () => undefined) },
    subscription: { look: vi.fn(async () => undefined), again: vi.fn(async () => undefined) },
    intake: { look: vi.fn() },
    offsets: { marks: vi.fn(async () => new Map()) },
  };
  const watch = createSessionWatch({
    groupId: 'g',
    epochs: { current: epoch },
    ...looks,
    metadataMs: 0,
    now: () => Date.now(),
    onFault: (error) => faults.push(error),
    onWarning: () => undefined,
    ...over,
  });
  return { watch, faults, commit, ...looks };
}

const thrower = (what: string) => () => {
  throw new Error(what);
};

test('what one of its looks throws is told, and the others and the next look go on', async () => {
  const { watch, faults, commit, subscription } = rig({
    watchdog: { look: thrower('watchdog') },
    intake: { look: thrower('intake') },
  });
  await vi.advanceTimersByTimeAsync(2 * SECOND);
  expect(faults).toEqual(['watchdog', 'intake', 'watchdog', 'intake'].map((what) => new Error(what)));
  expect(subscription.look).toHaveBeenCalledTimes(2);
  expect(commit).toHaveBeenCalledWith(expect.anything(), { watermark: 6, settled: [] }, 0);
  watch.close();
});

test('nor does what the present partitions throw end it', async () => {
  const { watch, faults } = rig({
    epochs: {
      get current(): Epoch {
        throw new Error('epochs');
      },
    },
  });
  await vi.advanceTimersByTimeAsync(SECOND);
  expect(faults).toEqual([new Error('epochs'), new Error('epochs')]);
  watch.close();
});

test('nothing is looked at once it is closed', async () => {
  const { watch, intake } = rig();
  watch.close();
  await vi.advanceTimersByTimeAsync(3 * SECOND);
  expect(intake.look).not.toHaveBeenCalled();
});
