/** The tables of the log's file, each behind an object of its own: opened together, over one handle. */
import type { DatabaseSync } from 'node:sqlite';
import { type CursorTable, createCursorTable } from './cursor-table.ts';
import { createGuard, type Guard } from './guard.ts';
import { createLetterTable } from './letters.ts';
import type { OpenOptions } from './protocol.ts';
import { createRequestTable } from './request-table.ts';
import { createRetention, type Retention } from './retention.ts';
import { createSegmentTable } from './segment-table.ts';
import type { ReadTables } from './store-reads.ts';

export interface Tables extends ReadTables {
  readonly cursors: CursorTable;
  readonly guard: Guard;
  readonly retention: Retention;
}

export type TableOptions = Omit<OpenOptions, 'path' | 'maxPageCount'>;

/** What noted requests may hold: a tenth of the log, and no more than a few hours at full speed need. */
const MAX_REQUEST_BYTES = 256 * 1024 * 1024;
const REQUEST_SHARE = 0.1;

/** `db` is open and migrated. */
export function openTables(db: DatabaseSync, options: TableOptions): Tables {
  return {
    segments: createSegmentTable(db),
    cursors: createCursorTable(db),
    letters: createLetterTable(db, options.letterLimits),
    requests: createRequestTable(db, Math.min(MAX_REQUEST_BYTES, options.maxBytes * REQUEST_SHARE)),
    guard: createGuard(db, options.guardMs, options.at),
    retention: createRetention(db, options),
  };
}
