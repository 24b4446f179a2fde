/** A record on its way through one destination: what is still open of it, and what its dead letter would need. */
import { letterOf } from '../dead-letters/letter.ts';
import type { Trace } from '../delivery/trace.ts';
import type { DeadLetter, LetterDelivery, UndeliveredPart } from '../model/dead-letter.ts';
import type { Rejected } from '../model/outcome.ts';
import type { LogRecord, NewRecord } from '../model/record.ts';
import type { Partition } from './progress-writer.ts';

export interface Passage {
  readonly partition: Partition;
  readonly offset: number;
  readonly text: string;
  readonly record: Omit<NewRecord, 'value'>;
  readonly bytes: number;
  /** Operations without an outcome. */
  open: number;
  undelivered: readonly UndeliveredPart[];
  /** The last request that carried a part which was not delivered. */
  delivery?: LetterDelivery;
}

/** One for all: thousands of passages are alive at a time, and hardly one ever has any. */
const NOTHING: readonly UndeliveredPart[] = [];

export function passageOf(record: LogRecord, text: string, partition: Partition): Passage {
  const { key, headers, timestamp, offset } = record;
  return {
    partition,
    offset,
    text,
    record: { key, headers, timestamp },
    bytes: record.value.byteLength,
    open: 0,
    undelivered: NOTHING,
  };
}

export function textOf({ value }: LogRecord): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
}

/** Undefined when nothing was ever sent, e.g. of what grew too old before. */
export function deliveryOf(trace: Trace): LetterDelivery | undefined {
  const [first, last] = [trace.attempts[0], trace.attempts.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return {
    attempts: trace.attemptCount,
    firstAttemptAt: first.at,
    lastAttemptAt: last.at,
    endpoint: trace.endpoint,
    objects: last.objects,
    status: last.status,
    reply: trace.reply,
  };
}

/**
 * @param at ms since the epoch
 * @param value the stored bytes where they are at hand; they may differ from the text when corrupt
 */
export function letterFrom(
  passage: Passage,
  outcome: Rejected,
  { destination, at, value }: { destination: string; at: number; value: Uint8Array | undefined },
): DeadLetter {
  const { offset, undelivered, delivery } = passage;
  const { topic, partition } = passage.partition;
  // Copied: the stored bytes are a view of a whole chunk.
  const record = { ...passage.record, value: Buffer.from(value ?? passage.text) };
  const from = { destination, topic, partition, offset, record, ...(delivery ? { delivery } : {}) };
  return letterOf(from, outcome, undelivered.length > 0 ? undelivered : null, at);
}
