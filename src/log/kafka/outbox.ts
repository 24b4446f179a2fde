/**
 * The way out to Kafka, one for the process: whoever writes hands messages over for a partition, in the order in which
 * they are to stand there; what it resolves is durable on every replica in sync.
 *
 * What was given up may be durable all the same: a repeat of it then stands there twice.
 */
import kafkajs, { type CompressionTypes } from 'kafkajs';
import { systemClock } from '../../model/time.ts';
import { LogError } from '../log.ts';
import type { KafkaClient } from './client.ts';
import { logErrorOf, protocolErrorOf } from './failure.ts';
import type { KafkaCompression } from './options.ts';
import { Lane, type SizedMessage } from './outbox-lane.ts';
import { Post } from './outbox-post.ts';
import { bytesOf, checkFits, DEFAULT_MAX_MESSAGE_BYTES } from './outbox-size.ts';
import type { OutMessage, Place } from './record-codec.ts';
import type { KafkaSigns } from './signs.ts';

export interface Outbox {
  /**
   * Resolves with the offset of the first message when all are durable. Messages of one partition stand there in the
   * order of the calls. Rejects with `LogError`: at once and with nothing sent `log_oversized`, `log_full` and
   * `log_closing`; after `giveUpMs`, with all that waits behind it in the partition, `log_unavailable`, or `log_unusable`
   * where somebody's hand is wanted.
   * @param messages at least one
   */
  send(topic: string, partition: number, messages: readonly OutMessage[]): Promise<number>;
  /** Takes nothing more, waits for what is under way (at most `giveUpMs`), and hangs up. */
  close(): Promise<void>;
  /** Bytes handed over and not durable yet. */
  readonly waitingBytes: number;
}

export interface OutboxOptions {
  readonly compression: KafkaCompression;
  readonly signs: KafkaSigns;
  /** How long a send may take. */
  readonly giveUpMs: number;
  /** What the topics take; of others Kafka's default holds. */
  readonly topics: readonly { readonly topic: string; readonly maxMessageBytes: number }[];
}

/** Consumers fetch whole batches, however large: `maxBytesPerPartition` of kafkajs is 1 MB. */
const MAX_BATCH_BYTES = 512 * 1_024;
/** Of everything that waits: as much as ingest holds of bodies that are not durable. */
const MAX_WAITING_BYTES = 64 * 1_024 * 1_024;

const { None, GZIP, ZSTD } = kafkajs.CompressionTypes;
const COMPRESSION: Readonly<Record<KafkaCompression, CompressionTypes>> = {
  none: None,
  gzip: GZIP,
  zstd: ZSTD,
};

/** Errors that the messages themselves cause, by the broker's name for them. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TIMESTAMP',
  'INVALID_RECORD',
]);

/** A leader that has too few others to write to, seen before it wrote and after. */
const REPLICAS_MISSING: ReadonlySet<unknown> = new Set([
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
]);

/** Connects; rejects with `LogError` when no broker answers. */
export async function createOutbox(client: KafkaClient, options: OutboxOptions): Promise<Outbox> {
  const { compression, giveUpMs } = options;
  // A broker waits for its replicas so long that an answer to the others of the request still finds somebody.
  const post = new Post(client, {
    compression: COMPRESSION[compression],
    timeoutMs: Math.ceil(giveUpMs / 2),
  });
  try {
    await post.connect();
  } catch (error) {
    throw logErrorOf(error, 'connecting to write');
  }
  return new KafkaOutbox(post, options);
}

class KafkaOutbox implements Outbox {
  readonly #post: Post;
  readonly #options: OutboxOptions;
  readonly #maxBytes: ReadonlyMap<string, number>;
  readonly #lanes = new Map<string, Lane>();
  readonly #pending = new Set<Promise<unknown>>();
  #waitingBytes = 0;
  #isClosing = false;

  constructor(post: Post, options: OutboxOptions) {
    this.#post = post;
    this.#options = options;
    this.#maxBytes = new Map(options.topics.map(({ topic, maxMessageBytes }) => [topic, maxMessageBytes]));
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  async send(topic: string, partition: number, messages: readonly OutMessage[]): Promise<number> {
    if (this.#isClosing) throw new LogError('log_closing', 'the log is closing');
    const sized = this.#sized(topic, messages);
    const bytes = sized.reduce((sum, each) => sum + each.bytes, 0);
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      throw new LogError('log_full', `${this.#waitingBytes} bytes wait for the brokers: no more are taken`);
    }
    this.#waitingBytes += bytes;
    const sending = this.#lane(topic, partition).send(sized);
    this.#pending.add(sending);
    try {
      return await sending;
    } finally {
      this.#pending.delete(sending);
      this.#waitingBytes -= bytes;
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.allSettled(this.#pending);
    await this.#post.close();
  }

  #sized(topic: string, messages: readonly OutMessage[]): readonly SizedMessage[] {
    const max = this.#maxBytesOf(topic);
    return messages.map((message) => {
      const bytes = bytesOf(message);
      checkFits(bytes, topic, max);
      return { message, bytes };
    });
  }

  #maxBytesOf(topic: string): number {
    return this.#maxBytes.get(topic) ?? DEFAULT_MAX_MESSAGE_BYTES;
  }

  #lane(topic: string, partition: number): Lane {
    const id = `${topic}/${partition}`;
    const known = this.#lanes.get(id);
    if (known) return known;
    const lane = new Lane({
      produce: (batch) => this.#produce({ topic, partition }, batch),
      errorOf: (cause) => this.#errorOf(topic, cause),
      isRefusal: (cause) => REFUSALS.has(protocolErrorOf(cause)),
      maxBytes: Math.min(MAX_BATCH_BYTES, this.#maxBytesOf(topic)),
      giveUpMs: this.#options.giveUpMs,
      now: systemClock.monotonicMs,
    });
    this.#lanes.set(id, lane);
    return lane;
  }

  async #produce({ topic, partition }: Place, batch: readonly SizedMessage[]): Promise<number> {
    const { signs } = this.#options;
    const bytes = batch.reduce((sum, each) => sum + each.bytes, 0);
    try {
      const messages = batch.map(({ message }) => message);
      const offset = await this.#post.produce({ topic, partition, messages }, bytes);
      signs.produced(topic, 'ok', batch.length);
      return offset;
    } catch (error) {
      signs.produced(topic, 'failed', batch.length);
      if (REPLICAS_MISSING.has(protocolErrorOf(error))) signs.replicasMissing(topic, batch.length);
      throw error;
    }
  }

  #errorOf(topic: string, cause: unknown): LogError {
    if (cause !== undefined) return logErrorOf(cause, `producing to ${topic}`);
    const { giveUpMs } = this.#options;
    return new LogError(
      'log_unavailable',
      `no broker confirmed what was sent to ${topic} within ${giveUpMs} ms`,
    );
  }
}
