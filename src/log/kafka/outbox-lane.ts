/**
 * One partition's way out: what several senders hand over goes in their order, in batches, one produce at a time. A
 * produce that failed is tried again before anything later goes; who has waited too long is given up, and with it all
 * that waits behind it, so that nothing overtakes.
 */
import type { LogError } from '../log.ts';
import type { OutMessage } from './record-codec.ts';

/** A message and its bytes on the wire. */
export interface SizedMessage {
  readonly message: OutMessage;
  readonly bytes: number;
}

export interface LaneOptions {
  /** One attempt. Resolves with the first offset when durable; the messages of one call are consecutive. */
  readonly produce: (batch: readonly SizedMessage[]) => Promise<number>;
  /** The error that a sender gets for an attempt's failure. */
  readonly errorOf: (cause: unknown) => LogError;
  /** Whether the messages themselves are at fault, so that no repeat can help. */
  readonly isRefusal: (cause: unknown) => boolean;
  /** Bytes of one produce; a larger message goes alone. */
  readonly maxBytes: number;
  readonly giveUpMs: number;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/** What is handed over and not durable yet. */
interface Handed {
  readonly messages: readonly SizedMessage[];
  /** Of `messages`, how many are durable. */
  done: number;
  firstOffset: number;
  readonly deadline: number;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: LogError) => void;
}

/** Small messages in one go: writing each takes some µs, and nothing else runs meanwhile. */
const MAX_COUNT = 1_000;
/** Between attempts: at first, and at most. */
const RETRY_MS = { first: 50, most: 1_000 };

export class Lane {
  readonly #options: LaneOptions;
  #queue: Handed[] = [];
  #isRunning = false;
  /** Messages of the next produce; fewer after a refusal, until the one at fault is alone. */
  #most = MAX_COUNT;
  #lastFailure: unknown;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Resolves with the first message's offset when all of them are durable. They are at least one. */
  send(messages: readonly SizedMessage[]): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const deadline = this.#options.now() + this.#options.giveUpMs;
    this.#queue.push({ messages, done: 0, firstOffset: 0, deadline, resolve, reject });
    this.#watch();
    if (!this.#isRunning) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      // What else is handed over in this turn goes along. No longer: while a batch is under way the next one gathers.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.#deliver();
    }
    this.#isRunning = false;
  }

  /** One batch, until it is durable, refused or given up. */
  async #deliver(): Promise<void> {
    for (let retryMs = RETRY_MS.first; ; retryMs = Math.min(retryMs * 2, RETRY_MS.most)) {
      const queue = this.#queue;
      const batch = this.#batch();
      if (batch.length === 0) return;
      try {
        const base = await this.#options.produce(batch);
        // Given up meanwhile: nobody waits for it any more, though it is durable.
        if (queue === this.#queue) this.#settle(batch.length, base);
        return;
      } catch (error) {
        if (queue !== this.#queue) return;
        this.#lastFailure = error;
        if (this.#options.isRefusal(error)) return this.#refuse(batch.length, error);
      }
      await delay(retryMs);
    }
  }

  /** From the front of the queue, as much as one produce holds. */
  #batch(): readonly SizedMessage[] {
    const batch: SizedMessage[] = [];
    let total = 0;
    for (const { messages, done } of this.#queue) {
      for (let index = done; index < messages.length; index += 1) {
        const next = messages[index] as SizedMessage;
        total += next.bytes;
        const isFull = batch.length >= this.#most || total > this.#options.maxBytes;
        if (isFull && batch.length > 0) return batch;
        batch.push(next);
      }
    }
    return batch;
  }

  #settle(count: number, base: number): void {
    let [left, offset] = [count, base];
    let settled = 0;
    for (const handed of this.#queue) {
      if (left === 0) break;
      const part = Math.min(left, handed.messages.length - handed.done);
      if (handed.done === 0) handed.firstOffset = offset;
      handed.done += part;
      left -= part;
      offset += part;
      if (handed.done < handed.messages.length) break;
      settled += 1;
      handed.resolve(handed.firstOffset);
    }
    this.#queue.splice(0, settled);
    this.#lastFailure = undefined;
    this.#most = Math.min(this.#most * 2, MAX_COUNT);
    this.#watch();
  }

  /** Looks for the message at fault by halves; found, it costs its own sender only. */
  #refuse(count: number, cause: unknown): void {
    if (count > 1) {
      this.#most = count >> 1;
      return;
    }
    this.#queue.shift()?.reject(this.#options.errorOf(cause));
    this.#most = MAX_COUNT;
    this.#watch();
  }

  /** Sees to it that the first of the queue does not wait beyond its deadline. */
  #watch(): void {
    const [first] = this.#queue;
    if (first === undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setTimeout(() => this.#look(), Math.max(0, first.deadline - this.#options.now()));
  }

  #look(): void {
    this.#timer = undefined;
    const [first] = this.#queue;
    if (first !== undefined && first.deadline <= this.#options.now()) this.#giveUp();
    this.#watch();
  }

  #giveUp(): void {
    const given = this.#queue;
    this.#queue = [];
    const error = this.#options.errorOf(this.#lastFailure);
    for (const { reject } of given) reject(error);
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
