/** Users' topics in memory, read by the interface that the Kafka log's sessions have: what is committed outlives a session. */
import type { IntakeSession } from '../../../src/intake/session.ts';
import {
  createSubscriptionCodec,
  type SubscriptionCodecOptions,
} from '../../../src/log/kafka/subscription-codec.ts';
import type { Chunk, Member, Progress } from '../../../src/log/log.ts';
import type { LogRecord } from '../../../src/model/record.ts';
import type { Subscription } from '../../../src/model/subscription.ts';

export const NOW = Date.parse('2026-03-01T12:00:00.000Z');

/** One written record; the rest is a topic's own. */
export interface Written {
  readonly value: string | Uint8Array | null;
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timestamp?: number;
}

export function subscription(rest: Partial<Subscription> = {}): Subscription {
  return { topic: 'orders', source: 'crm', format: 'event', key: null, start: 'earliest', ...rest };
}

/** Of a single subscription, for the topic of its name. */
export function codecOf(only: Subscription, inspect?: SubscriptionCodecOptions['inspect']) {
  return createSubscriptionCodec({
    owners: { of: (topic) => (topic === only.topic ? only : undefined) },
    inspect: inspect ?? notAsked,
    now: () => NOW,
  });
}

function notAsked(): never {
  throw new Error('asked about a record that is appended again');
}

/** The message at `offset` of partition 0 of `orders`, as the codec reads it. */
export function recordOf(written: Written, only = subscription(), offset = 0, partition = 0): LogRecord {
  const { value, key = null, headers = {}, timestamp = NOW - 1_000 } = written;
  const bytes = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]));
  const message = {
    offset,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: bytes,
    timestamp,
  };
  return codecOf(only)(message, { topic: 'orders', partition });
}

export interface FakeTopics {
  /** To each partition what is written to it. */
  write(partition: number, ...records: readonly Written[]): void;
  readonly committed: ReadonlyMap<number, Progress>;
  /** Records that were handed out. */
  readonly read: readonly string[];
  /** Joins as a new member: everything is its at once. */
  open(member: Member): IntakeSession;
  /** Takes the partitions away from whoever has them, as a rebalance does after the grace. */
  lose(): void;
  readonly left: number;
}

/** @param chunkRecords of a chunk at most */
export function createFakeTopics(only = subscription(), chunkRecords = 2): FakeTopics {
  const partitions = new Map<number, LogRecord[]>();
  const committed = new Map<number, Progress>();
  const read: string[] = [];
  let lost = new AbortController();
  let wake = Promise.withResolvers<void>();
  let left = 0;

  function chunkOf(records: readonly LogRecord[], partition: number): Chunk {
    read.push(...records.map(({ offset }) => `${partition}/${offset}`));
    return {
      topic: 'orders',
      partition,
      firstOffset: records[0]?.offset ?? 0,
      count: records.length,
      bytes: records.reduce((sum, { value }) => sum + value.byteLength, 0),
      lost: lost.signal,
      resumed: committed.get(partition) ?? { watermark: 0, settled: [] },
      record: (index) => records[index] as LogRecord,
    };
  }

  /** The next records of each partition, from where reading stands. */
  function nextChunks(positions: Map<number, number>): readonly (() => Chunk)[] {
    return [...partitions].flatMap(([partition, records]) => {
      const from = positions.get(partition) ?? 0;
      const next = records.slice(from, from + chunkRecords);
      positions.set(partition, from + next.length);
      return next.length > 0 ? [() => chunkOf(next, partition)] : [];
    });
  }

  async function* chunks(signal: AbortSignal): AsyncGenerator<Chunk, void> {
    const positions = new Map([...committed].map(([partition, { watermark }]) => [partition, watermark]));
    const over = AbortSignal.any([signal, lost.signal]);
    while (!over.aborted) {
      const woken = wake.promise;
      const next = nextChunks(positions);
      for (const chunk of next) {
        if (!over.aborted) yield chunk();
      }
      if (next.length === 0) await Promise.race([woken, abortOf(over)]);
    }
  }

  return {
    write(partition, ...records) {
      const before = partitions.get(partition) ?? [];
      const added = records.map((each, index) => recordOf(each, only, before.length + index, partition));
      partitions.set(partition, [...before, ...added]);
      wake.resolve();
      wake = Promise.withResolvers();
    },
    committed,
    read,
    open(member) {
      lost = new AbortController();
      const mine = lost.signal;
      member.assign(1);
      return {
        read: chunks,
        async commit(_topic, partition, progress) {
          if (!mine.aborted) committed.set(partition, progress);
        },
        async leave() {
          left += 1;
          lost.abort();
        },
      };
    },
    lose: () => lost.abort(),
    get left() {
      return left;
    },
  };
}

async function abortOf(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
}
