/**
 * One destination's way from the log to Braze: read → plan (decode, route, transform) → recall → deliver → settle. Each
 * destination has its own, with its own offsets, so that a sick one holds back only itself.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sent } from '../delivery/attempt.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Chunk, EventLog } from '../log/log.ts';
import type { Memory } from '../memory/memory.ts';
import type { Operation } from '../model/operation.ts';
import type { FinalOutcome, Rejected, Warning } from '../model/outcome.ts';
import { EVENTS_TOPIC, type LogRecord } from '../model/record.ts';
import type { Clock } from '../model/time.ts';
import { type Doubts, IN_FLIGHT, readDoubts } from './doubts.ts';
import type { Journal } from './journal.ts';
import { createParking, type Parking, type Resumption } from './parking.ts';
import { type Passage, passageOf, textOf } from './passage.ts';
import { keysOf, type Planned, type PlanOptions, planRecord } from './plan.ts';
import type { Partition, ProgressWriter } from './progress-writer.ts';
import { createSettler, type Settler } from './settler.ts';
import type { Tally } from './tally.ts';
import { createWatermark } from './watermark.ts';
import type { Window } from './window.ts';

export interface PipelineOptions {
  readonly log: Pick<EventLog, 'read' | 'fetch' | 'unfinished' | 'note'>;
  readonly plan: PlanOptions;
  readonly memory: Memory;
  readonly window: Window;
  readonly journal: Journal;
  /** Events and purchases that an earlier run may have delivered become dead letters instead of going again. */
  readonly holdUncertain: boolean;
  readonly progress: ProgressWriter;
  readonly tally: Tally;
  readonly clock: Clock;
  /** An event becomes a dead letter. */
  readonly onRejected: (outcome: Rejected) => void;
  /** An earlier run was killed while so many events and purchases were under way. */
  readonly onDoubts: (count: number) => void;
  /** The memory has found something that the sender of an event may want to know. */
  readonly onWarning: (warning: Warning) => void;
  /** Progress could not be made durable. */
  readonly onError: (error: unknown) => void;
}

export interface Pipeline {
  /** Reads until the signal aborts; resolves when the outcomes that needed no delivery are durable. Rejects when the log fails. */
  run(delivery: Adder, signal: AbortSignal): Promise<void>;
  /** What delivery calls with final outcomes; resolves when they are durable. */
  settle(sent: Sent<Passage>, outcomes: readonly FinalOutcome[]): Promise<void>;
  /** To be called when delivery has room again: who was parked may have a turn. */
  resume(): void;
  /** Events read and without a final outcome, and those of them that are parked. */
  inFlight(): number;
  parked(): number;
}

/** Records planned before other work gets its turn: a few ms. */
const RECORDS_PER_TURN = 128;

/** Settled ranges a commit may carry: some 300 KB of progress; beyond it reading waits for the watermark. */
const MAX_RANGES = 100_000;
/** Offsets of parked records that are kept: 8 MB; beyond it reading waits. */
const MAX_PARKED = 1_000_000;
/** How often reading that waits for one of them looks whether it may go on. */
const LOOK_MS = 50;

/** A person with so many operations queued is parked: more than a blocked one needs, a twentieth of the window. */
const PARKING = { most: 1000, few: 500, batch: 500 };

export function createPipeline(options: PipelineOptions): Pipeline {
  return new DestinationPipeline(options);
}

/** What the pipeline needs of delivery. */
export type Adder = Pick<Delivery<Passage>, 'add' | 'queuedOf'>;

/** A partition as this process reads it. */
interface Reading extends Partition {
  readonly lost: AbortSignal;
  readonly parking: Parking;
}

/** A record that was looked at again or for the first time, and where it belongs. */
interface Looked {
  readonly record: LogRecord;
  readonly text: string;
  readonly partition: Reading;
}

