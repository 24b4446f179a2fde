/**
 * The notes that this process has begun or taken over and not ended, and from them the floor of a partition: the offset in
 * the requests' topic below which its group has none that is open.
 */
import type { RequestNote } from '../request-note.ts';

export interface OpenNote {
  readonly note: RequestNote;
  /** The process that began it. */
  readonly worker: string;
  /** In the requests' topic. */
  readonly partition: number;
  /** Of its message there; until that is durable, an offset that it is not below. */
  offset: number;
  /** Resolves when the message is durable; an end is never written before. */
  readonly writing: Promise<unknown>;
  /** Its end is being written: another one is not. */
  isEnding: boolean;
}

export interface OpenNotes {
  get(id: number): OpenNote | undefined;
  open(note: OpenNote): void;
  /** Its end is durable; or the note itself never will be. */
  close(id: number): void;
  /** Everything in the partition below the offset that an earlier owner left open is known here. */
  known(partition: number, below: number): void;
  /** A message of this process is durable there. */
  wrote(partition: number, offset: number): void;
  /** An offset that no message written from now on is below. */
  end(partition: number): number;
  /** Undefined while what an earlier owner left open in the partition is not known. */
  floorOf(partition: number): number | undefined;
}

/** Of one group. */
export function createOpenNotes(): OpenNotes {
  const notes = new Map<number, OpenNote>();
  const ends = new Map<number, number>();
  return {
    get: (id) => notes.get(id),
    open(note) {
      notes.set(note.note.id, note);
    },
    close(id) {
      notes.delete(id);
    },
    known(partition, below) {
      ends.set(partition, Math.max(below, ends.get(partition) ?? 0));
    },
    wrote(partition, offset) {
      const end = ends.get(partition);
      if (end !== undefined) ends.set(partition, Math.max(end, offset + 1));
    },
    end: (partition) => ends.get(partition) ?? 0,
    floorOf(partition) {
      let floor = ends.get(partition);
      if (floor === undefined) return undefined;
      for (const note of notes.values()) {
        if (note.partition === partition) floor = Math.min(floor, note.offset);
      }
      return floor;
    },
  };
}
