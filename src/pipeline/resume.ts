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
  readonly log: Pick<EventLog, 'fetch'>;
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

/** Brokers that are away were tried for half a minute already. */
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
    const fetched = await fetchWhenThere(offsets, partition);
    signal.throwIfAborted();
    if (partition.lost.aborted) return;
    if (fetched.length < offsets.length) onGone(offsets.length - fetched.length);
    const records = new Map(fetched.map((record) => [record.offset, record]));
    for (const [index, offset] of offsets.entries()) {
      if (window.isFull()) await window.room(signal);
      if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await nextTurn();
      signal.throwIfAborted();
      pass(records.get(offset), offset, partition);
      queued();
    }
    resumed();
  }

  /** Nothing when the partition was lost meanwhile: whoever has it now reads them. */
  async function fetchWhenThere(offsets: readonly number[], { topic, partition, lost }: Reading) {
    for (;;) {
      try {
        return await log.fetch(topic, partition, offsets, signal);
      } catch (error) {
        if (lost.aborted) return [];
        if (!isAway(error)) throw error;
        await clock.delay(AWAY_RETRY_MS, signal);
      }
    }
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
