/** The guard against duplicates: whoever asks, however often and after whatever restarts, the partition decides. */
import fc from 'fast-check';
import { describe, expect, inject, it, vi } from 'vitest';
import {
  createKafkaGuard,
  type KafkaGuard,
  type KafkaGuardOptions,
} from '../../../../src/log/kafka/guard.ts';
import type { RangeReader } from '../../../../src/log/kafka/range-reader.ts';
import type { RawMessage, StoredRecord } from '../../../../src/log/kafka/record-codec.ts';
import type { TopicMark } from '../../../../src/log/kafka/topic-marks.ts';
import { LogError } from '../../../../src/log/log.ts';

const TOPIC = 'events';
const GUARD_MS = 24 * 60 * 60 * 1000;
const MINUTE = 60_000;
const NEVER = new AbortController().signal;

/** A partition in memory: records by offset, and every range that was asked for. */
function partitionOf(records: StoredRecord[]) {
  const asked: { from: number; to: number }[] = [];
  const end = (records.at(-1)?.offset ?? -1) + 1;
  const reader: RangeReader = {
    async *read(_topic, _partition, { from, to }, signal) {
      asked.push({ from, to });
      const wanted = records.filter(({ offset }) => from <= offset && offset < to);
      while (wanted.length > 0 && !signal.aborted) yield wanted.splice(0, 3).map(messageOf);
    },
    bounds: async () => ({ first: records[0]?.offset ?? 0, end }),
    offsetAt: async (_topic, _partition, at) =>
      records.find(({ timestamp }) => timestamp >= at)?.offset ?? end,
    close: async () => undefined,
  };
  return { records, reader, asked, end };
}

function messageOf({ offset, timestamp }: StoredRecord): RawMessage {
  return { offset, timestamp, key: null, value: null, headers: {} };
}

function record(
  offset: number,
  guardId: string | undefined,
  changes: Partial<StoredRecord> = {},
): StoredRecord {
  return {
    topic: TOPIC,
    partition: 0,
    offset,
    key: 'u1',
    value: new Uint8Array(),
    headers: { source: 's', receivedAt: '' },
    timestamp: 1_000_000_000_000 + offset * MINUTE,
    corrupt: false,
    ...(guardId !== undefined && { guardId, guardContent: 1 }),
    ...changes,
  };
}

function guardOf(
  { records, reader }: Pick<ReturnType<typeof partitionOf>, 'records' | 'reader'>,
  options: Partial<KafkaGuardOptions> = {},
) {
  const guard = createKafkaGuard({
    reader,
    decode: ({ offset }) => records.find((each) => each.offset === offset) ?? record(offset, undefined),
    guardMs: GUARD_MS,
    now: () => (records.at(-1)?.timestamp ?? 0) + MINUTE,
    onConflict: () => undefined,
    ...options,
  });
  return { guard, ...groupOf(guard) };
}

/** One that reads topics of which the brokers say what is given. */
function groupOf(guard: KafkaGuard, mark: TopicMark | null = null) {
  const { ready, isDuplicate } = guard.reader();
  return {
    isDuplicate,
    ready: (topic: string, partition: number, from: number, signal: AbortSignal) =>
      ready([{ topic, partition, from, mark }], signal),
  };
}

