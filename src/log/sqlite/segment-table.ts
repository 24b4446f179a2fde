/** The segment table: appended at its end, read in bounded pieces by queries that end, so that the WAL can be reset. */
import type { DatabaseSync } from 'node:sqlite';
import type { ScanCall, SearchCall, SearchResult, SegmentRow } from './protocol.ts';

/** A read ends at about 1 MB of values, 5,000 records or 256 rows; a larger single segment comes alone. */
const READ_BYTES = 1024 * 1024;
const READ_RECORDS = 5000;
const READ_ROWS = 256;
/** A step of a search looks at so many segments or bytes of them (a larger one alone): some 10 ms of the worker's time. */
const SEARCH_ROWS = 64;
const SEARCH_BYTES = 8 * 1024 * 1024;

export interface SegmentTable {
  insert(row: SegmentRow): void;
  /** The offset after the last record ever appended. */
  head(): number;
  /** The first offset that is still held. */
  first(): number | undefined;
  /** When the segment that holds `offset` was written, or the next there is. */
  writtenAt(offset: number): number | undefined;
  /** Consecutive segments, beginning with the one that holds `from` (or, if that is gone, with the next there is). */
  read(from: number): SegmentRow[];
  /** The segment that holds the offset. */
  at(offset: number): SegmentRow | undefined;
  /** Of a bounded number of segments that begin before an offset, from the newest back, those that hold the text. */
  search(call: SearchCall): SearchResult;
  /** The same for segments written from `since` on and before `until`; those beside them may be among them. */
  scan(call: ScanCall): SegmentRow[];
}

interface Extent {
  readonly base: number;
  readonly n: number;
  readonly bytes: number;
}

export function createSegmentTable(db: DatabaseSync): SegmentTable {
  const insert = db.prepare(
    'INSERT INTO segment(base, n, ts, ends, sums, meta, data) VALUES(?, ?, ?, ?, ?, ?, ?)',
  );
  const first = db.prepare('SELECT min(base) AS base FROM segment');
  const written = db.prepare(
    `SELECT ts FROM segment
     WHERE base >= coalesce((SELECT max(base) FROM segment WHERE base <= ?), 0) AND base + n > ? ORDER BY base LIMIT 1`,
  );
  const plan = db.prepare(
    `SELECT base, n, length(data) AS bytes FROM segment
     WHERE base >= coalesce((SELECT max(base) FROM segment WHERE base <= ?), 0) ORDER BY base LIMIT ${READ_ROWS}`,
  );
  const select = db.prepare(
    'SELECT base, n, ts, ends, sums, meta, data FROM segment WHERE base BETWEEN ? AND ? ORDER BY base',
  );
  // Walks over the rows' heads: what they hold lies behind them and is not read.
  const next = db.prepare(
    'SELECT min(base) AS base FROM segment WHERE base >= coalesce((SELECT max(base) FROM segment WHERE base <= ?), 0) AND base + n > ? AND ts >= ? AND ts < ?',
  );
  const at = db.prepare(
    'SELECT base, n, ts, ends, sums, meta, data FROM segment WHERE base <= ? ORDER BY base DESC LIMIT 1',
  );
  const step = db.prepare(
    `SELECT base, n, length(data) AS bytes FROM segment WHERE base < ? ORDER BY base DESC LIMIT ${SEARCH_ROWS}`,
  );
  // The text may stand in the value or, where ingest made the id, in the meta.
  const search = db.prepare(
    `SELECT base, n, ts, ends, sums, meta, data FROM segment WHERE base >= ? AND base < ?
     AND (instr(data, CAST(? AS BLOB)) > 0 OR instr(meta, CAST(? AS BLOB)) > 0) ORDER BY base DESC`,
  );
  const read = (from: number): SegmentRow[] => {
    const held = (plan.all(from) as unknown as Extent[]).filter(({ base, n }) => base + n > from);
    const last = lastWithin(held);
    if (held[0] === undefined || last === undefined) return [];
    return select.all(held[0].base, last.base) as unknown as SegmentRow[];
  };
  return {
    insert({ base, n, ts, ends, sums, meta, data }) {
      insert.run(base, n, ts, ends, sums, meta, data);
    },
    head() {
      const end = db.prepare('SELECT base + n AS "end" FROM segment ORDER BY base DESC LIMIT 1').get()?.end;
      const kept = db.prepare(`SELECT value FROM state WHERE name = 'head'`).get()?.value;
      return Math.max(Number(end ?? 0), Number(kept ?? 0));
    },
    first() {
      const base = first.get()?.base;
      return typeof base === 'number' ? base : undefined;
    },
    writtenAt(offset) {
      const at = written.get(offset, offset)?.ts;
      return typeof at === 'number' ? at : undefined;
    },
    read,
    at(offset) {
      const row = at.get(offset) as unknown as SegmentRow | undefined;
      return row !== undefined && offset < row.base + row.n ? row : undefined;
    },
    search({ text, before }) {
      const from = firstWithin(step.all(before) as unknown as Extent[]);
      if (from === undefined) return { rows: [], before: 0 };
      return { rows: search.all(from, before, text, text) as unknown as SegmentRow[], before: from };
    },
    scan({ offset, since, until }) {
      const base = next.get(offset, offset, since, until)?.base;
      return typeof base === 'number' ? read(base) : [];
    },
  };
}

/** The last of the consecutive segments that fit together in one answer. */
function lastWithin(held: readonly Extent[]): Extent | undefined {
  let last = held[0];
  let bytes = last?.bytes ?? 0;
  let records = last?.n ?? 0;
  for (const segment of held.slice(1)) {
    bytes += segment.bytes;
    records += segment.n;
    const follows = last !== undefined && segment.base === last.base + last.n;
    if (!follows || bytes > READ_BYTES || records > READ_RECORDS) break;
    last = segment;
  }
  return last;
}

/** Where a step back over these segments, newest first, ends. */
function firstWithin(newestFirst: readonly Extent[]): number | undefined {
  let bytes = 0;
  const over = newestFirst.findIndex((segment, index) => {
    bytes += segment.bytes;
    return index > 0 && bytes > SEARCH_BYTES;
  });
  return newestFirst.at(over < 0 ? -1 : over - 1)?.base;
}
