/** Tells the tracer of each piece that is in the log: what it held, how long that took, and which traces its events are of. */
import type { ProcessedRecords, Tracer } from '../telemetry/tracing.ts';
import type { Piece } from './pieces.ts';
import type { Store } from './store.ts';

/** The same store; the very same where nothing is traced. @param now ms since the epoch */
export function traced(
  store: Store,
  tracer: Pick<Tracer, 'processed'> | undefined,
  now: () => number,
): Store {
  if (!tracer) return store;
  return async (piece, signal) => {
    const at = now();
    const isStored = await store(piece, signal);
    if (isStored) tracer.processed({ ...factsOf(piece), at, durationMs: now() - at });
    return isStored;
  };
}

function factsOf(piece: Piece): Omit<ProcessedRecords, 'at' | 'durationMs'> {
  const { topic, partition, source, messages, records, letters } = piece;
  return {
    topic,
    partition,
    source,
    records: messages,
    accepted: records.length,
    rejected: letters.length,
    traceparents: traceparentsOf(piece),
  };
}

/** What a producer gave its record, the record's events and letters all carry. */
function* traceparentsOf({ records, letters }: Piece): Generator<string | undefined> {
  for (const { headers } of records) yield headers.traceparent;
  for (const { record } of letters) yield record.headers.traceparent;
}
