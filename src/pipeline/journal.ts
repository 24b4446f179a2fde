/**
 * Notes every request in the log: before it leaves, and when it has ended. So that it is known after a crash what was
 * under way, and later what became of an event.
 */
import type { Sent } from '../delivery/attempt.ts';
import type { Trace } from '../delivery/trace.ts';
import { type EventLog, LogError, type RequestEnd, type RequestNote } from '../log/log.ts';
import type { Clock } from '../model/time.ts';
import type { Passage } from './passage.ts';

export interface Journal {
  /** What delivery waits for before a request leaves: nothing, or that its note is durable. */
  leaving(sent: Sent<Passage>): Promise<void> | undefined;
  /** These objects have their outcomes, durably; with the last of a request its note is completed. */
  settled(sent: Sent<Passage>): void;
  /** Nothing is under way any more: completes the notes of what waited to be tried again. Resolves when that is durable. */
  release(): Promise<void>;
}

export interface JournalOptions {
  readonly log: Pick<EventLog, 'note' | 'newRequestId'>;
  readonly group: string;
  readonly clock: Clock;
  /** Requests with events or purchases wait until their note is durable. */
  readonly hold: boolean;
  /** So many events and purchases of a request may have counted twice: one of its replies was lost. */
  readonly onDoubt: (count: number) => void;
  /** Ends the waiting for a full disk. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** How often a note that found the disk full is tried again where the request waits for it. */
const DISK_FULL_RETRY_MS = 1_000;

/** A request that has left. */
interface Noted {
  readonly ids: readonly number[];
  /** Objects without a durable outcome: parts of it settle side by side, so the trace is ahead of what is durable. */
  open: number;
}

export function createJournal(options: JournalOptions): Journal {
  const { log, group, clock, hold, signal, onDoubt, onError } = options;
  const underWay = new Map<Trace, Noted>();

  /** Without a wait for it the note is a courtesy: a full disk must not stop delivery, which makes room. */
  const forgive = (error: unknown) => {
    if (!(error instanceof LogError)) onError(error);
  };

  async function insist(begun: readonly RequestNote[]): Promise<void> {
    for (;;) {
      try {
        return await log.note(group, { begun, urgent: true });
      } catch (error) {
        if (!(error instanceof LogError) || error.code !== 'disk_full') throw error;
        await clock.delay(DISK_FULL_RETRY_MS, signal);
      }
    }
  }

  return {
    leaving(sent) {
      const begun = notesOf(sent, clock.epochMs(), () => log.newRequestId());
      underWay.set(sent.trace, { ids: begun.map(({ id }) => id), open: sent.items.length });
      if (hold && sent.items.some(({ operation }) => isCounted(operation.part))) return insist(begun);
      log.note(group, { begun }).catch(forgive);
      return undefined;
    },
    settled({ trace, items }) {
      const noted = underWay.get(trace);
      if (!noted) return;
      noted.open -= items.length;
      if (noted.open > 0) return;
      underWay.delete(trace);
      if (trace.fateUnknown) onDoubt(trace.counted);
      log.note(group, { ended: endsOf(trace, noted.ids) }).catch(forgive);
    },
    async release() {
      const ended = [...underWay].flatMap(([trace, { ids }]) => endsOf(trace, ids));
      underWay.clear();
      if (ended.length > 0) await log.note(group, { ended, urgent: true }).catch(forgive);
    },
  };
}

function endsOf({ attempts, attemptCount, fateUnknown }: Trace, ids: readonly number[]): RequestEnd[] {
  return ids.map((id) => ({ id, attempts, attemptCount, doubtful: fateUnknown }));
}

/** A part of an event that counts once more when it is sent once more. */
export function isCounted(part: string): boolean {
  return part.startsWith('event:') || part.startsWith('purchase:');
}

/** One for each partition that the request's records come from. */
function notesOf({ endpoint, items }: Sent<Passage>, at: number, newId: () => number): RequestNote[] {
  const byPartition = Map.groupBy(items, ({ owner }) => owner.partition);
  return [...byPartition].map(([{ topic, partition }, group]) => {
    const operations = group.map(({ owner, operation }) => ({ offset: owner.offset, part: operation.part }));
    return { id: newId(), at, endpoint, topic, partition, operations };
  });
}
