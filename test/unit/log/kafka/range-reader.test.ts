/** What the range reader makes of a cluster's answers: moved leaders, gone offsets, batches that say nothing. */
import { describe, expect, it, vi } from 'vitest';
import { withoutAborted } from '../../../../src/log/kafka/abort-patch.ts';
import type { KafkaClient } from '../../../../src/log/kafka/client.ts';
import type {
  FetchedPartition,
  FetchRequest,
  RawCluster,
  RawRecord,
} from '../../../../src/log/kafka/internals.ts';
import {
  createRangeReader,
  type RangeReaderOptions,
  type ReadRange,
} from '../../../../src/log/kafka/range-reader.ts';
import { recordsIn } from '../../../../src/log/kafka/range-records.ts';

const NEVER = new AbortController().signal;

class ProtocolError extends Error {
  readonly type: string;
  readonly retriable: boolean;

  constructor(type: string, retriable: boolean) {
    super(type);
    this.type = type;
    this.retriable = retriable;
  }
}

function raw(offset: number, changes: Partial<RawRecord> = {}): RawRecord {
  return {
    offset: `${offset}`,
    timestamp: '0',
    key: null,
    value: Buffer.from(`${offset}`),
    headers: {},
    isControlRecord: false,
    ...changes,
  };
}

function partitionOf(messages: readonly RawRecord[], end: number): FetchedPartition {
  return {
    partition: 0,
    errorCode: 0,
    highWatermark: `${end}`,
    lastStableOffset: `${end}`,
    abortedTransactions: [],
    messages,
  };
}

/** `nothing`: the answer of a broker to a client beyond its quota. */
type Answer = FetchedPartition | Error | 'nothing';

/** A cluster of one leader, whose answers to fetches are given: by the offset asked for, and by how often it was. */
function clusterOf(answer: (offset: number, times: number) => Answer, bounds = { first: 0, end: 10 }) {
  const asked: number[] = [];
  const broker = {
    async fetch({ topics }: FetchRequest) {
      const offset = Number(topics[0]?.partitions[0]?.fetchOffset);
      asked.push(offset);
      const given = answer(offset, asked.filter((each) => each === offset).length);
      if (given instanceof Error) throw given;
      return { responses: given === 'nothing' ? [] : [{ topicName: 't', partitions: [given] }] };
    },
    async listOffsets({ topics }: { topics: readonly { partitions: readonly { timestamp: number }[] }[] }) {
      const offset = topics[0]?.partitions[0]?.timestamp === -2 ? bounds.first : bounds.end;
      return { responses: [{ partitions: [{ offset: `${offset}` }] }] };
    },
  };
  const refreshMetadata = vi.fn(async () => undefined);
  const cluster = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    addMultipleTargetTopics: async () => undefined,
    refreshMetadata,
    refreshMetadataIfNecessary: async () => undefined,
    findLeaderForPartitions: () => ({ 1: [0] }),
    findBroker: async () => broker,
  };
  const client = { newCluster: () => cluster as unknown as RawCluster } as KafkaClient;
  return { client, asked, refreshMetadata };
}

async function offsetsRead(client: KafkaClient, range: ReadRange, options: RangeReaderOptions = {}) {
  const offsets: number[] = [];
  const reader = createRangeReader(client, { giveUpMs: 5_000, ...options });
  for await (const messages of reader.read('t', 0, range, NEVER)) {
    expect(messages.length).toBeGreaterThan(0);
    offsets.push(...messages.map(({ offset }) => offset));
  }
  return offsets;
}

