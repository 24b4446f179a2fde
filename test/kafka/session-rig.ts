/** A member of a group as tests want it: reads what it is given, settles what it is told, remembers what it saw. */
import { randomUUID } from 'node:crypto';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import type { RawMessage } from '../../src/log/kafka/record-codec.ts';
import { type GroupSession, startSession } from '../../src/log/kafka/session.ts';
import type { SessionParts } from '../../src/log/kafka/session-parts.ts';
import { NO_SIGNS, type PartitionPlace } from '../../src/log/kafka/signs.ts';
import type { Chunk, Progress } from '../../src/log/log.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { createWatermark, type Watermark } from '../../src/pipeline/watermark.ts';
import type { KafkaScratch } from '../support/kafka/shared.ts';

export interface Reader {
  readonly session: GroupSession;
  /** Of all assignments. */
  readonly records: readonly LogRecord[];
  readonly chunks: readonly Chunk[];
  readonly shares: readonly number[];
  readonly revoked: number;
  readonly commits: Readonly<Record<'ok' | 'failed' | 'lost', number>>;
  readonly lost: readonly { readonly partition: number; readonly count: number }[];
  readonly crashes: readonly boolean[];
  readonly warnings: readonly string[];
  readonly fatals: readonly Error[];
  offsets(partition?: number): number[];
  /** The record has its outcome; durable with the next `commit`. */
  settle(partition: number, ...offsets: number[]): void;
  /** What is settled. */
  commit(partition: number, floor?: number): Promise<void>;
  progress(partition: number): Progress;
  /** Ends reading, and leaves. */
  leave(): Promise<void>;
  /** Reads anew, in the same assignment. */
  again(): void;
}

export interface ReaderOptions extends Partial<SessionParts> {
  readonly topic: string;
  readonly groupId: string;
  /** Each record is settled and committed as it is read. Default: nothing is. */
  readonly settles?: boolean;
  /** Waited for before the next chunk is asked for. */
  readonly gate?: () => Promise<void>;
  /** In the grace. Default: nothing more. */
  readonly onRevoke?: (reader: Reader, deadline: AbortSignal) => Promise<void>;
}

export function openReader({ brokers }: Pick<KafkaScratch, 'brokers'>, options: ReaderOptions): Reader {
  // One of its own: kafkajs keeps the offsets of a group in the client.
  const client = createKafkaClient(
    { brokers, clientId: `reader-${randomUUID().slice(0, 8)}`, ssl: null, sasl: null },
    () => undefined,
  );
  return new RigReader(client, options);
}

class RigReader implements Reader {
  readonly session: GroupSession;
  readonly records: LogRecord[] = [];
  readonly chunks: Chunk[] = [];
  readonly shares: number[] = [];
  revoked = 0;
  readonly commits = { ok: 0, failed: 0, lost: 0 };
  readonly lost: { partition: number; count: number }[] = [];
  readonly crashes: boolean[] = [];
  readonly warnings: string[] = [];
  readonly fatals: Error[] = [];
  readonly #options: ReaderOptions;
  #watermarks = new Map<number, Watermark>();
  #ends = new AbortController();
  #run: Promise<void> = Promise.resolve();

  constructor(client: SessionParts['client'], options: ReaderOptions) {
    this.#options = options;
    this.session = startSession({
      client,
      topics: [options.topic],
      group: 'destination',
      decode: recordFrom,
      prepare: async () => undefined,
      revokeMs: 5_000,
      now: Date.now,
      onFatal: (error) => this.fatals.push(error),
      onWarning: (message) => this.warnings.push(message),
      signs: {
        ...NO_SIGNS,
        committed: (_group, outcome) => {
          this.commits[outcome] += 1;
        },
        recordsLost: (_group, _topic, partition, count) => this.lost.push({ partition, count }),
        crashed: (_group, restart) => this.crashes.push(restart),
      },
      member: {
        assign: (share) => {
          this.shares.push(share);
          this.#read();
        },
        revoke: async (deadline) => {
          this.revoked += 1;
          this.#ends.abort();
          await this.#run;
          await options.onRevoke?.(this, deadline);
        },
      },
      ...options,
    });
  }

