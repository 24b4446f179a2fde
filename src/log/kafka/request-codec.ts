/**
 * A note of a request as a message and back. The end of a request repeats its note under the same key, so that a
 * compacted topic keeps the whole story in one message.
 */
import type { RequestEnd, RequestNote } from '../request-note.ts';
import type { OutMessage, RawMessage } from './record-codec.ts';

const VERSION = 1;

/** Who wrote a note, and which: of two processes that give out the same id both notes are kept. */
export interface NoteName {
  readonly group: string;
  /** Of the process that began it. */
  readonly worker: string;
  readonly id: number;
}

interface NoteText {
  readonly v: number;
  readonly at: number;
  readonly endpoint: string;
  readonly topic: string;
  readonly partition: number;
  /** The first offset, then each one's difference to the one before. */
  readonly offsets: readonly number[];
  /** One for all where they are the same. */
  readonly parts: string | readonly string[];
  readonly end?: Omit<RequestEnd, 'id'>;
}

export interface StoredNote {
  readonly note: RequestNote;
  readonly end: RequestEnd | null;
}

/** @param timestamp when it is written, ms since the epoch */
export function messageOfNote(
  { group, worker }: Omit<NoteName, 'id'>,
  note: RequestNote,
  end: RequestEnd | null,
  timestamp: number,
): OutMessage {
  const { id, at, endpoint, topic, partition, operations } = note;
  const offsets = operations.map(({ offset }) => offset);
  const [part = ''] = operations.map((operation) => operation.part);
  const isSame = operations.every((operation) => operation.part === part);
  const text: NoteText = {
    v: VERSION,
    at,
    endpoint,
    topic,
    partition,
    offsets: offsets.map((offset, index) => offset - (offsets[index - 1] ?? 0)),
    parts: isSame ? part : operations.map((operation) => operation.part),
    ...(end && { end: { attempts: end.attempts, attemptCount: end.attemptCount, doubtful: end.doubtful } }),
  };
  const value = Buffer.from(JSON.stringify(text));
  return { key: `${group}\0${worker}\0${id}`, value, headers: {}, timestamp };
}

/** Undefined when it is no note's. */
export function nameIn({ key }: RawMessage): NoteName | undefined {
  const [group, worker, id, ...more] = key?.toString().split('\0') ?? [];
  const number = Number(id);
  if (group === undefined || worker === undefined || !id || more.length > 0) return undefined;
  return Number.isSafeInteger(number) ? { group, worker, id: number } : undefined;
}

/** Undefined when it is none, or of a version that is not known here. */
export function noteIn({ value }: RawMessage, { id }: Pick<NoteName, 'id'>): StoredNote | undefined {
  const text = parse(value);
  if (text?.v !== VERSION) return undefined;
  const { at, endpoint, topic, partition, offsets, parts, end } = text;
  let offset = 0;
  const operations = offsets.map((difference, index) => {
    offset += difference;
    return { offset, part: typeof parts === 'string' ? parts : (parts[index] ?? '') };
  });
  return {
    note: { id, at, endpoint, topic, partition, operations },
    end: end === undefined ? null : { id, ...end },
  };
}

function parse(value: Buffer | null): NoteText | null {
  try {
    return JSON.parse(value?.toString() ?? 'null') as NoteText | null;
  } catch {
    return null;
  }
}
