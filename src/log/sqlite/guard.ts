/**
 * The guard against duplicates: knows every id of the last `guardMs` and some older ones, in the log's file as
 * rows of 16 bytes for each and in memory as fingerprints. No B-tree over ids: with millions of them each insert
 * would touch a page of its own.
 *
 * The 16 bytes: 12 of the id's hash, then the 4 of the content; where any content is the same, 4 more of the id's hash.
 */
import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { createFingerprintSet, type FingerprintSet } from './fingerprint-set.ts';

const ENTRY_BYTES = 16;
const ID_BYTES = 12;

/** Entries per row: 4 KB, which a commit of a single id rewrites within the page it writes anyway. */
const ROW_ENTRIES = 256;

/** What is to be done in memory once the transaction is durable, and must not be when it is rolled back. */
export type AfterCommit = (() => void)[];

export interface Guard {
  /**
   * Within a transaction: which ids are known or stand in the list before. Duplicates left aside they are written, and
   * known once `after` has run. `contents` are 32 bits each; null or absent: any content is the same.
   */
  admit(
    ids: readonly (string | null)[],
    at: number,
    after: AfterCommit,
    contents?: readonly (number | null)[],
  ): Admitted;
  /** Deletes at most 64 rows of forgotten ids; true when there are more. */
  prune(): boolean;
  /** Whether `prune` has something to do. */
  prunable(): boolean;
}

export interface Admitted {
  /** Ascending indices. */
  readonly duplicates: readonly number[];
  /** Of those written whose id is known with other content. */
  readonly conflicts: readonly number[];
}

interface Generation {
  readonly since: number;
  readonly firstRow: number;
  readonly set: FingerprintSet;
}

interface FreshId {
  readonly entry: Buffer;
  row: number;
}

/** Reads the rows that are not expired at `at` into memory. */
export function createGuard(db: DatabaseSync, guardMs: number, at: number): Guard {
  const select = db.prepare('SELECT hashes FROM guard WHERE row = ?');
  const write = db.prepare(
    'INSERT INTO guard(row, ts, hashes) VALUES(?, ?, ?) ON CONFLICT(row) DO UPDATE SET ts = excluded.ts, hashes = excluded.hashes',
  );
  const remove = db.prepare(
    'DELETE FROM guard WHERE row IN (SELECT row FROM guard WHERE row < ? ORDER BY row LIMIT 64)',
  );
  const stored = loadGeneration(db, at - guardMs);
  let nextRow = stored.lastRow + 1;
  let older: Generation = stored;
  let current = emptyGeneration(at, nextRow);
  /** The row that is being filled, as it is on disk. */
  let tail: Buffer = Buffer.alloc(0);
  let stale =
    stored.firstRow > 1 && db.prepare('SELECT 1 FROM guard WHERE row < ?').get(stored.firstRow) !== undefined;

  function rotate(now: number): void {
    if (now < current.since + guardMs) return;
    if (tail.length > 0) [nextRow, tail] = [nextRow + 1, Buffer.alloc(0)];
    // After a long silence even the newer generation is past its time.
    const forgotten = now >= current.since + 2 * guardMs;
    older = forgotten ? emptyGeneration(now, nextRow) : current;
    current = emptyGeneration(now, nextRow);
    stale = true;
  }

  function writeFresh(fresh: readonly FreshId[], now: number, after: AfterCommit): void {
    let row = nextRow;
    let entries = [tail];
    let filled = tail.length / ENTRY_BYTES;
    const flush = (): Buffer => {
      const bytes = Buffer.concat(entries);
      write.run(row, now, bytes);
      return bytes;
    };
    for (const id of fresh) {
      if (filled === ROW_ENTRIES) {
        if (entries.length > 1) flush();
        [row, entries, filled] = [row + 1, [], 0];
      }
      entries.push(id.entry);
      id.row = row;
      filled += 1;
    }
    const last = flush();
    after.push(() => {
      [nextRow, tail] = [row, last];
      for (const id of fresh) current.set.add(id.entry.readUInt32LE(0), id.row);
    });
  }

  return {
    admit(ids, now, after, contents = []) {
      rotate(now);
      const known = createMatcher((row) => select.get(row)?.hashes as Uint8Array | undefined);
      const seen = createSeen();
      const fresh: FreshId[] = [];
      const duplicates: number[] = [];
      const conflicts: number[] = [];
      for (const [index, id] of ids.entries()) {
        if (id === null) continue;
        const wanted = entryOf(id, contents[index] ?? null);
        const matches = [seen(wanted), known(current.set, wanted), known(older.set, wanted)];
        if (matches.includes('same')) {
          duplicates.push(index);
          continue;
        }
        if (matches.includes('other')) conflicts.push(index);
        fresh.push({ entry: wanted.entry, row: 0 });
      }
      if (fresh.length > 0) writeFresh(fresh, now, after);
      return { duplicates, conflicts };
    },
    prune() {
      stale = Number(remove.run(older.firstRow).changes) > 0;
      return stale;
    },
    prunable: () => stale,
  };
}

