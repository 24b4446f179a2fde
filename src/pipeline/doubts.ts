/**
 * What an earlier run left under way when it was killed: nobody can know whether Braze counted it. It is sent again and
 * listed; or, where the destination holds such ones, its events and purchases become dead letters.
 */
import { type EventLog, LogError, type RequestEnd, type RequestNote } from '../log/log.ts';
import { type Rejected, rejected } from '../model/outcome.ts';
import type { Clock } from '../model/time.ts';
import { isCounted } from './journal.ts';
import type { Passage } from './passage.ts';

export interface Doubts {
  /** Events and purchases that an earlier run may have delivered. */
  readonly count: number;
  /** The parts of this record that must not be sent again. */
  heldOf(place: Place): readonly string[];
  /** The record has its final, durable outcome. */
  settled(place: Place): void;
}

/** Where a record stands. */
type Place = Pick<Passage, 'partition' | 'offset'>;

export const IN_FLIGHT = rejected(
  'uncertain',
  'in_flight_at_crash',
  'the process ended while the request with it was under way: Braze may or may not have counted it',
) satisfies Rejected;

type DoubtLog = Pick<EventLog, 'unfinished' | 'note'>;

export interface DoubtsOptions {
  readonly log: DoubtLog;
  readonly group: string;
  readonly hold: boolean;
  readonly clock: Clock;
}

/** For nearly every record. */
const NOTHING: readonly string[] = [];

/** Between attempts, while the brokers do not answer: each has waited for them by itself. */
const RETRY_MS = 2_000;

/**
 * To be called before anything is read: `readDoubts` until the log answers. Resolves with undefined as soon as the signal
 * aborts, whatever the log does: who gives partitions back cannot wait for it. Rejects when the log fails.
 */
export async function awaitDoubts(options: DoubtsOptions, signal: AbortSignal): Promise<Doubts | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const onAbort = () => aborted.resolve(undefined);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([aborted.promise, readPatiently(options, signal)]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function readPatiently(options: DoubtsOptions, signal: AbortSignal): Promise<Doubts | undefined> {
  while (!signal.aborted) {
    try {
      return await readDoubts(options.log, options.group, options.hold, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof LogError) || error.code !== 'log_unavailable') throw error;
    }
    await options.clock.delay(RETRY_MS, signal).catch(() => undefined);
  }
  return undefined;
}

/** Once. Notes of requests whose records are all settled are completed, unless the signal has aborted by then. */
export async function readDoubts(
  log: DoubtLog,
  group: string,
  hold: boolean,
  signal?: AbortSignal,
): Promise<Doubts> {
  const notes = await log.unfinished(group);
  signal?.throwIfAborted();
  const isHeld = ({ operations }: RequestNote) => hold && operations.some(({ part }) => isCounted(part));
  const ended = notes.filter((note) => !isHeld(note)).map(endOf);
  if (ended.length > 0) await log.note(group, { ended });
  const counted = notes.flatMap(({ operations }) => operations.filter(({ part }) => isCounted(part)));
  return held(log, group, notes.filter(isHeld), counted.length);
}

/** The notes stay open until their records have their letters: killed before, the next run holds them all the same. */
function held(log: DoubtLog, group: string, notes: readonly RequestNote[], count: number): Doubts {
  const parts = new Map<string, string[]>();
  for (const note of notes) {
    for (const { offset, part } of note.operations) {
      const id = idOf(note, offset);
      if (isCounted(part)) parts.set(id, [...(parts.get(id) ?? []), part]);
    }
  }
  let open = notes;
  return {
    count,
    heldOf: ({ partition, offset }) => (parts.size > 0 && parts.get(idOf(partition, offset))) || NOTHING,
    settled({ partition, offset }) {
      if (!parts.delete(idOf(partition, offset))) return;
      const isDone = (note: RequestNote) =>
        note.operations.every((each) => !parts.has(idOf(note, each.offset)));
      const done = open.filter(isDone);
      open = open.filter((note) => !isDone(note));
      // Not durable, it is done again by the next run, which finds the records settled.
      if (done.length > 0) log.note(group, { ended: done.map(endOf) }).catch(() => undefined);
    },
  };
}

function idOf({ topic, partition }: Pick<RequestNote, 'topic' | 'partition'>, offset: number): string {
  return `${topic}/${partition}/${offset}`;
}

function endOf({ id, operations }: RequestNote): RequestEnd {
  const doubtful = operations.some(({ part }) => isCounted(part));
  return { id, attempts: [], attemptCount: 0, doubtful };
}
