/** Reads the log by time and not for a group: asks the worker for the next segments only when the caller asks for more. */
import type { LogRecord } from '../../model/record.ts';
import type { ScanRange } from '../log.ts';
import type { StoreClient } from './client.ts';
import { createSegment, type Segment } from './segment.ts';

/** A record is written some seconds after it was accepted, and the clock may have been set in between. */
const WRITTEN_WITHIN_MS = 60 * 60 * 1000;

export interface ScanSource {
  readonly client: StoreClient;
  /** The scan ends before this offset. */
  readonly head: number;
  closing(): boolean;
}

export async function* scanRecords(
  { client, head, closing }: ScanSource,
  { from, to, offsets }: ScanRange,
  signal: AbortSignal,
): AsyncGenerator<readonly LogRecord[], void> {
  const written = { since: from - WRITTEN_WITHIN_MS, until: to + WRITTEN_WITHIN_MS };
  for (let position = offsets?.get(0) ?? 0; position < head && !signal.aborted && !closing(); ) {
    const segments = (await client.call('scan', { offset: position, ...written })).map(createSegment);
    const end = segments.at(-1)?.end;
    if (end === undefined) return;
    const records = segments.flatMap((segment) => recordsOf(segment, position, Math.min(segment.end, head)));
    position = end;
    const meant = records.filter(({ timestamp }) => from <= timestamp && timestamp < to);
    if (meant.length > 0) yield meant;
  }
}

function recordsOf(segment: Segment, from: number, to: number): LogRecord[] {
  const records: LogRecord[] = [];
  for (let offset = Math.max(from, segment.base); offset < to; offset += 1)
    records.push(segment.record(offset));
  return records;
}
