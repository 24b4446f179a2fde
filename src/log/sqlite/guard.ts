/**
 * The guard against duplicates: knows every id of the last `guardMs` and some older ones, in the log's file as
 * rows of 16 bytes for each and in memory as fingerprints. No B-tree over ids: with millions of them each insert
 * would touch a page of its own.
 */
import type { DatabaseSync } from 'node:sqlite';
import { createFingerprintSet, type FingerprintSet } from './fingerprint-set.ts';
import { closest, createMatcher, createSeen, ENTRY_BYTES, entryOf } from './guard-entry.ts';

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
  const readRow = (row: number) => select.get(row)?.hashes as Uint8Array | undefined;
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
      const [known, seen] = [createMatcher(readRow), createSeen()];
      const fresh: FreshId[] = [];
      const [duplicates, conflicts]: [number[], number[]] = [[], []];
      for (const [index, id] of ids.entries()) {
        if (id === null) continue;
        const wanted = entryOf(id, contents[index] ?? null);
        const match = closest([seen(wanted), known(current.set, wanted), known(older.set, wanted)]);
        if (match === 'same') duplicates.push(index);
        else fresh.push({ entry: wanted.entry, row: 0 });
        if (match === 'other') conflicts.push(index);
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
  return { since, firstRow, set: createFingerprintSet(firstRow) };
}

/** The ids stored since `since`; rows are read some at a time, since all of them may be 100 MB. */
function loadGeneration(db: DatabaseSync, since: number): Generation & { readonly lastRow: number } {
  const page = db.prepare('SELECT row, ts, hashes FROM guard WHERE row > ? ORDER BY row LIMIT 256');
  let set: FingerprintSet | undefined;
  let lastRow = 0;
  let firstRow = 0;
  for (let rows = page.all(0); rows.length > 0; rows = page.all(lastRow)) {
    for (const { row, ts, hashes } of rows as unknown as { row: number; ts: number; hashes: Uint8Array }[]) {
      lastRow = row;
      if (ts < since) continue;
      if (!set) [firstRow, set] = [row, createFingerprintSet(row)];
      const view = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength);
      for (let at = 0; at + ENTRY_BYTES <= view.length; at += ENTRY_BYTES)
        set.add(view.readUInt32LE(at), row);
    }
  }
  if (!set) return { ...emptyGeneration(since, lastRow + 1), lastRow };
  return { since, firstRow, set, lastRow };
}
