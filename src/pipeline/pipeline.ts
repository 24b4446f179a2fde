/**
 * One destination's way from the log to Braze: read → plan (decode, route, transform) → recall → deliver → settle. Each
 * destination has its own, with its own offsets, so that a sick one holds back only itself.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { letterOf } from '../dead-letters/letter.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Queued } from '../delivery/queue.ts';
import type { Chunk, EventLog } from '../log/log.ts';
import type { Memory } from '../memory/memory.ts';
import type { DeadLetter, UndeliveredPart } from '../model/dead-letter.ts';
import type { Operation } from '../model/operation.ts';
import { DELIVERED, type FinalOutcome, type Rejected, type Warning } from '../model/outcome.ts';
import { EVENTS_TOPIC, type LogRecord, type NewRecord } from '../model/record.ts';
import type { Clock } from '../model/time.ts';
import { type PlanOptions, planRecord } from './plan.ts';
import type { Partition, ProgressWriter } from './progress-writer.ts';
import type { Tally } from './tally.ts';
import { createWatermark } from './watermark.ts';
import type { Window } from './window.ts';

/** A record on its way: what its dead letter would need, and what is still open. */
export interface Passage {
  readonly partition: Partition;
  readonly offset: number;
  readonly text: string;
  readonly record: Omit<NewRecord, 'value'>;
  readonly bytes: number;
  /** Operations without an outcome. */
  open: number;
  readonly undelivered: UndeliveredPart[];
}

export interface PipelineOptions {
  readonly log: Pick<EventLog, 'read'>;
  readonly plan: PlanOptions;
  readonly memory: Memory;
  readonly window: Window;
  readonly progress: ProgressWriter;
  readonly tally: Tally;
  readonly clock: Clock;
  /** An event becomes a dead letter. */
  readonly onRejected: (outcome: Rejected) => void;
  /** The memory has found something that the sender of an event may want to know. */
  readonly onWarning: (warning: Warning) => void;
  /** Progress could not be made durable. */
  readonly onError: (error: unknown) => void;
}

export interface Pipeline {
  /** Reads until the signal aborts; resolves when the outcomes that needed no delivery are durable. Rejects when the log fails. */
  run(delivery: Pick<Delivery<Passage>, 'add'>, signal: AbortSignal): Promise<void>;
  /** What delivery calls with final outcomes; resolves when they are durable. */
  settle(items: readonly Queued<Passage>[], outcomes: readonly FinalOutcome[]): Promise<void>;
  /** Events read and without a final outcome. */
  inFlight(): number;
}

/** Records planned before other work gets its turn: a few ms. */
const RECORDS_PER_TURN = 128;

/** Settled ranges a commit may carry: about 40 KB of progress; beyond it reading waits for the watermark. */
const MAX_RANGES = 10_000;
/** How often reading that waits for the watermark looks whether it moved. */
const RANGES_LOOK_MS = 50;

export function createPipeline(options: PipelineOptions): Pipeline {
  return new DestinationPipeline(options);
}

type Adder = Pick<Delivery<Passage>, 'add'>;

class DestinationPipeline implements Pipeline {
  readonly #options: PipelineOptions;
  readonly #partitions = new Map<string, Partition & { lost: AbortSignal }>();
  /** Records of the chunk at hand that were not planned yet. */
  #ahead = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  async run(delivery: Adder, signal: AbortSignal): Promise<void> {
    const { log, plan, progress } = this.#options;
    try {
      for await (const chunk of log.read(plan.destination, [EVENTS_TOPIC], signal)) {
        await this.#take(chunk, delivery, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await progress.flush();
  }

  settle(items: readonly Queued<Passage>[], outcomes: readonly FinalOutcome[]): Promise<void> {
    const { tally, clock, progress, memory } = this.#options;
    let oldest = Number.POSITIVE_INFINITY;
    for (const [index, item] of items.entries()) {
      const outcome = outcomes[index];
      if (!outcome) throw new Error(`${outcomes.length} outcomes for ${items.length} operations`);
      this.#settleOperation(item, outcome);
      oldest = Math.min(oldest, item.owner.record.timestamp);
    }
    tally.latency(clock.epochMs() - oldest);
    // Before the progress: a crash between the two has the records read again, and what was learned with them.
    memory.flush();
    return progress.flush();
  }

  inFlight(): number {
    return this.#options.window.records + this.#ahead;
  }

  async #take(chunk: Chunk, delivery: Adder, signal: AbortSignal): Promise<void> {
    const { window, tally } = this.#options;
    const partition = this.#partitionOf(chunk);
    partition.watermark.open(chunk.firstOffset, chunk.count);
    tally.read(chunk.count);
    this.#ahead = chunk.count;
    for (let index = 0; index < chunk.count; index += 1) {
      if (window.isFull()) await window.room(signal);
      if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await nextTurn();
      signal.throwIfAborted();
      this.#start(chunk.record(index), partition, delivery);
    }
    await this.#rangesBelowCap(partition, signal);
  }

