/** Retention: deletes segments that every group is past, when they are old enough or when room is needed, a few at a time. */
import type { DatabaseSync } from 'node:sqlite';
import { pragma } from './schema.ts';

/** Per maintenance step: about 10 ms of the worker's time. */
const STEP_ROWS = 512;
const STEP_BYTES = 4 * 1024 * 1024;

/** Free pages are reused by new segments; only from 4 MB on is the file made smaller, 2 MB at a time. */
const KEPT_FREE_PAGES = 256;
const VACUUM_PAGES = 128;

export interface RetentionLimits {
  readonly retainMs: number;
  readonly maxBytes: number;
}

/** What decides whether a segment may go. */
export interface RetentionState {
  readonly at: number;
  /** The lowest watermark of all groups; Infinity without groups. */
  readonly watermark: number;
  /** The offset after the last record, to be kept when the last segment goes. */
  readonly head: number;
}

export interface Retention {
  /** Bytes of the file that hold something. */
  used(): number;
  /** Whether the oldest segment may go by age. */
  due(state: RetentionState): boolean;
  /** Within a transaction: deletes segments that are due, at most `rows` of them. */
  expire(state: RetentionState, rows?: number): void;
  /** Within a transaction: drops settled segments, whatever their age, until `bytes` more fit; false when they do not. */
  makeRoom(bytes: number, state: RetentionState): boolean;
  /** Within a transaction: drops settled segments, whatever their age, until they held `bytes`; false when there is none. */
  release(bytes: number, state: RetentionState): boolean;
  /** The rows changed in another way than by this object, or a transaction was rolled back. */
  forget(): void;
  /** Gives a little of the free space back to the file system; true when there is more to give. */
  vacuum(): boolean;
}

interface Oldest {
  readonly base: number;
  readonly end: number;
  readonly ts: number;
  readonly bytes: number;
}

export function createRetention(db: DatabaseSync, { retainMs, maxBytes }: RetentionLimits): Retention {
  const pageSize = pragma(db, 'page_size');
  const pageCount = db.prepare('PRAGMA page_count');
  const freeCount = db.prepare('PRAGMA freelist_count');
  const select = db.prepare(
    'SELECT base, base + n AS "end", ts, length(data) AS bytes FROM segment ORDER BY base LIMIT 1',
  );
  const remove = db.prepare('DELETE FROM segment WHERE base = ?');
  const keepHead = db.prepare(
    `INSERT INTO state VALUES('head', ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value`,
  );
  /** Cached, so that a write need not ask; undefined: not known, null: no segment. */
  let oldest: Oldest | null | undefined;

  const freePages = (): number => Number(freeCount.get()?.freelist_count ?? 0);
  const used = (): number => (Number(pageCount.get()?.page_count ?? 0) - freePages()) * pageSize;

  function settledOldest({ watermark }: RetentionState): Oldest | null {
    if (oldest === undefined) oldest = (select.get() as unknown as Oldest | undefined) ?? null;
    return oldest !== null && oldest.end <= watermark ? oldest : null;
  }

  function drop(segment: Oldest, { head }: RetentionState): void {
    remove.run(segment.base);
    if (segment.end >= head) keepHead.run(head);
    oldest = undefined;
  }

  function due(state: RetentionState): boolean {
    const segment = settledOldest(state);
    return segment !== null && segment.ts <= state.at - retainMs;
  }

  return {
    used,
    due,
    expire(state, rows = STEP_ROWS) {
      let bytes = 0;
      for (let row = 0; row < rows && bytes < STEP_BYTES && due(state); row += 1) {
        const segment = settledOldest(state);
        if (segment === null) return;
        bytes += segment.bytes;
        drop(segment, state);
      }
    },
    makeRoom(bytes, state) {
      while (used() + bytes > maxBytes) {
        const segment = settledOldest(state);
        if (segment === null) return false;
        drop(segment, state);
      }
      return true;
    },
    release(bytes, state) {
      let freed = 0;
      let segment = settledOldest(state);
      for (; segment !== null && freed < bytes; segment = settledOldest(state)) {
        freed += segment.bytes;
        drop(segment, state);
      }
      return freed > 0;
    },
    forget() {
      oldest = undefined;
    },
    vacuum() {
      if (freePages() <= KEPT_FREE_PAGES) return false;
      db.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
      return freePages() > KEPT_FREE_PAGES;
    },
  };
}