describe('the range reader', () => {
  it('asks who leads when the leader has changed, and goes on where it stood', async () => {
    const { client, refreshMetadata } = clusterOf((offset, times) =>
      offset === 5 && times < 3
        ? new ProtocolError('NOT_LEADER_FOR_PARTITION', true)
        : partitionOf([raw(offset)], 10),
    );
    expect(await offsetsRead(client, { from: 3, to: 8 })).toEqual([3, 4, 5, 6, 7]);
    expect(refreshMetadata).toHaveBeenCalledTimes(2);
  });

  it('gives up on what does not pass in its time, and at once on what never will', async () => {
    const never = clusterOf(() => new ProtocolError('LEADER_NOT_AVAILABLE', true));
    await expect(offsetsRead(never.client, { from: 0, to: 1 }, { giveUpMs: 300 })).rejects.toMatchObject({
      code: 'log_unavailable',
      message: expect.stringContaining('partition 0 of t'),
    });
    expect(never.asked.length).toBeGreaterThan(1);
    const forbidden = clusterOf(() => new ProtocolError('TOPIC_AUTHORIZATION_FAILED', false));
    await expect(offsetsRead(forbidden.client, { from: 0, to: 1 })).rejects.toMatchObject({
      code: 'log_unusable',
    });
    expect(forbidden.asked).toEqual([0]);
  });

  it('goes on at the first offset held, and finds nothing above the end of a topic made anew', async () => {
    const gone = () => new ProtocolError('OFFSET_OUT_OF_RANGE', false);
    const trimmed = clusterOf((offset) => (offset < 4 ? gone() : partitionOf([raw(offset)], 6)), {
      first: 4,
      end: 6,
    });
    expect(await offsetsRead(trimmed.client, { from: 0, to: 10 })).toEqual([4, 5]);
    const anew = clusterOf(gone, { first: 0, end: 3 });
    expect(await offsetsRead(anew.client, { from: 7, to: 10 })).toEqual([]);
  });

  it('reads a topic while another one is gone', async () => {
    const { client } = clusterOf((offset) => partitionOf([raw(offset)], 3));
    const newCluster = () => {
      const asked: string[] = [];
      const known = async () => {
        if (asked.includes('gone')) throw new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION', true);
      };
      return {
        ...client.newCluster(),
        addMultipleTargetTopics: async (topics: readonly string[]) => {
          asked.push(...topics);
        },
        refreshMetadata: known,
        refreshMetadataIfNecessary: known,
      };
    };
    const reader = createRangeReader({ ...client, newCluster }, { giveUpMs: 200 });
    const gone = expect(reader.bounds('gone', 0)).rejects.toMatchObject({ code: 'log_unavailable' });
    expect(await reader.bounds('t', 0)).toEqual({ first: 0, end: 10 });
    await gone;
    expect(await reader.bounds('t', 0)).toEqual({ first: 0, end: 10 });
  });

  it('is not held up by batches of which compaction left nothing', async () => {
    const { client, asked } = clusterOf((offset) => partitionOf(offset < 2 ? [raw(offset)] : [], 10));
    const mayBeCompacted = (topic: string) => topic === 't';
    expect(await offsetsRead(client, { from: 0, to: 10 }, { mayBeCompacted })).toEqual([0, 1]);
    expect(asked).toEqual([0, 1, 2, 2, 2]);
  });

  it('passes over nothing of a topic that is not compacted, however often its broker says nothing', async () => {
    const { client } = clusterOf((offset, times) =>
      partitionOf(offset === 1 && times < 6 ? [] : [raw(offset)], 3),
    );
    expect(await offsetsRead(client, { from: 0, to: 3 })).toEqual([0, 1, 2]);
  });

  it('says so when a broker holds more of such a topic and never gives it', async () => {
    const { client, asked } = clusterOf((offset) => partitionOf(offset < 2 ? [raw(offset)] : [], 10));
    await expect(offsetsRead(client, { from: 0, to: 10 }, { giveUpMs: 200 })).rejects.toMatchObject({
      code: 'log_unavailable',
      message: expect.stringContaining('partition 0 of t'),
    });
    expect(asked.length).toBeGreaterThan(3);
  });

  it('asks again when the answer is empty below the end', async () => {
    const { client } = clusterOf((offset, times) => partitionOf(times < 2 ? [] : [raw(offset)], 3));
    expect(await offsetsRead(client, { from: 0, to: 3 })).toEqual([0, 1, 2]);
  });

  it('waits for a leader that lags behind what was written, where it is told so, and says when it never comes', async () => {
    const lagging = clusterOf(
      (offset, times) => {
        if (offset < 2) return partitionOf([raw(offset)], 2);
        if (offset === 3)
          return times < 3 ? new ProtocolError('OFFSET_OUT_OF_RANGE', false) : partitionOf([raw(3)], 4);
        return times < 6 ? partitionOf([], 2) : partitionOf([raw(offset)], 3);
      },
      { first: 0, end: 2 },
    );
    const mayBeCompacted = () => true;
    const written = { from: 0, to: 4, isWritten: true };
    expect(await offsetsRead(lagging.client, { from: 0, to: 4 })).toEqual([0, 1]);
    expect(await offsetsRead(lagging.client, written, { mayBeCompacted })).toEqual([0, 1, 2, 3]);
    const never = clusterOf((offset) => partitionOf(offset < 2 ? [raw(offset)] : [], 2));
    await expect(offsetsRead(never.client, written, { giveUpMs: 200 })).rejects.toMatchObject({
      code: 'log_unavailable',
    });
  });

  it('takes a quota for no end, however often the broker holds back its answer', async () => {
    const { client } = clusterOf((offset, times) =>
      offset === 1 && times < 6 ? 'nothing' : partitionOf([raw(offset)], 3),
    );
    expect(await offsetsRead(client, { from: 0, to: 3 })).toEqual([0, 1, 2]);
  });

  it('ends at once when it is aborted while a quota holds it back', async () => {
    const { client, asked } = clusterOf(() => 'nothing');
    const ending = new AbortController();
    const read = createRangeReader(client).read('t', 0, { from: 0, to: 3 }, ending.signal);
    const next = read[Symbol.asyncIterator]().next();
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0));
    ending.abort();
    expect((await next).done).toBe(true);
  });
});

