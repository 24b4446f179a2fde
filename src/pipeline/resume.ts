/** Gives parked persons their turn, one batch after the other: reads their records again and has them queued. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type EventLog, LogError } from '../log/log.ts';
import type { LogRecord } from '../model/record.ts';
import type { Clock } from '../model/time.ts';
import type { Enqueuer, Reading } from './enqueue.ts';
import type { Resumption } from './parking.ts';
import { RECORDS_PER_TURN } from './turns.ts';
import type { Window } from './window.ts';

export interface ResumerOptions {
  readonly log: Pick<EventLog, 'fetch' | 'gone'>;
  readonly window: Window;
  readonly partitions: () => Iterable<Reading>;
  readonly enqueuer: Enqueuer;
  readonly clock: Clock;
  /** Ends it; what is parked then stays unsettled. */
  readonly signal: AbortSignal;
  /** The log held so many of them no longer: they are passed. */
  readonly onGone: (count: number) => void;
  readonly onError: (error: unknown) => void;
}

export interface Resumer {
  /** Somebody's turn may have come. */
  look(): void;
  /** Resolves when nothing more is queued from here, after the signal. */
  ended(): Promise<void>;
}

/** Brokers that are away were tried for half a minute already; a new leader knows the end within a second. */
const AWAY_RETRY_MS = 500;

export function createResumer({
  log,
  window,
  partitions,
  enqueuer,
  clock,
  signal,
  onGone,
  onError,
}: ResumerOptions): Resumer {
  let isLooking = false;
  /** Set by a call that comes while others are looked at: what it came for may have been passed already. */
  let isWanted = false;
  let looking: Promise<void> = Promise.resolve();

  async function lookAtAll(): Promise<void> {
    isLooking = true;
    try {
      while (isWanted) {
        isWanted = false;
        for (const partition of partitions()) await lookAt(partition);
      }
    } catch (error) {
      if (!signal.aborted) onError(error);
    } finally {
      isLooking = false;
    }
  }

  async function lookAt(partition: Reading): Promise<void> {
    for (let next = partition.parking.next(); next; next = partition.parking.next()) {
      await resumeSome(next, partition);
    }
  }

  async function resumeSome({ offsets, queued, resumed }: Resumption, partition: Reading): Promise<void> {
    const records = await readAgain(offsets, partition);
    signal.throwIfAborted();
    if (partition.lost.aborted) return;
    if (records.size < offsets.length) onGone(offsets.length - records.size);
    for (const [index, offset] of offsets.entries()) {
      while (window.isFull()) await window.released(signal);
      if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await nextTurn();
      signal.throwIfAborted();
      pass(records.get(offset), offset, partition);
      queued();
    }
    resumed();
  }

  /** All but those that are gone for good. Fewer when the partition was lost meanwhile: whoever has it now reads them. */
  async function readAgain(offsets: readonly number[], partition: Reading) {
    const records = new Map<number, LogRecord>();
    let open = offsets;
    for (;;) {
      try {
        open = await readSome(open, partition, records);
      } catch (error) {
        if (!partition.lost.aborted && !isAway(error)) throw error;
      }
      if (open.length === 0 || partition.lost.aborted) return records;
      await clock.delay(AWAY_RETRY_MS, signal);
    }
  }

  /** Gives those that are still to come. */
  async function readSome(
    offsets: readonly number[],
    { topic, partition }: Reading,
    into: Map<number, LogRecord>,
  ): Promise<readonly number[]> {
    for (const record of await log.fetch(topic, partition, offsets, signal)) into.set(record.offset, record);
    signal.throwIfAborted();
    const missing = offsets.filter((offset) => !into.has(offset));
    if (missing.length === 0) return missing;
    const gone = new Set(await log.gone(topic, partition, missing, signal));
    return missing.filter((offset) => !gone.has(offset));
  }

  function pass(record: LogRecord | undefined, offset: number, partition: Reading): void {
    if (record) enqueuer.takeParked(record, partition);
    else enqueuer.passGone(offset, partition);
  }

  return {
    look() {
      if (signal.aborted) return;
      isWanted = true;
      if (!isLooking) looking = lookAtAll();
    },
    ended: () => looking,
  };
}

function isAway(error: unknown): boolean {
  return error instanceof LogError && error.code === 'log_unavailable';
}
