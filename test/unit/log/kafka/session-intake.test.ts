import { expect, test, vi } from 'vitest';
import { createBuffer } from '../../../../src/log/kafka/buffers.ts';
import { type Committed, placeKey } from '../../../../src/log/kafka/commits.ts';
import type { Epoch } from '../../../../src/log/kafka/epoch.ts';
import type { RawRecord } from '../../../../src/log/kafka/internals.ts';
import { createIntake } from '../../../../src/log/kafka/session-intake.ts';

const PLACE = { topic: 't', partition: 0 };
const START = { progress: { watermark: 5, settled: [] }, floor: 2 };

function rig(first = 0, end = 1_000) {
  const calls: string[] = [];
  const commits: Committed[] = [];
  const warnings: string[] = [];
  const lost: number[] = [];
  const clock = { ms: 0 };
  const buffer = createBuffer(
    { ...PLACE, resumed: START.progress, highWatermark: 0 },
    { records: 4, bytes: 1_000 },
  );
  const epoch: Epoch = {
    places: [PLACE],
    lost: new AbortController().signal,
    stage: 'reading',
    buffers: new Map([[placeKey(PLACE), buffer]]),
    commits: {
      committed: () => START,
      commit: async (_place, progress, floor) => {
        commits.push({ progress, floor });
      },
    },
  };
  const intake = createIntake({
    group: 'g',
    epochs: { current: epoch },
    consumer: {
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
      seek: (_place, offset) => calls.push(`seek ${offset}`),
    },
    signs: { fetched: () => undefined, recordsLost: (_g, _t, _p, count) => lost.push(count) },
    boundsOf: async () => ({ partition: 0, first, end }),
    onBeyond: () => calls.push('beyond'),
    now: () => clock.ms,
    onProgress: () => undefined,
    onWarning: (message) => warnings.push(message),
  });
  intake.open([buffer]);
  calls.length = 0;
  const fetch = (fetchedOffset: number, count: number): boolean => {
    let isResolved = false;
    const messages = Array.from({ length: count }, (_, n) => record(fetchedOffset + n));
    const lastOffset = fetchedOffset + count - 1;
    intake.batch(PLACE, { fetchedOffset, messages, lastOffset, highWatermark: 1_000 }, () => {
      isResolved = true;
    });
    return isResolved;
  };
  return { intake, buffer, calls, commits, warnings, lost, clock, fetch };
}

function record(offset: number): RawRecord {
  return {
    offset: `${offset}`,
    timestamp: '0',
    key: null,
    value: Buffer.of(1),
    headers: {},
    isControlRecord: false,
  };
}

const marker = (offset: number, firstOffset: number | undefined = offset) => ({
  ...PLACE,
  firstOffset,
  lastOffset: offset,
  highWatermark: offset + 1,
});
const take = ({ buffer, intake }: ReturnType<typeof rig>) => {
  const run = buffer.take(() => undefined);
  intake.taken(buffer);
  return run?.firstOffset;
};

test('a full buffer is paused, and fetched again when less than half is left', () => {
  const at = rig();
  expect(at.fetch(5, 4)).toBe(true);
  expect(at.calls).toEqual(['pause']);
  expect(take(at)).toBe(5);
  expect(at.calls).toEqual(['pause', 'resume']);
});

test('an earlier position’s batch is dropped, whether it lies behind or ahead, and no record is passed over', async () => {
  const at = rig();
  for (const offset of [2, 90]) {
    expect(at.fetch(offset, 3)).toBe(false);
    await vi.waitFor(() => expect(at.calls).toEqual(['pause', 'seek 5', 'resume']));
    at.calls.length = 0;
  }
  expect(at.fetch(5, 1)).toBe(true);
  expect(at.lost).toEqual([]);
});

test('a beginning that was deleted is told with what is lost, and the group’s progress is written again', async () => {
  const at = rig(40);
  expect(at.fetch(40, 1)).toBe(false);
  await vi.waitFor(() => expect(at.calls).toEqual(['pause', 'seek 40', 'resume']));
  expect(at.lost).toEqual([35]);
  expect(at.warnings).toEqual([expect.stringContaining('35 records')]);
  expect(at.commits).toEqual([START]);
  expect(at.fetch(40, 1)).toBe(true);
});

test('markers count only when every node was asked anew since the position was set', () => {
  const { intake, buffer } = rig();
  intake.passedOver(marker(90));
  expect(buffer.position).toBe(5);
  intake.fetching('1');
  intake.passedOver(marker(5));
  expect(buffer.position).toBe(6);
});

test('a node that was asked before and not since may still answer for an earlier position', () => {
  const { intake, buffer } = rig();
  intake.fetching('2');
  intake.restart(buffer, START.progress);
  intake.fetching('1');
  intake.passedOver(marker(5));
  expect(buffer.position).toBe(5);
  intake.fetching('2');
  intake.passedOver(marker(5));
  expect(buffer.position).toBe(6);
});

test('markers that do not count yet are fetched again: kafkajs has passed over them, and may find nothing behind', () => {
  const { intake, buffer, calls } = rig();
  intake.fetching('2');
  intake.restart(buffer, START.progress);
  calls.length = 0;
  intake.fetching('1');
  intake.passedOver(marker(5));
  for (let look = 0; look < 2; look += 1) intake.look();
  expect(calls).toEqual(['seek 5']);
  // The same position: what was fetched from it since it was set counts.
  intake.fetching('2');
  intake.passedOver(marker(5));
  expect(buffer.position).toBe(6);
  intake.look();
  expect(calls).toEqual(['seek 5']);
});

test('a node that has left the cluster holds up no markers', () => {
  const { intake, buffer, clock } = rig();
  intake.fetching('2');
  intake.restart(buffer, START.progress);
  clock.ms = 60_000;
  intake.fetching('1');
  intake.passedOver(marker(5));
  expect(buffer.position).toBe(5);
  clock.ms = 60_001;
  intake.passedOver(marker(5));
  expect(buffer.position).toBe(6);
});

test('markers behind a hole are passed over when the partition still holds its beginning, and are a loss when not', async () => {
  const [whole, cut] = [rig(0), rig(8)];
  for (const { intake } of [whole, cut]) {
    intake.fetching('1');
    intake.passedOver(marker(9));
  }
  await vi.waitFor(() => expect([whole.buffer.position, cut.buffer.position]).toEqual([10, 8]));
  expect([whole.lost, cut.lost]).toEqual([[], [3]]);
});

test('after a restart of reading nothing at hand is given, and fetching begins at the progress', () => {
  const at = rig();
  at.fetch(5, 4);
  at.intake.restart(at.buffer, { watermark: 6, settled: [] });
  expect(at.calls).toEqual(['pause', 'seek 6', 'resume']);
  expect(at.buffer.isEmpty).toBe(true);
  expect(at.fetch(9, 1)).toBe(false);
});

test('a partition that ends below where it was read is joined anew, and nothing of it is taken or fetched meanwhile', async () => {
  const made = rig(0, 3);
  expect(made.fetch(0, 3)).toBe(false);
  await vi.waitFor(() => expect(made.calls).toEqual(['pause', 'beyond']));
  expect(made.fetch(5, 1)).toBe(false);
  expect(made.lost).toEqual([]);
  expect(made.calls).toEqual(['pause', 'beyond']);
});