describe('what a fetch says', () => {
  const batch = (producer: number, firstOffset: number, lastOffsetDelta: number) => ({
    batchContext: {
      firstOffset: `${firstOffset}`,
      lastOffsetDelta,
      producerId: `${producer}`,
      inTransaction: true,
    },
  });
  const marker = (offset: number, producer: number, type: number) =>
    raw(offset, { ...batch(producer, offset, 0), isControlRecord: true, key: Buffer.from([0, 0, 0, type]) });

  it('goes on behind the batch whose last records were compacted away', () => {
    const { messages, next } = recordsIn(partitionOf([raw(4, batch(1, 3, 5))], 20), 4);
    expect(messages.map(({ offset }) => offset)).toEqual([4]);
    expect(next).toBe(9);
    expect(recordsIn(partitionOf([raw(4, batch(1, 3, 5))], 20), 7)).toMatchObject({ messages: [], next: 9 });
  });

  it('leaves out every transaction that was open at the offset and aborted later, and no other', () => {
    const messages = [
      raw(10, batch(2, 10, 0)),
      raw(11, { ...batch(1, 11, 0), key: Buffer.alloc(4) }),
      raw(12, batch(1, 12, 0)),
      marker(13, 1, 0),
      raw(14, batch(1, 14, 0)),
      marker(15, 1, 1),
      raw(16, batch(2, 16, 0)),
      marker(17, 2, 0),
      raw(18),
    ];
    const abortedTransactions = [
      { producerId: '1', firstOffset: '3' },
      { producerId: '2', firstOffset: '5' },
    ];
    const read = recordsIn(withoutAborted({ ...partitionOf(messages, 20), abortedTransactions }), 10);
    expect(read.messages.map(({ offset }) => offset)).toEqual([14, 18]);
    expect(read.next).toBe(19);
  });

  it('refuses an offset that a number cannot hold', () => {
    const partition = partitionOf([raw(0, { offset: '9007199254740993' })], 1);
    expect(() => recordsIn(partition, 0)).toThrow('2^53');
  });
});
