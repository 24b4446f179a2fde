/**
 * One destination's way from the log to Braze: read → plan (decode, route, transform) → deliver → settle. Each
 * destination has its own, with its own offsets, so that a sick one holds back only itself.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { letterOf } from '../dead-letters/letter.ts';
import type { Delivery } from '../delivery/dispatcher.ts';
import type { Queued } from '../delivery/queue.ts';
import type { Chunk, EventLog } from '../log/log.ts';
import type { UndeliveredPart } from '../model/dead-letter.ts';
import { DELIVERED, type FinalOutcome, type Rejected } from '../model/outcome.ts';
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
  readonly window: Window;
  readonly progress: ProgressWriter;
  readonly tally: Tally;
  readonly clock: Clock;
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

export function createPipeline(options: PipelineOptions): Pipeline {
  const { log, plan, window, progress, tally, clock } = options;
  /** Records of the chunk at hand that were not planned yet. */
  let ahead = 0;
  const partitions = new Map<string, Partition & { lost: AbortSignal }>();

  return {
    async run(delivery, signal) {
      try {
        for await (const chunk of log.read(plan.destination, [EVENTS_TOPIC], signal)) {
          await take(chunk, delivery, signal);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      await progress.flush();
    },
    settle(items, outcomes) {
      let oldest = Number.POSITIVE_INFINITY;
      for (const [index, item] of items.entries()) {
        const outcome = outcomes[index];
        if (!outcome) throw new Error(`${outcomes.length} outcomes for ${items.length} operations`);
        settleOperation(item, outcome);
        oldest = Math.min(oldest, item.owner.record.timestamp);
      }
      tally.latency(clock.epochMs() - oldest);
      return progress.flush();
    },
    inFlight: () => window.records + ahead,
  };

  async function take(chunk: Chunk, delivery: Pick<Delivery<Passage>, 'add'>, signal: AbortSignal) {
    const partition = partitionOf(chunk);
    partition.watermark.open(chunk.firstOffset, chunk.count);
    tally.read(chunk.count);
    ahead = chunk.count;
    for (let index = 0; index < chunk.count; index += 1) {
      if (window.isFull()) await window.room(signal);
      if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await nextTurn();
      signal.throwIfAborted();
      start(chunk.record(index), partition, delivery);
    }
    await progressBelowCap(partition, signal);
  }

  /** A partition that was lost and came back begins anew, from the progress it came back with. */
  function partitionOf({ topic, partition, lost, resumed }: Chunk): Partition {
    const id = `${topic}/${partition}`;
    const known = partitions.get(id);
    if (known && known.lost === lost) return known;
    const fresh = { topic, partition, lost, watermark: createWatermark(resumed) };
    partitions.set(id, fresh);
    return fresh;
  }

  function start(record: LogRecord, partition: Partition, delivery: Pick<Delivery<Passage>, 'add'>): void {
    const text = Buffer.from(
      record.value.buffer,
      record.value.byteOffset,
      record.value.byteLength,
    ).toString();
    const passage = passageOf(record, text, partition);
    window.add(passage.bytes);
    ahead -= 1;
    const planned = planRecord(text, record.headers, record.corrupt, plan);
    if (planned.status !== 'operations') {
      finish(passage, planned, record.value);
      progress.flush().catch(options.onError);
      return;
    }
    tally.warned(planned.warnings);
    passage.open = planned.operations.length;
    delivery.add(planned.operations, passage);
  }

  function settleOperation({ operation, owner }: Queued<Passage>, outcome: FinalOutcome): void {
    tally.operation(operation.kind, outcome);
    if (outcome.status === 'rejected') owner.undelivered.push({ part: operation.part, outcome });
    owner.open -= 1;
    if (owner.open === 0) finish(owner, owner.undelivered[0]?.outcome ?? DELIVERED);
  }

  /** @param value the stored bytes where they are at hand; they may differ from the text when corrupt */
  function finish(passage: Passage, outcome: FinalOutcome, value?: Uint8Array): void {
    const { partition, offset, bytes } = passage;
    partition.watermark.settle(offset);
    window.release(bytes);
    tally.finished(outcome);
    progress.moved(partition, outcome.status === 'rejected' ? letter(passage, outcome, value) : undefined);
  }

  function letter(
    { partition: { topic, partition }, ...passage }: Passage,
    outcome: Rejected,
    value?: Uint8Array,
  ) {
    // Copied: the stored bytes are a view of a whole chunk.
    const record = { ...passage.record, value: Buffer.from(value ?? passage.text) };
    const from = { destination: plan.destination, topic, partition, offset: passage.offset, record };
    const { undelivered } = passage;
    return letterOf(from, outcome, undelivered.length > 0 ? undelivered : null, clock.epochMs());
  }

  async function progressBelowCap(partition: Partition, signal: AbortSignal): Promise<void> {
    while (partition.watermark.rangeCount >= MAX_RANGES) await clock.delay(50, signal);
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
