/**
 * Marks what aborted transactions wrote before kafkajs filters what was fetched: its own filter lets a record through when
 * two of them are open at the offset, or when they are not told in the order of their beginnings, and takes a record with a
 * key of four zeros for a transaction's end. A marked record is passed over as the end of a transaction is.
 */
import {
  Broker,
  type FetchedPartition,
  type FetchRequest,
  type RawBroker,
  type RawRecord,
} from './internals.ts';
import { patchMethod } from './patch-guard.ts';

export const FETCH_METHOD = {
  name: 'Broker.fetch',
  sourceHash: '725b9c4d2b9f637a8db34902e167cb7b5f47335005a94ad2cc794995ab259d84',
};

/** A transaction's end marker: its key holds a version and a type of 2 bytes each, type 0 an abort (KIP-98). */
const ABORT = 0;

/** For the whole process; throws when kafkajs is not the one it was made for. */
export function patchFetch(): void {
  patchMethod(
    Broker.prototype,
    'fetch',
    FETCH_METHOD,
    (original) =>
      async function fetch(this: RawBroker, request: FetchRequest) {
        const { responses, ...rest } = await original.call(this, request);
        const told = responses.map((response) => ({
          ...response,
          partitions: response.partitions.map(withoutAborted),
        }));
        return { ...rest, responses: told };
      },
  );
}

/** Marked, they stay: where the next fetch begins follows from them. */
export function withoutAborted(fetched: FetchedPartition): FetchedPartition {
  const aborted = abortedIn(fetched);
  if (aborted.size === 0) return { ...fetched, abortedTransactions: [] };
  const messages = fetched.messages.map((record) =>
    aborted.has(record) ? { ...record, isControlRecord: true } : record,
  );
  return { ...fetched, messages, abortedTransactions: [] };
}

/** What aborted transactions wrote: from a transaction's first offset to its producer's next abort marker. */
function abortedIn({ messages, abortedTransactions }: FetchedPartition): ReadonlySet<RawRecord> {
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