class DestinationPipeline implements Pipeline {
  readonly #options: PipelineOptions;
  readonly #partitions = new Map<string, Reading>();
  /** Records of the chunk at hand that were not planned yet. */
  #ahead = 0;
  readonly #settler: Settler;
  #doubts: Doubts | undefined;
  #delivery: Adder | undefined;
  #stopped: AbortSignal = AbortSignal.abort();
  #resuming: Promise<void> | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#settler = createSettler({ ...options, destination: options.plan.destination });
  }

  async run(delivery: Adder, signal: AbortSignal): Promise<void> {
    const { log, plan, progress, holdUncertain, onDoubts } = this.#options;
    this.#delivery = delivery;
    this.#stopped = signal;
    const doubts = await readDoubts(log, plan.destination, holdUncertain);
    if (doubts.count > 0) onDoubts(doubts.count);
    this.#settler.heed(doubts);
    this.#doubts = doubts;
    try {
      for await (const chunk of log.read(plan.destination, [EVENTS_TOPIC], signal)) {
        await this.#take(chunk, delivery, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await this.#resuming;
    await progress.flush();
  }

  settle(sent: Sent<Passage>, outcomes: readonly FinalOutcome[]): Promise<void> {
    return this.#settler.settle(sent, outcomes);
  }

  resume(): void {
    if (this.#resuming || this.parked() === 0 || this.#stopped.aborted) return;
    this.#resuming = this.#resumeAll().finally(() => {
      this.#resuming = undefined;
    });
    this.#resuming.catch((error) => {
      if (!this.#stopped.aborted) this.#options.onError(error);
    });
  }

  inFlight(): number {
    return this.#options.window.records + this.#ahead + this.parked();
  }

  parked(): number {
    let count = 0;
    for (const { parking } of this.#partitions.values()) count += parking.size;
    return count;
  }

  async #take(chunk: Chunk, delivery: Adder, signal: AbortSignal): Promise<void> {
    const { window, tally } = this.#options;
    const partition = this.#partitionOf(chunk, delivery);
    partition.watermark.open(chunk.firstOffset, chunk.count);
    tally.read(chunk.count);
    this.#ahead = chunk.count;
    for (let index = 0; index < chunk.count; index += 1) {
      if (window.isFull()) await window.room(signal);
      if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await nextTurn();
      signal.throwIfAborted();
      const record = chunk.record(index);
      this.#start({ record, text: textOf(record), partition }, delivery);
    }
    await this.#belowCaps(partition, signal);
  }

  /** A partition that was lost and came back begins anew, from the progress it came back with. */
  #partitionOf({ topic, partition, lost, resumed }: Chunk, delivery: Adder): Reading {
    const id = `${topic}/${partition}`;
    const known = this.#partitions.get(id);
    if (known && known.lost === lost) return known;
    const parking = createParking(PARKING, (key) => delivery.queuedOf(key));
    const fresh = { topic, partition, lost, watermark: createWatermark(resumed), parking };
    this.#partitions.set(id, fresh);
    return fresh;
  }

  #start(looked: Looked, delivery: Adder): void {
    const { record, text, partition } = looked;
    const { plan } = this.#options;
    this.#ahead -= 1;
    const planned = planRecord(text, record.headers, record.corrupt, plan);
    if (planned.status !== 'operations') this.#end(looked, planned);
    else if (!partition.parking.park(keysOf(planned), record.offset)) this.#queue(looked, planned, delivery);
  }

  /** An event that causes nothing to be sent. */
  #end({ record, text, partition }: Looked, outcome: FinalOutcome): void {
    const passage = passageOf(record, text, partition);
    this.#options.window.add(passage.bytes);
    this.#settler.end(passage, outcome, record.value);
  }

  #queue({ record, text, partition }: Looked, planned: Planned, delivery: Adder): void {
    const { window, tally } = this.#options;
    const passage = passageOf(record, text, partition);
    window.add(passage.bytes);
    tally.warned(planned.warnings);
    const wanted = this.#withoutDoubtful(planned.operations, passage);
    const operations = wanted.length > 0 ? this.#recall(wanted, passage) : wanted;
    passage.open = operations.length;
    if (operations.length > 0) delivery.add(operations, passage);
  }

  /** What an earlier run may have delivered is not sent again where the destination holds such ones. */
  #withoutDoubtful(planned: readonly Operation[], passage: Passage): readonly Operation[] {
    const held = this.#doubts?.heldOf(passage.offset) ?? [];
    if (held.length === 0) return planned;
    for (const { part, kind } of planned) {
      if (!held.includes(part)) continue;
      this.#options.tally.operation(kind, IN_FLIGHT);
      passage.undelivered.push({ part, outcome: IN_FLIGHT });
    }
    const rest = planned.filter(({ part }) => !held.includes(part));
    if (rest.length === 0) this.#settler.end(passage, IN_FLIGHT);
    return rest;
  }

  /** What is still to be sent; when that is nothing, the event is done. */
  #recall(planned: readonly Operation[], passage: Passage): readonly Operation[] {
    const { memory, tally, onWarning } = this.#options;
    const isReplay = passage.record.headers.replayDestination !== undefined;
    const { operations, warnings, leftOut, outcome } = memory.recall(planned, isReplay);
    tally.leftOut(leftOut);
    tally.warned(warnings);
    for (const warning of warnings) onWarning(warning);
    if (outcome) this.#settler.end(passage, passage.undelivered[0]?.outcome ?? outcome);
    return operations;
  }

  async #resumeAll(): Promise<void> {
    for (const partition of this.#partitions.values()) {
      for (let next = partition.parking.next(); next; next = partition.parking.next()) {
        await this.#resumeSome(next, partition);
      }
    }
  }

  async #resumeSome({ offsets, resumed }: Resumption, partition: Reading): Promise<void> {
    const { log, window, plan } = this.#options;
    const delivery = this.#delivery;
    const records = await log.fetch(partition.topic, partition.partition, offsets);
    if (!delivery || partition.lost.aborted) return;
    if (records.length < offsets.length) {
      throw new Error(`${offsets.length - records.length} parked records are gone from the log`);
    }
    for (const record of records) {
      if (window.isFull()) await window.room(this.#stopped);
      const looked = { record, text: textOf(record), partition };
      const planned = planRecord(looked.text, record.headers, record.corrupt, plan);
      if (planned.status === 'operations') this.#queue(looked, planned, delivery);
      else this.#end(looked, planned);
    }
    resumed();
  }

  async #belowCaps({ watermark, parking }: Reading, signal: AbortSignal): Promise<void> {
    while (watermark.rangeCount >= MAX_RANGES || parking.size >= MAX_PARKED) {
      await this.#options.clock.delay(LOOK_MS, signal);
    }
  }
}
