/** Cuts single records out of their segments, for persons whose turn has come: in the worker, which reads the segments. */
import type { LogRecord } from '../../model/record.ts';
import type { FetchResult } from './protocol.ts';
import { createSegment } from './segment.ts';
import type { SegmentTable } from './segment-table.ts';

/** Bytes of segments that one call reads: some 10 ms of the worker's time. */
const FETCH_BYTES = 8 * 1024 * 1024;

/** `offsets` ascend, so that neighbours share the reading of their segment. */
export function fetchRecords(segments: SegmentTable, offsets: readonly number[]): FetchResult {
  const records: LogRecord[] = [];
  let [looked, bytes] = [0, 0];
  let segment: ReturnType<typeof createSegment> | undefined;
  for (const offset of offsets) {
    if (segment === undefined || offset >= segment.end) {
      if (bytes > FETCH_BYTES) break;
      const row = segments.at(offset);
      bytes += row?.data.byteLength ?? 0;
      segment = row && createSegment(row);
    }
    looked += 1;
    if (segment) records.push(ownRecord(segment.record(offset)));
  }
  return { looked, records };
}

/** A view would drag its whole segment's buffer along to the main thread. */
function ownRecord(record: LogRecord): LogRecord {
  return { ...record, value: new Uint8Array(record.value) };
}