  /** A partition that was lost and came back begins anew, from the progress it came back with. */
  #partitionOf({ topic, partition, lost, resumed }: Chunk): Partition {
    const id = `${topic}/${partition}`;
    const known = this.#partitions.get(id);
    if (known && known.lost === lost) return known;
    const fresh = { topic, partition, lost, watermark: createWatermark(resumed) };
    this.#partitions.set(id, fresh);
    return fresh;
  }

  #start(record: LogRecord, partition: Partition, delivery: Adder): void {
    const { window, plan, tally, progress, onError } = this.#options;
    const { buffer, byteOffset, byteLength } = record.value;
    const text = Buffer.from(buffer, byteOffset, byteLength).toString();
    const passage = passageOf(record, text, partition);
    window.add(passage.bytes);
    this.#ahead -= 1;
    const planned = planRecord(text, record.headers, record.corrupt, plan);
    if (planned.status !== 'operations') {
      this.#finish(passage, planned, record.value);
      progress.flush().catch(onError);
      return;
    }
    tally.warned(planned.warnings);
    const operations = this.#recall(planned.operations, passage);
    passage.open = operations.length;
    if (operations.length > 0) delivery.add(operations, passage);
  }

  /** What is still to be sent; when that is nothing, the event is done. */
  #recall(planned: readonly Operation[], passage: Passage): readonly Operation[] {
    const { memory, tally, progress, onWarning, onError } = this.#options;
    const isReplay = passage.record.headers.replayDestination !== undefined;
    const { operations, warnings, leftOut, outcome } = memory.recall(planned, isReplay);
    tally.leftOut(leftOut);
    tally.warned(warnings);
    for (const warning of warnings) onWarning(warning);
    if (outcome) {
      this.#finish(passage, outcome);
      progress.flush().catch(onError);
    }
    return operations;
  }

  #settleOperation({ operation, owner }: Queued<Passage>, outcome: FinalOutcome): void {
    this.#options.tally.operation(operation.kind, outcome);
    this.#options.memory.settled(operation, outcome);
    if (outcome.status === 'rejected') owner.undelivered.push({ part: operation.part, outcome });
    owner.open -= 1;
    if (owner.open === 0) this.#finish(owner, owner.undelivered[0]?.outcome ?? DELIVERED);
  }

  /** @param value the stored bytes where they are at hand; they may differ from the text when corrupt */
  #finish(passage: Passage, outcome: FinalOutcome, value?: Uint8Array): void {
    const { window, tally, progress } = this.#options;
    const { partition, offset, bytes } = passage;
    partition.watermark.settle(offset);
    window.release(bytes);
    tally.finished(outcome);
    if (outcome.status !== 'rejected') {
      progress.moved(partition);
      return;
    }
    this.#options.onRejected(outcome);
    progress.moved(partition, this.#letter(passage, outcome, value));
  }

  #letter(passage: Passage, outcome: Rejected, value?: Uint8Array): DeadLetter {
    const { plan, clock } = this.#options;
    const { offset, undelivered } = passage;
    const { topic, partition } = passage.partition;
    // Copied: the stored bytes are a view of a whole chunk.
    const record = { ...passage.record, value: Buffer.from(value ?? passage.text) };
    const from = { destination: plan.destination, topic, partition, offset, record };
    return letterOf(from, outcome, undelivered.length > 0 ? undelivered : null, clock.epochMs());
  }

  async #rangesBelowCap({ watermark }: Partition, signal: AbortSignal): Promise<void> {
    while (watermark.rangeCount >= MAX_RANGES) await this.#options.clock.delay(RANGES_LOOK_MS, signal);
  }
}

function passageOf(record: LogRecord, text: string, partition: Partition): Passage {
  const { key, headers, timestamp, offset } = record;
  return {
    partition,
    offset,
    text,
    record: { key, headers, timestamp },
    bytes: record.value.byteLength,
    open: 0,
    undelivered: [],
  };
}