function emptyGeneration(since: number, firstRow: number): Generation {
  return { since, firstRow, set: createFingerprintSet() };
}

interface WantedEntry {
  readonly entry: Buffer;
  /** The first bytes of the id's hash, as text. */
  readonly name: string;
  /** What stands behind them where any content is the same. */
  readonly anyTail: number;
  /** Any content of a known id is the same as this one. */
  readonly isAny: boolean;
}

/** Lone surrogates are escaped first: hashed as UTF-8 they would all be the same. */
function entryOf(id: string, content: number | null): WantedEntry {
  const digest = hash('sha256', id.isWellFormed() ? id : JSON.stringify(id), 'binary').slice(0, ENTRY_BYTES);
  const entry = Buffer.from(digest, 'binary');
  const anyTail = entry.readUInt32LE(ID_BYTES);
  if (content !== null) entry.writeUInt32LE(content, ID_BYTES);
  return { entry, name: digest.slice(0, ID_BYTES), anyTail, isAny: content === null };
}

/** The id is not known, or with the same content, or with others alone. */
type Match = 'none' | 'same' | 'other';

/** Of the id with this content in a known entry. */
function compare(tail: number, { entry, anyTail, isAny }: WantedEntry): Match {
  return isAny || tail === anyTail || tail === entry.readUInt32LE(ID_BYTES) ? 'same' : 'other';
}

/** What stands in the list before; each asked for joins it. */
function createSeen(): (wanted: WantedEntry) => Match {
  const tails = new Map<string, number[]>();
  return (wanted) => {
    const before = tails.get(wanted.name) ?? [];
    const matches = before.map((tail) => compare(tail, wanted));
    tails.set(wanted.name, [...before, wanted.entry.readUInt32LE(ID_BYTES)]);
    return worst(matches);
  };
}

function worst(matches: readonly Match[]): Match {
  if (matches.includes('same')) return 'same';
  return matches.includes('other') ? 'other' : 'none';
}

/** A fingerprint match is confirmed against the row's entries; rows are read once per write. */
function createMatcher(readRow: (row: number) => Uint8Array | undefined) {
  const rows = new Map<number, Buffer>();
  const entriesOf = (row: number): Buffer => {
    const cached = rows.get(row) ?? Buffer.from(readRow(row) ?? new Uint8Array(0));
    rows.set(row, cached);
    return cached;
  };
  return (set: FingerprintSet, wanted: WantedEntry): Match => {
    let match: Match = 'none';
    set.some(wanted.entry.readUInt32LE(0), (row) => {
      match = worst([match, matchIn(entriesOf(row), wanted)]);
      return match === 'same';
    });
    return match;
  };
}

function matchIn(entries: Buffer, wanted: WantedEntry): Match {
  const id = wanted.entry.subarray(0, ID_BYTES);
  let match: Match = 'none';
  for (let at = entries.indexOf(id); at >= 0 && match !== 'same'; at = entries.indexOf(id, at + 1)) {
    if (at % ENTRY_BYTES === 0) match = compare(entries.readUInt32LE(at + ID_BYTES), wanted);
  }
  return match;
}

/** The ids stored since `since`; rows are read some at a time, since all of them may be 100 MB. */
function loadGeneration(db: DatabaseSync, since: number): Generation & { readonly lastRow: number } {
  const page = db.prepare('SELECT row, ts, hashes FROM guard WHERE row > ? ORDER BY row LIMIT 256');
  const set = createFingerprintSet();
  let lastRow = 0;
  let firstRow: number | undefined;
  for (let rows = page.all(0); rows.length > 0; rows = page.all(lastRow)) {
    for (const { row, ts, hashes } of rows as unknown as { row: number; ts: number; hashes: Uint8Array }[]) {
      lastRow = row;
      if (ts < since) continue;
      firstRow ??= row;
      const view = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength);
      for (let at = 0; at + ENTRY_BYTES <= view.length; at += ENTRY_BYTES)
        set.add(view.readUInt32LE(at), row);
    }
  }
  return { since, firstRow: firstRow ?? lastRow + 1, set, lastRow };
}