describe('the guard', () => {
  it('knows what stands before the first record that a group reads', async () => {
    const partition = partitionOf([record(0, 'a'), record(1, 'b'), record(2, 'a')]);
    const guard = guardOf(partition);
    await guard.ready(TOPIC, 0, 2, NEVER);
    expect(guard.isDuplicate(record(2, 'a'))).toBe(true);
    expect(guard.isDuplicate(record(3, 'c'))).toBe(false);
  });

  it('takes no record without an id for a duplicate, nor a damaged one, nor what follows a damaged one', async () => {
    const guard = guardOf(partitionOf([]));
    expect(guard.isDuplicate(record(0, undefined))).toBe(false);
    expect(guard.isDuplicate(record(1, undefined))).toBe(false);
    expect(guard.isDuplicate(record(2, 'a', { corrupt: true }))).toBe(false);
    expect(guard.isDuplicate(record(3, 'a'))).toBe(false);
    expect(guard.isDuplicate(record(4, 'a', { corrupt: true }))).toBe(false);
  });

  it('tells once of an id with other content, also when several groups read it', async () => {
    const onConflict = vi.fn();
    const guard = guardOf(partitionOf([]), { onConflict });
    const other = record(1, 'a', { guardContent: 2 });
    for (const each of [record(0, 'a'), other, other]) expect(guard.isDuplicate(each)).toBe(false);
    expect(onConflict.mock.calls).toEqual([[{ topic: TOPIC, partition: 0 }]]);
  });

  it('looks back no further than its bound, and than the guard’s time before what is read', async () => {
    const records = Array.from({ length: 3_000 }, (_, offset) => record(offset, `${offset}`));
    const near = partitionOf(records);
    await guardOf(near, { lookBack: 100 }).ready(TOPIC, 0, 2_500, NEVER);
    expect(near.asked.at(-1)).toEqual({ from: 2_400, to: 2_500 });
    const far = partitionOf(records);
    await guardOf(far).ready(TOPIC, 0, 2_500, NEVER);
    // A record a minute; ten minutes more for clocks that differ.
    expect(far.asked.at(-1)).toEqual({ from: 2_500 - 24 * 60 - 10, to: 2_500 });
  });

  it('divides its memory among the partitions that are looked back in', async () => {
    const partition = partitionOf(Array.from({ length: 100 }, (_, offset) => record(offset, `${offset}`)));
    const guard = guardOf(partition, { maxIds: 40 });
    await Promise.all([0, 1].map((number) => guard.ready(TOPIC, number, 100, NEVER)));
    expect(partition.asked.filter(({ to }) => to === 100)).toEqual([
      { from: 80, to: 100 },
      { from: 80, to: 100 },
    ]);
    expect(guard.guard.size).toBeLessThanOrEqual(40);
  });

  it('asks for nothing that it has seen, and for what was another’s in between', async () => {
    const partition = partitionOf(Array.from({ length: 100 }, (_, offset) => record(offset, `${offset}`)));
    const guard = guardOf(partition);
    await guard.ready(TOPIC, 0, 10, NEVER);
    for (const each of partition.records.slice(10, 20)) guard.isDuplicate(each);
    partition.asked.length = 0;
    await guard.ready(TOPIC, 0, 15, NEVER);
    expect(partition.asked).toEqual([]);
    await guard.ready(TOPIC, 0, 50, NEVER);
    expect(partition.asked.at(-1)).toEqual({ from: 20, to: 50 });
    expect(guard.isDuplicate(record(60, '33'))).toBe(true);
  });

  it('reads again what its full memory has dropped', async () => {
    const partition = partitionOf(Array.from({ length: 100 }, (_, offset) => record(offset, `${offset}`)));
    const guard = guardOf(partition, { maxIds: 10, lookBack: 10 });
    await guard.ready(TOPIC, 0, 10, NEVER);
    for (const each of partition.records.slice(10, 20)) guard.isDuplicate(each);
    await guard.ready(TOPIC, 0, 10, NEVER);
    expect(partition.asked.at(-1)).toEqual({ from: 0, to: 10 });
    expect(guard.isDuplicate(record(60, '5'))).toBe(true);
  });

  it('ends its look back when told so, and takes it up where it stood', async () => {
    const partition = partitionOf(Array.from({ length: 10 }, (_, offset) => record(offset, `${offset}`)));
    const stop = new AbortController();
    const seen: number[] = [];
    const decode = ({ offset }: RawMessage) => {
      seen.push(offset);
      if (offset === 4) stop.abort();
      return record(offset, `${offset}`);
    };
    const guard = guardOf(partition, { decode });
    await guard.ready(TOPIC, 0, 10, stop.signal);
    expect(seen.at(-1)).toBe(5);
    await guard.ready(TOPIC, 0, 10, NEVER);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('misses nothing of what a leader that lags does not give at first', async () => {
    const partition = partitionOf([record(0, 'a'), record(1, 'b'), record(2, 'c')]);
    const reader: RangeReader = {
      ...partition.reader,
      async *read(topic, number, range, signal) {
        const to = range.isWritten ? range.to : Math.min(range.to, 1);
        yield* partition.reader.read(topic, number, { ...range, to }, signal);
      },
    };
    const guard = guardOf({ ...partition, reader });
    await guard.ready(TOPIC, 0, 3, NEVER);
    expect(guard.isDuplicate(record(3, 'b'))).toBe(true);
  });

  describe('of a topic that was made anew', () => {
    const OLD = { cluster: '00000001', topic: '0000000000000001' };
    const NEW = { ...OLD, topic: '0000000000000002' };

    it('knows nothing, where a group comes from the old one', async () => {
      const partition = partitionOf([record(0, 'a'), record(1, 'b')]);
      const { ready, isDuplicate } = guardOf(partition).guard.reader();
      const begin = (mark: TopicMark | null) => ready([{ topic: TOPIC, partition: 0, from: 2, mark }], NEVER);
      await begin(OLD);
      // The brokers do not say.
      await begin(null);
      expect(isDuplicate(record(2, 'a'))).toBe(true);
      partition.records.length = 0;
      await begin(NEW);
      expect(isDuplicate(record(3, 'a'))).toBe(false);
      expect(isDuplicate(record(4, 'a'))).toBe(true);
    });

    it('is not told by what a group still reads of the old one, which keeps what it knew', async () => {
      const partition = partitionOf([]);
      const { guard } = guardOf(partition);
      const [late, early] = [groupOf(guard, OLD), groupOf(guard, NEW)];
      await late.ready(TOPIC, 0, 0, NEVER);
      expect(late.isDuplicate(record(0, 'a'))).toBe(false);
      await early.ready(TOPIC, 0, 0, NEVER);
      for (const offset of [1, 2]) expect(late.isDuplicate(record(offset, 'b'))).toBe(offset === 2);
      expect(late.isDuplicate(record(3, 'a'))).toBe(true);
      expect(early.isDuplicate(record(4, 'a'))).toBe(false);
      expect(early.isDuplicate(record(5, 'b'))).toBe(false);
      // A group that comes to the new one later is told what the new one holds.
      partition.records.push(...['c', 'd', 'e', 'f', 'a', 'b'].map((id, offset) => record(offset, id)));
      await late.ready(TOPIC, 0, 6, NEVER);
      const next = groupOf(guard, NEW);
      await next.ready(TOPIC, 0, 6, NEVER);
      expect(next.isDuplicate(record(6, 'c'))).toBe(true);
    });

    /** What is looked back at in two partitions of a topic of that id. */
    function lookerBack(options: Partial<KafkaGuardOptions>) {
      const partition = partitionOf(Array.from({ length: 100 }, (_, offset) => record(offset, `${offset}`)));
      const { guard } = guardOf(partition, { lookBack: 100, ...options });
      return async (topic: string) => {
        partition.asked.length = 0;
        const group = groupOf(guard, { ...OLD, topic });
        await Promise.all([0, 1].map((number) => group.ready(TOPIC, number, 100, NEVER)));
        return partition.asked.filter(({ to }) => to === 100);
      };
    }
    const whole = [0, 1].map(() => ({ from: 0, to: 100 }));

    it('has the whole memory for it', async () => {
      const looksBack = lookerBack({ maxIds: 200 });
      for (const topic of ['1', '2', '3']) expect(await looksBack(topic)).toEqual(whole);
    });

    it('remembers the one before, and none beyond', async () => {
      const looksBack = lookerBack({});
      for (const topic of ['1', '2', '3']) expect(await looksBack(topic)).toEqual(whole);
      for (const topic of ['3', '2']) expect(await looksBack(topic)).toEqual([]);
      expect(await looksBack('1')).toEqual(whole);
    });
  });

  it('says when the brokers do not answer, and is asked again', async () => {
    const partition = partitionOf([record(0, 'a'), record(1, 'a')]);
    let isDown = true;
    const reader: RangeReader = {
      ...partition.reader,
      offsetAt: async (...place) => {
        if (isDown) throw new LogError('log_unavailable', 'down');
        return partition.reader.offsetAt(...place);
      },
    };
    const guard = guardOf({ ...partition, reader });
    await expect(guard.ready(TOPIC, 0, 1, NEVER)).rejects.toMatchObject({ code: 'log_unavailable' });
    isDown = false;
    await guard.ready(TOPIC, 0, 1, NEVER);
    expect(guard.isDuplicate(record(1, 'a'))).toBe(true);
  });
});

describe('whoever asks', () => {
  /** Ids from a few, contents from two, gaps between offsets and times that leap. */
  const streams = fc
    .array(
      fc.record({
        id: fc.option(fc.nat(4), { freq: 6 }),
        content: fc.nat(1),
        gap: fc.integer({ min: 1, max: 3 }),
        leap: fc.oneof(
          { weight: 6, arbitrary: fc.nat(60 * MINUTE) },
          { weight: 1, arbitrary: fc.constantFrom(GUARD_MS, GUARD_MS + 1) },
        ),
      }),
      { minLength: 1, maxLength: 40 },
    )
    .map((drawn) => {
      let [offset, timestamp] = [0, 1_000_000_000_000];
      return drawn.map(({ id, content, gap, leap }) => {
        offset += gap;
        timestamp += leap;
        return record(offset, id === null ? undefined : `${id}`, { timestamp, guardContent: content });
      });
    });

  /** A reader does some of its records, comes back to an earlier one, or its process starts anew. */
  const steps = fc.array(
    fc.record({
      process: fc.nat(1),
      reader: fc.nat(2),
      what: fc.constantFrom('read', 'read', 'read', 'seek', 'restart', 'move'),
      count: fc.integer({ min: 1, max: 10 }),
    }),
    { maxLength: 40 },
  );

  /** The rule itself: the one before it with the same id and content is no older than the guard's time. */
  function isDuplicateOf(records: readonly StoredRecord[], index: number): boolean {
    const own = records[index]!;
    if (own.guardId === undefined) return false;
    const before = records
      .slice(0, index)
      .findLast((each) => each.guardId === own.guardId && each.guardContent === own.guardContent);
    return before !== undefined && own.timestamp - before.timestamp <= GUARD_MS;
  }

  interface Reader {
    /** The index of the next record; null before it was made ready. */
    at: number | null;
    /** The index it was made ready for. */
    from: number;
  }

  const unready = (): Reader[] => Array.from({ length: 3 }, () => ({ at: null, from: 0 }));

  /** A process: its guard, and readers of the same partition. */
  function createProcess(partition: ReturnType<typeof partitionOf>) {
    const { records } = partition;
    let guard = guardOf(partition);
    let readers = unready();

    async function read(reader: Reader, count: number): Promise<void> {
      if (reader.at === null) {
        const index = (count * 7) % records.length;
        await guard.ready(TOPIC, 0, records[index]!.offset, NEVER);
        [reader.at, reader.from] = [index, index];
      }
      for (const record of records.slice(reader.at, reader.at + count)) {
        expect(guard.isDuplicate(record)).toBe(isDuplicateOf(records, reader.at));
        reader.at += 1;
      }
    }

    return async (what: string, number: number, count: number): Promise<void> => {
      const reader = readers[number]!;
      if (what === 'restart') [guard, readers] = [guardOf(partition), unready()];
      if (what === 'move') reader.at = null;
      if (what === 'seek' && reader.at !== null) reader.at = Math.max(reader.from, reader.at - count);
      if (what === 'read') await read(reader, count);
    };
  }

  it('gets the answer that the records give, from every process and at any pace', async () => {
    await fc.assert(
      fc.asyncProperty(streams, steps, async (records, doings) => {
        const partition = partitionOf(records);
        const processes = [createProcess(partition), createProcess(partition)];
        for (const { process, reader, what, count } of doings) await processes[process]!(what, reader, count);
      }),
      { seed: inject('seed'), numRuns: 500 },
    );
  });
});
