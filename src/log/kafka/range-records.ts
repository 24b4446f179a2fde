/**
 * What one fetch of a partition says: the committed records from an offset on, and where to go on, which kafkajs cannot
 * tell of a batch whose last records were compacted away.
 */
import type { FetchedPartition, RawRecord } from './internals.ts';
import type { RawMessage } from './record-codec.ts';

export interface FetchedRecords {
  /** Ascending. */
  readonly messages: readonly RawMessage[];
  /** Where the next fetch begins; what lies below and is not among the messages will never be. */
  readonly next: number;
  /** The last stable offset, exclusive: nothing above it can be read yet. */
  readonly end: number;
}

export function recordsIn(fetched: FetchedPartition, from: number): FetchedRecords {
  const { messages: raw } = fetched;
  // What aborted transactions wrote is marked so too, for whoever fetches.
  const isMeant = (record: RawRecord): boolean => !record.isControlRecord && Number(record.offset) >= from;
  const messages = raw.filter(isMeant).map(messageFrom);
  const last = raw.at(-1);
  const next = last === undefined ? from : Math.max(from, endOfBatch(last));
  return { messages, next, end: offsetOf(fetched.lastStableOffset) };
}

function endOfBatch({ offset, batchContext }: RawRecord): number {
  if (batchContext === undefined) return offsetOf(offset) + 1;
  return offsetOf(batchContext.firstOffset) + batchContext.lastOffsetDelta + 1;
}

/** A record as everybody of this log sees it; of a header that occurs more than once, the last. */
export function messageFrom({ offset, timestamp, key, value, headers }: RawRecord): RawMessage {
  return { offset: offsetOf(offset), timestamp: Number(timestamp), key, value, headers: lastOf(headers) };
}

function lastOf(headers: RawRecord['headers']): RawMessage['headers'] {
  const isSingle = (value: unknown): boolean => !Array.isArray(value);
  if (Object.values(headers).every(isSingle)) return headers as RawMessage['headers'];
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.at(-1) : value]),
  );
}

/** Kafka counts to 2^63; beyond 2^53 a number would name another record. */
export function offsetOf(text: string): number {
  const offset = Number(text);
  if (!Number.isSafeInteger(offset)) throw new Error(`an offset is a whole number below 2^53, got ${text}`);
  return offset;
}
