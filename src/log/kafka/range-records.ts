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

/** A transaction's end marker: its key holds a version and a type of 2 bytes each, type 0 an abort (KIP-98). */
const ABORT = 0;

export function recordsIn(fetched: FetchedPartition, from: number): FetchedRecords {
  const { messages: raw } = fetched;
  const aborted = abortedIn(fetched);
  const isMeant = (record: RawRecord): boolean =>
    !record.isControlRecord && Number(record.offset) >= from && !aborted.has(record);
  const messages = raw.filter(isMeant).map(messageFrom);
  const last = raw.at(-1);
  const next = last === undefined ? from : Math.max(from, endOfBatch(last));
  return { messages, next, end: offsetOf(fetched.lastStableOffset) };
}

function endOfBatch({ offset, batchContext }: RawRecord): number {
  if (batchContext === undefined) return offsetOf(offset) + 1;
  return offsetOf(batchContext.firstOffset) + batchContext.lastOffsetDelta + 1;
}

/** What aborted transactions wrote: from a transaction's first offset to its producer's next abort marker. */
export function abortedIn({ messages, abortedTransactions }: FetchedPartition): ReadonlySet<RawRecord> {
  if (!abortedTransactions || abortedTransactions.length === 0) return new Set();
  const waiting = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, from: Number(firstOffset) }))
    .sort((a, b) => a.from - b.from);
  const open = new Set<string>();
  const isAborted = (record: RawRecord): boolean => {
    const offset = Number(record.offset);
    for (let first = waiting[0]; first && first.from <= offset; first = waiting[0]) {
      open.add(first.producerId);
      waiting.shift();
    }
    const { producerId = '', inTransaction = false } = record.batchContext ?? {};
    if (!record.isControlRecord) return inTransaction && open.has(producerId);
    if (record.key?.readInt16BE(2) === ABORT) open.delete(producerId);
    return false;
  };
  return new Set(messages.filter(isAborted));
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
