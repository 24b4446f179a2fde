/** The notes of one group while its partitions stay the same: begun, taken over from who had them before, and ended. */
import type { RequestEnd, RequestNote } from '../request-note.ts';
import { messageOfNote } from './request-codec.ts';
import type { LookParts } from './requests-look.ts';
import { createOpenNotes } from './requests-open.ts';
import { type AssignedPlace, findOpen, taken } from './requests-unfinished.ts';
import type { PatientWrite } from './requests-write.ts';

export interface Tenure {
  /** Resolves when it is durable, as `end`; or when the partitions are somebody else's. Rejects with `LogError`. */
  begin(note: RequestNote): Promise<void>;
  /** Of a note that is not open, nothing happens. */
  end(end: RequestEnd): Promise<void>;
  /** What is open in a partition of the requests' topic, of the places that are this process's; it is, from now on. */
  takeOver(partition: number, places: readonly AssignedPlace[] | undefined): Promise<readonly RequestNote[]>;
  /** Undefined while what an earlier owner left open in the partition is not known. */
  floorOf(partition: number): number | undefined;
  /** Nothing of it is written any more. */
  forget(): void;
}

export interface TenureParts extends LookParts {
  readonly group: string;
  /** This process, in the names of its notes. */
  readonly worker: string;
  readonly write: PatientWrite;
  readonly now: () => number;
  /** Ids that another process has given out. */
  readonly saw: (id: number) => void;
}

export function createTenure(parts: TenureParts): Tenure {
  const { group, worker, topic, write, now } = parts;
  const open = createOpenNotes();
  const forgotten = new AbortController();
  const lost = forgotten.signal;

  async function begin(note: RequestNote): Promise<void> {
    const partition = note.partition % topic.partitions;
    const writing = write(partition, messageOfNote({ group, worker }, note, null, now()), lost);
    const opened = { note, worker, partition, offset: open.end(partition), isEnding: false, writing };
    open.open(opened);
    try {
      const offset = await writing;
      if (offset === undefined) return;
      opened.offset = offset;
      open.wrote(partition, offset);
    } catch (error) {
      // It stands nowhere: nobody can end it.
      open.close(note.id);
      throw error;
    }
  }

  async function end(ended: RequestEnd): Promise<void> {
    const opened = open.get(ended.id);
    if (opened === undefined || opened.isEnding) return;
    opened.isEnding = true;
    await opened.writing;
    const { note, partition } = opened;
    const message = messageOfNote({ group, worker: opened.worker }, note, ended, now());
    const offset = await write(partition, message, lost);
    if (offset === undefined) return;
    open.close(ended.id);
    open.wrote(partition, offset);
  }

  return {
    begin,
    end,
    async takeOver(partition, places) {
      const here = places?.filter((place) => place.partition % topic.partitions === partition);
      const floor = Math.min(...(here?.map((place) => place.floor) ?? [0]));
      const found = await findOpen(parts, group, partition, floor);
      parts.saw(found.largestId);
      const mine = found.notes.flatMap((left) => {
        const note = taken(left.note, places);
        if (note === undefined) return [];
        if (open.get(note.id) === undefined) {
          open.open({ ...left, partition, isEnding: false, writing: Promise.resolve(left.offset) });
        }
        return [note];
      });
      open.known(partition, found.end);
      return mine;
    },
    floorOf: open.floorOf,
    forget: () => forgotten.abort(),
  };
}
