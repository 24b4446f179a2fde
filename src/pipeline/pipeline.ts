/**
 * One destination's way from the log to Braze: read → plan (decode, route, transform) → recall → deliver → settle. Each
 * destination has its own, with its own offsets, so that a sick one holds back only itself.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sent } from '../delivery/attempt.ts';
import type { Chunk, EventLog } from '../log/log.ts';
import type { Memory } from '../memory/memory.ts';
import type { FinalOutcome, Rejected, Warning } from '../model/outcome.ts';
import { EVENTS_TOPIC } from '../model/record.ts';
import type { Clock } from '../model/time.ts';
import { awaitDoubts, type Doubts } from './doubts.ts';
import { type Adder, createEnqueuer, type Enqueuer, type Reading } from './enqueue.ts';
import type { Journal } from './journal.ts';
import { createParking } from './parking.ts';
import type { Passage } from './passage.ts';
import type { PlanOptions } from './plan.ts';
import type { ProgressWriter } from './progress-writer.ts';
import { createResumer, type Resumer } from './resume.ts';
import { createSettler, type Settler } from './settler.ts';
import type { Tally } from './tally.ts';
import { RECORDS_PER_TURN } from './turns.ts';
import { createWatermark } from './watermark.ts';
import type { Window } from './window.ts';

export interface PipelineOptions {
  readonly log: Pick<EventLog, 'read' | 'fetch' | 'gone' | 'unfinished' | 'note' | 'maxRanges'>;
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
  /** An earlier run broke off, by a kill or for want of brokers, while so many events and purchases were under way. */
  readonly onDoubts: (count: number) => void;
  /** The log deleted so many parked events before their turn came: they are filtered. */
  readonly onGone: (count: number) => void;
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

/** Offsets of parked records that are kept: 8 MB; beyond it reading waits. */
const MAX_PARKED = 1_000_000;
/** How often reading that waits for one of them looks whether it may go on. */
const LOOK_MS = 50;

/** A person with so many operations queued is parked: more than a blocked one needs, a twentieth of the window. */
const PARKING = { most: 1000, few: 500, batch: 500 };

export function createPipeline(options: PipelineOptions): Pipeline {
  return new DestinationPipeline(options);
}

class DestinationPipeline implements Pipeline {
  readonly #options: PipelineOptions;
  readonly #partitions = new Map<string, Reading>();
  /** Records of the chunk at hand that were not planned yet. */
  #ahead = 0;
  readonly #settler: Settler;
  #resumer: Resumer | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#settler = createSettler({ ...options, destination: options.plan.destination });
  }

  async run(delivery: Adder, signal: AbortSignal): Promise<void> {
    const { log, plan, progress } = this.#options;
    const doubts = await this.#readDoubts(signal);
    if (doubts === undefined) return;
    const enqueuer = createEnqueuer({ ...this.#options, settler: this.#settler, doubts, delivery });
    const partitions = () => this.#partitions.values();
    const resumer = createResumer({ ...this.#options, partitions, enqueuer, signal });
    this.#resumer = resumer;
    try {
      for await (const chunk of log.read(plan.destination, [EVENTS_TOPIC], signal)) {
        await this.#take(chunk, { delivery, enqueuer, signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await resumer.ended();
    await progress.flush();
  }

  settle(sent: Sent<Passage>, outcomes: readonly FinalOutcome[]): Promise<void> {
    return this.#settler.settle(sent, outcomes);
  }

  resume(): void {
    this.#options.window.wake();
    if (this.parked() > 0) this.#resumer?.look();
  }

  inFlight(): number {
    return this.#options.window.records + this.#ahead + this.parked();
  }

  parked(): number {
    let count = 0;
    for (const { parking } of this.#partitions.values()) count += parking.size;
    return count;
  }

  async #readDoubts(signal: AbortSignal): Promise<Doubts | undefined> {
    const { log, plan, holdUncertain, clock, onDoubts } = this.#options;
    const doubts = await awaitDoubts({ log, group: plan.destination, hold: holdUncertain, clock }, signal);
    if (doubts === undefined) return undefined;
    if (doubts.count > 0) onDoubts(doubts.count);
    this.#settler.heed(doubts);
    return doubts;
  }

  async #take(chunk: Chunk, { delivery, enqueuer, signal }: Running): Promise<void> {
    const { window, tally } = this.#options;
    const partition = this.#partitionOf(chunk, delivery);
    partition.watermark.open(chunk.firstOffset, chunk.count);
    tally.read(chunk.count);
    this.#ahead = chunk.count;
    // Asked only where time has passed: for each record it took 0.6 % of the thread.
    signal.throwIfAborted();
    for (let index = 0; index < chunk.count; index += 1) {
      while (window.isFull() || delivery.hasPlenty) {
        await window.released(signal);
        signal.throwIfAborted();
      }
      if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) {
        await nextTurn();
        signal.throwIfAborted();
      }
      this.#ahead -= 1;
      enqueuer.take(chunk.record(index), partition);
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

  /** Beyond either reading waits: for the watermark, or for parked persons. */
  async #belowCaps({ watermark, parking }: Reading, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options;
    while (watermark.rangeCount >= log.maxRanges || parking.size >= MAX_PARKED) {
      await clock.delay(LOOK_MS, signal);
    }
  }
}

/** What a run has at hand. */
interface Running {
  readonly delivery: Adder;
  readonly enqueuer: Enqueuer;
  readonly signal: AbortSignal;
}
