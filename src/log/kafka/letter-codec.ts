/**
 * A dead letter as a message of its topic and back. The key is the letter's id and the value the record's own bytes;
 * headers tell people and other tools what it is, and one header, JSON, has all the rest, so that reading needs no other.
 */
import type { DeadLetter } from '../../model/dead-letter.ts';
import type { NewRecord } from '../../model/record.ts';
import type { OutMessage, RawMessage } from './record-codec.ts';

const DETAIL = 'brazier-letter';

/** What a reader of this version understands; a message of another one is passed over, and said so. */
const VERSION = 1;

/** Headers for people end here: a key has no upper bound. The JSON has it whole. */
const SHOWN_CHARS = 256;

/** All of a letter but its value and its id, which is the message's key. */
export interface LetterDetail extends Omit<DeadLetter, 'id' | 'record'> {
  readonly v: number;
  /** Orders the letters of one millisecond as they were written. */
  readonly seq: number;
  readonly record: Omit<NewRecord, 'value'>;
}

export function detailOf({ id: _, record, ...rest }: DeadLetter, seq: number): LetterDetail {
  const { key, headers, timestamp } = record;
  return { v: VERSION, seq, ...rest, record: { key, headers, timestamp } };
}

/** The time of the message is the letter's: what the topic drops for its age is older than the letters' own limit. */
export function messageOfLetter(letter: DeadLetter, detail: string): OutMessage {
  const { id, at, record } = letter;
  const headers = { ...shownHeaders(letter), [DETAIL]: detail };
  return { key: id, value: record.value, headers, timestamp: at };
}

/** For whoever reads the topic by other means. Where ingest turned an event away there is no original place. */
export function shownHeaders(letter: DeadLetter): Record<string, string> {
  const { destination, position, record, outcome, delivery } = letter;
  const [, topic, partition, offset] = position?.match(/^(.*)\/(\d+)\/(\d+)$/) ?? [];
  const shown = {
    destination,
    kind: outcome.kind,
    code: outcome.code,
    source: record.headers.source,
    'original-topic': topic,
    'original-partition': partition,
    'original-offset': offset,
    'original-key': record.key,
    attempts: String(delivery?.attempts ?? 0),
    'first-seen': record.headers.receivedAt,
  };
  const known = Object.entries(shown).filter((entry): entry is [string, string] => entry[1] != null);
  return Object.fromEntries(known.map(([name, text]) => [name, text.slice(0, SHOWN_CHARS).toWellFormed()]));
}

/** The JSON text of a message that holds its letter by itself; undefined of any other. */
export function detailTextIn({ headers }: RawMessage): string | undefined {
  const text: unknown = headers[DETAIL];
  return Buffer.isBuffer(text) ? text.toString() : undefined;
}

/** Undefined when it is none of ours, or of a version that is not known here. */
export function parseDetail(text: string | undefined): LetterDetail | undefined {
  if (text === undefined) return undefined;
  try {
    const detail = JSON.parse(text) as LetterDetail | null;
    return detail?.v === VERSION ? detail : undefined;
  } catch {
    return undefined;
  }
}

/** @param value is copied: a view would keep the whole fetched buffer */
export function letterOf(id: string, detail: LetterDetail, value: Uint8Array): DeadLetter {
  const { v: _, seq: __, record, ...rest } = detail;
  return { id, ...rest, record: { ...record, value: new Uint8Array(value) } };
}
