/** What the processes before this one left open of a group, in the partitions that it has now. */

import type { Progress } from '../log.ts';
import { isSettled } from '../progress.ts';
import type { RequestNote } from '../request-note.ts';
import { nameIn, noteIn } from './request-codec.ts';
import type { LookParts } from './requests-look.ts';

/** A partition of a topic of records that the group's reader here has. */
export interface AssignedPlace {
  /** As in the chunks of its records, and in their notes. */
  readonly topic: string;
  readonly partition: number;
  readonly progress: Progress;
  /** Offset in the requests partition below which the group has no open note, as it was committed. */
  readonly floor: number;
}

export interface LeftOpen {
  readonly note: RequestNote;
  readonly worker: string;
  /** Of its message. */
  readonly offset: number;
}

export interface FoundOpen {
  readonly notes: readonly LeftOpen[];
  /** The partition was read up to here. */
  readonly end: number;
  /** Of any group; 0 without any. */
  readonly largestId: number;
}

/** Without a floor: further back there are none of a group that has committed nothing yet. */
const LOOK_BACK = 200_000;

/** Notes of a partition are written about in the order of their ids. */
const LAST_ONES = 16;

/** Notes of the group in a partition of the requests' topic without an end, from the floor on. */
export async function findOpen(
  { reader, topic, signal }: LookParts,
  group: string,
  partition: number,
  floor: number,
): Promise<FoundOpen> {
  const { first, end } = await reader.bounds(topic.topic, partition);
  const from = Math.max(first, floor > 0 ? floor : end - LOOK_BACK);
  const open = new Map<string, LeftOpen>();
  let largestId = 0;
  for await (const messages of reader.read(topic.topic, partition, { from, to: end }, signal)) {
    for (const message of messages) {
      const name = nameIn(message);
      largestId = Math.max(largestId, name?.id ?? 0);
      if (name?.group !== group) continue;
      const stored = noteIn(message, name);
      const key = `${name.worker}\0${name.id}`;
      if (stored === undefined) continue;
      if (stored.end !== null) open.delete(key);
      else open.set(key, { note: stored.note, worker: name.worker, offset: message.offset });
    }
  }
  signal.throwIfAborted();
  return { notes: [...open.values()], end, largestId };
}

/** The largest id among the last notes of a partition, of any group; 0 without any. */
export async function lastId({ reader, topic, signal }: LookParts, partition: number): Promise<number> {
  const { end } = await reader.bounds(topic.topic, partition);
  let largest = 0;
  const range = { from: Math.max(0, end - LAST_ONES), to: end };
  for await (const messages of reader.read(topic.topic, partition, range, signal)) {
    for (const message of messages) largest = Math.max(largest, nameIn(message)?.id ?? 0);
  }
  return largest;
}

/** The note as its new owner has it: undefined when it is of a partition that somebody else has. */
export function taken(
  note: RequestNote,
  places: readonly AssignedPlace[] | undefined,
): RequestNote | undefined {
  if (places === undefined) return note;
  const place = places.find(({ topic, partition }) => topic === note.topic && partition === note.partition);
  if (place === undefined) return undefined;
  return { ...note, operations: note.operations.filter(({ offset }) => !isSettled(place.progress, offset)) };
}
