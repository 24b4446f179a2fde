/** What a session is behind with: only with what the brokers give to whoever asks, and nobody outside holds up. */
import { describe, expect, test } from 'vitest';
import { createBuffer, type PartitionBuffer } from '../../../../src/log/kafka/buffers.ts';
import { placeKey } from '../../../../src/log/kafka/commits.ts';
import type { Epoch } from '../../../../src/log/kafka/epoch.ts';
import { createSessionTasks } from '../../../../src/log/kafka/session-tasks.ts';

const LIMITS = { records: 10, bytes: 1_000 };

function bufferOf(partition: number, watermark: number): PartitionBuffer {
  return createBuffer(
    { topic: 't', partition, resumed: { watermark, settled: [] }, highWatermark: watermark },
    LIMITS,
  );
}

function epochOf(stage: Epoch['stage'], buffers: readonly PartitionBuffer[], places = buffers.length): Epoch {
  return {
    places: Array.from({ length: places }, (_, partition) => ({ topic: 't', partition })),
    lost: new AbortController().signal,
    stage,
    buffers: new Map(buffers.map((buffer) => [placeKey(buffer), buffer])),
    commits: undefined,
  };
}

/** Partitions end at 10, the group has committed 7 of each, and the leaders give whatever there is. */
function rig(current: Epoch | undefined) {
  const state = { current, end: 10, gives: true, steps: 0, prepared: 0, isDown: false, topics: ['t'] };
  const answer = async <T>(value: T): Promise<T> => {
    if (state.isDown) throw new Error('down');
    return value;
  };
  const held = () => [0, 1].map((partition) => ({ partition, first: 2, end: state.end }));
  const tasks = createSessionTasks({
    groupId: 'g',
    epochs: {
      get current() {
        return state.current;
      },
    },
    offsets: {
      bounds: () => answer(held()),
      stored: (_group, places) =>
        answer(new Map(places.map((place) => [placeKey(place), { offset: 7, metadata: null }]))),
      gives: () => answer(state.gives),
    },
    topics: () => state.topics,
    steps: () => state.steps,
    prepared: () => state.prepared,
  });
  const reasons = () => Promise.all(tasks().map((task) => task.behind()));
  return { state, tasks, reasons };
}

const fetched = (fetchedOffset: number) => ({
  fetchedOffset,
  messages: [
    {
      offset: `${fetchedOffset}`,
      timestamp: '0',
      key: null,
      value: Buffer.of(1),
      headers: {},
      isControlRecord: false,
    },
  ],
  lastOffset: fetchedOffset,
  highWatermark: 10,
});

describe('a session that reads', () => {
  test('is behind with a partition that is not fetched, whatever the others do', async () => {
    const [stuck, moving] = [bufferOf(0, 7), bufferOf(1, 7)];
    const { tasks, reasons } = rig(epochOf('reading', [stuck, moving]));
    const marks = tasks().map((task) => [task.name, task.mark()]);
    moving.passOver(9, 10);
    expect(tasks().map((task) => [task.name, task.mark()])).toEqual([marks[0], ['t/1', 10]]);
    expect(await reasons()).toEqual(['t/0 ends at 10 and stands at 7', undefined]);
  });

  test('is not behind with what its reader holds up, nor at the end', async () => {
    const [full, atEnd] = [bufferOf(0, 7), bufferOf(1, 10)];
    full.offer(fetched(7));
    const { tasks, reasons } = rig(epochOf('reading', [full, atEnd]));
    expect(tasks().map(({ name }) => name)).toEqual(['t/1']);
    expect(await reasons()).toEqual([undefined]);
  });

  test('is not behind where the leader gives nothing either: a quota, or batches that compaction has emptied', async () => {
    const { state, reasons } = rig(epochOf('reading', [bufferOf(0, 7)]));
    state.gives = false;
    expect(await reasons()).toEqual([undefined]);
  });

  test('is not behind while brokers do not answer', async () => {
    const { state, reasons } = rig(epochOf('reading', [bufferOf(0, 7)]));
    state.isDown = true;
    expect(await reasons()).toEqual([undefined]);
  });

  test('has got on when its partitions were dealt anew', () => {
    const buffers = [bufferOf(0, 7)];
    const { state, tasks } = rig(epochOf('reading', buffers));
    const [task] = tasks();
    state.current = epochOf('reading', buffers);
    expect(task?.mark()).toBeUndefined();
  });
});

describe('a session that was dealt partitions', () => {
  test('is behind while it cannot begin to read them, and there is something', async () => {
    const { state, tasks, reasons } = rig(epochOf('preparing', [], 2));
    expect(await reasons()).toEqual([
      'it has partitions and has not begun to read, and t/0 ends at 10 and stands at 7',
    ]);
    const mark = tasks()[0]?.mark();
    state.prepared += 1;
    expect(tasks()[0]?.mark()).not.toBe(mark);
    state.end = 7;
    expect(await reasons()).toEqual([undefined]);
  });

  test('has nothing to do with none, as one of more workers than partitions', () => {
    expect(rig(epochOf('preparing', [], 0)).tasks()).toEqual([]);
  });

  test('is behind while its member does not let go, unless it still commits', async () => {
    const { state, tasks, reasons } = rig(epochOf('ending', [bufferOf(0, 7)]));
    expect(await reasons()).toEqual(['its member does not let go of its partitions']);
    const mark = tasks()[0]?.mark();
    state.steps += 1;
    expect(tasks()[0]?.mark()).not.toBe(mark);
  });
});

describe('a session that has not joined', () => {
  test('is behind when its group has something to read and the brokers answer', async () => {
    const { state, reasons } = rig(undefined);
    expect(await reasons()).toEqual(['it has not joined the group, and t/0 ends at 10 and stands at 7']);
    state.isDown = true;
    expect(await reasons()).toEqual([undefined]);
    state.isDown = false;
    state.end = 7;
    expect(await reasons()).toEqual([undefined]);
  });

  test('has nothing to do while no topic matches its pattern', () => {
    const { state, tasks } = rig(undefined);
    state.topics = [];
    expect(tasks()).toEqual([]);
  });
});