  offsets(partition = 0): number[] {
    return this.records.filter((record) => record.partition === partition).map(({ offset }) => offset);
  }

  settle(partition: number, ...offsets: number[]): void {
    for (const offset of offsets) this.#watermarks.get(partition)?.settle(offset);
  }

  progress(partition: number): Progress {
    return this.#watermarks.get(partition)?.progress() ?? { watermark: -1, settled: [] };
  }

  async commit(partition: number, floor = 0): Promise<void> {
    await this.session.commit(this.#options.topic, partition, this.progress(partition), floor);
  }

  again(): void {
    this.#ends.abort();
    this.#read();
  }

  async leave(): Promise<void> {
    this.#ends.abort();
    await this.#run;
    await this.session.leave();
  }

  #read(): void {
    this.#ends = new AbortController();
    this.#watermarks = new Map();
    this.#run = this.#readAll(this.#ends.signal, this.#watermarks);
  }

  async #readAll(signal: AbortSignal, watermarks: Map<number, Watermark>): Promise<void> {
    for await (const chunk of this.session.read(signal)) {
      const { partition, firstOffset, count } = chunk;
      const watermark = watermarks.get(partition) ?? createWatermark(chunk.resumed);
      watermarks.set(partition, watermark);
      watermark.open(firstOffset, count);
      this.chunks.push(chunk);
      for (let index = 0; index < count; index += 1) this.#take(chunk, index, watermark);
      if (this.#options.settles) {
        await this.session.commit(this.#options.topic, partition, watermark.progress(), 0);
      }
      await this.#options.gate?.();
    }
  }

  #take(chunk: Chunk, index: number, watermark: Watermark): void {
    try {
      this.records.push(chunk.record(index));
    } catch {
      // A pipeline would make it a dead letter.
    }
    if (this.#options.settles) watermark.settle(chunk.firstOffset + index);
  }
}

function recordFrom(message: RawMessage, place: PartitionPlace): LogRecord {
  return {
    ...place,
    offset: message.offset,
    key: message.key?.toString() ?? '',
    value: message.value ?? Buffer.alloc(0),
    headers: { source: 'test', receivedAt: '' },
    timestamp: message.timestamp,
    corrupt: false,
  };
}

/** `count` records of `bytes` bytes each, in one partition. */
export async function produce(
  { kafka }: Pick<KafkaScratch, 'kafka'>,
  topic: string,
  { partition = 0, count, bytes = 10 }: { partition?: number; count: number; bytes?: number },
): Promise<void> {
  const producer = kafka.producer({ createPartitioner: () => () => partition });
  await producer.connect();
  const value = Buffer.alloc(bytes, 'v');
  for (let sent = 0; sent < count; sent += 1_000) {
    const size = Math.min(1_000, count - sent);
    await producer.send({
      topic,
      messages: Array.from({ length: size }, (_, n) => ({ key: `${sent + n}`, value, partition })),
    });
  }
  await producer.disconnect();
}

/** One transaction of `count` records, committed or aborted. */
export async function transact(
  { kafka }: Pick<KafkaScratch, 'kafka'>,
  topic: string,
  { count, commits }: { count: number; commits: boolean },
): Promise<void> {
  const producer = kafka.producer({
    transactionalId: randomUUID(),
    maxInFlightRequests: 1,
    idempotent: true,
    createPartitioner: () => () => 0,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({
    topic,
    messages: Array.from({ length: count }, (_, n) => ({
      key: `t${n}`,
      value: commits ? 'kept' : 'aborted',
    })),
  });
  if (commits) await transaction.commit();
  else await transaction.abort();
  await producer.disconnect();
}
