/** Segments: the records of one write side by side in one row; written as one blob, cut apart only when a record is asked for. */
import { crc32 } from 'node:zlib';
import { EVENTS_TOPIC, type LogRecord, type NewRecord, type RecordHeaders } from '../../model/record.ts';
import type { EncodedRecords, SegmentRow } from './protocol.ts';

/** What a segment knows of its records beside the values. */
interface SegmentMeta {
  readonly keys: readonly string[];
  /** Milliseconds since the first record's timestamp, whose own entry is absolute. */
  readonly times: readonly number[];
  readonly headers: readonly RecordHeaders[];
  /** Per record its place in `headers`: the records of one request share theirs. */
  readonly headersOf: readonly number[];
}

/** A stored segment, cut lazily. */
export interface Segment {
  readonly base: number;
  /** The offset after its last record. */
  readonly end: number;
  /** Value bytes of the records from `from` (inclusive) to `to` (exclusive), both offsets within the segment. */
  bytes(from: number, to: number): number;
  record(offset: number): LogRecord;
}

/** Copies the values into one buffer of its own, which may be transferred. */
export function encodeRecords(records: readonly NewRecord[]): EncodedRecords {
  const ends = new Uint32Array(records.length);
  let total = 0;
  for (const [index, { value }] of records.entries()) {
    total += value.byteLength;
    ends[index] = total;
  }
  const data = new Uint8Array(new ArrayBuffer(total));
  for (const [index, { value }] of records.entries()) data.set(value, (ends[index] ?? 0) - value.byteLength);
  return { count: records.length, ends, meta: encodeMeta(records), data };
}

function encodeMeta(records: readonly NewRecord[]): string {
  const texts: string[] = [];
  const placeOfObject = new Map<RecordHeaders, number>();
  const placeOfText = new Map<string, number>();
  const place = (headers: RecordHeaders): number => {
    const text = JSON.stringify(headers);
    const known = placeOfText.get(text) ?? texts.push(text) - 1;
    placeOfText.set(text, known);
    placeOfObject.set(headers, known);
    return known;
  };
  const headersOf = records.map(({ headers }) => placeOfObject.get(headers) ?? place(headers));
  const first = records[0]?.timestamp ?? 0;
  const times = records.map(({ timestamp }, index) => (index === 0 ? timestamp : timestamp - first));
  const rest = JSON.stringify({ keys: records.map(({ key }) => key), times, headersOf });
  return `${rest.slice(0, -1)},"headers":[${texts.join(',')}]}`;
}

/** The same records without those at `dropped` (ascending indices). */
export function dropRecords(records: EncodedRecords, dropped: readonly number[]): EncodedRecords {
  if (dropped.length === 0) return records;
  const gone = new Set(dropped);
  const kept = Array.from({ length: records.count }, (_, index) => index).filter((index) => !gone.has(index));
  const start = (index: number): number => (index === 0 ? 0 : (records.ends[index - 1] ?? 0));
  const values = kept.map((index) => records.data.subarray(start(index), records.ends[index]));
  const ends = new Uint32Array(kept.length);
  let total = 0;
  for (const [index, value] of values.entries()) {
    total += value.byteLength;
    ends[index] = total;
  }
  return { count: kept.length, ends, meta: pickMeta(records.meta, kept), data: Buffer.concat(values, total) };
}

function pickMeta(text: string, kept: readonly number[]): string {
  const meta = JSON.parse(text) as SegmentMeta;
  const first = meta.times[0] ?? 0;
  const absolute = kept.map((index) => (index === 0 ? first : first + (meta.times[index] ?? 0)));
  const times = absolute.map((time, index) => (index === 0 ? time : time - (absolute[0] ?? 0)));
  const pick = <T>(list: readonly T[]) => kept.map((index) => list[index]);
  return JSON.stringify({ ...meta, keys: pick(meta.keys), times, headersOf: pick(meta.headersOf) });
}

/** The row of `records` at `base`: a checksum per value and, last, one of the meta. */
export function segmentRow(records: EncodedRecords, base: number, ts: number): SegmentRow {
  const { count, ends, data } = records;
  const meta = Buffer.from(records.meta);
  const sums = new Uint32Array(count + 1);
  let start = 0;
  for (let index = 0; index < count; index += 1) {
    const end = ends[index] ?? 0;
    sums[index] = crc32(data.subarray(start, end));
    start = end;
  }
  sums[count] = crc32(meta);
  return { base, n: count, ts, ends: bytesOf(ends), sums: bytesOf(sums), meta, data };
}

/** The stored row made readable. Never throws for what the row holds: what does not match is `corrupt`. */
export function createSegment(row: SegmentRow): Segment {
  const { base, n, data } = row;
  const ends = numbersOf(row.ends, n);
  const sums = numbersOf(row.sums, n + 1);
  let meta: SegmentMeta | null | undefined;
  const start = (index: number): number => (index === 0 ? 0 : (ends[index - 1] ?? 0));
  return {
    base,
    end: base + n,
    bytes: (from, to) => Math.max(0, start(to - base) - start(from - base)),
    record(offset) {
      if (meta === undefined) meta = readMeta(row.meta, sums[n]);
      const index = offset - base;
      const value = data.subarray(start(index), ends[index] ?? 0);
      const corrupt = meta === null || crc32(value) !== sums[index];
      const { key, headers, timestamp } = described(meta, index, row.ts);
      return { topic: EVENTS_TOPIC, partition: 0, offset, key, headers, timestamp, value, corrupt };
    },
  };
}

function described(meta: SegmentMeta | null, index: number, ts: number) {
  const headers = meta?.headers[meta.headersOf[index] ?? -1];
  if (meta === null || headers === undefined) {
    return { key: '', timestamp: ts, headers: { source: '', receivedAt: new Date(ts).toISOString() } };
  }
  const first = meta.times[0] ?? 0;
  return {
    key: meta.keys[index] ?? '',
    timestamp: index === 0 ? first : first + (meta.times[index] ?? 0),
    headers,
  };
}

/** Null when the bytes are not those that were written. */
function readMeta(bytes: Uint8Array, sum: number | undefined): SegmentMeta | null {
  if (crc32(bytes) !== sum) return null;
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as SegmentMeta;
}

function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** An array of zeros when the blob has the wrong length: then no checksum matches. */
function numbersOf(bytes: Uint8Array, length: number): Uint32Array {
  if (bytes.byteLength !== length * 4) return new Uint32Array(length);
  if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, length);
  return new Uint32Array(bytes.slice().buffer);
}
