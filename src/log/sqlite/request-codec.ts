/** A note of a request as its row holds it: offsets as differences, parts once where all are the same. */
import type { NotedRequest, RequestEnd, RequestNote } from '../request-note.ts';
import type { RequestEndRow, RequestRow } from './protocol.ts';

interface NoteText {
  readonly endpoint: string;
  readonly topic: string;
  readonly partition: number;
  /** The first offset, then each one's difference to the one before. */
  readonly offsets: readonly number[];
  readonly parts: string | readonly string[];
}

export function encodeNote(group: string, note: RequestNote): RequestRow {
  const { id, at, endpoint, topic, partition, operations } = note;
  const offsets = operations.map(({ offset }) => offset);
  const [part = ''] = operations.map((operation) => operation.part);
  const isSame = operations.every((operation) => operation.part === part);
  const text: NoteText = {
    endpoint,
    topic,
    partition,
    offsets: offsets.map((offset, index) => offset - (offsets[index - 1] ?? 0)),
    parts: isSame ? part : operations.map((operation) => operation.part),
  };
  const [lo, hi] = [Math.min(...offsets), Math.max(...offsets)];
  return { id, group, at, lo, hi, doubt: 0, note: JSON.stringify(text), end: null };
}

export function encodeEnd({ id, attempts, attemptCount, doubtful }: RequestEnd): RequestEndRow {
  return { id, doubt: doubtful ? 1 : 0, end: JSON.stringify({ attempts, attemptCount }) };
}

export function decodeRequest({ id, group, at, note, end, doubt }: RequestRow): NotedRequest {
  const { endpoint, topic, partition, offsets, parts } = JSON.parse(note) as NoteText;
  let offset = 0;
  const operations = offsets.map((difference, index) => {
    offset += difference;
    return { offset, part: typeof parts === 'string' ? parts : (parts[index] ?? '') };
  });
  const ended = end === null ? null : { id, ...JSON.parse(end), doubtful: doubt === 1 };
  return { id, at, group, endpoint, topic, partition, operations, end: ended };
}
