/** A copy of the log as one file that says what it is: sealed with what belongs to it, checked, and taken apart again. */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { KeptFile } from '../../model/kept-file.ts';
import { LogError } from '../log.ts';
import { createCursorTable } from './cursor-table.ts';
import { openingError } from './errors.ts';
import { pragma, SCHEMA_VERSION } from './schema.ts';
import { createSegmentTable } from './segment-table.ts';
import { standingsOf } from './standings.ts';

export interface Summary {
  /** Of the tables. */
  readonly version: number;
  /** When it was copied, ms since the epoch; null for a file that was not sealed. */
  readonly at: number | null;
  readonly bytes: number;
  readonly events: number;
  readonly letters: number;
  /** What each destination had still to be sent. */
  readonly undelivered: readonly { readonly destination: string; readonly events: number }[];
}

/**
 * Puts the files into the copy, makes it a single file that is on the disk, and checks it from the first page to the
 * last. Throws `LogError`.
 */
export function sealCopy(path: string, at: number, files: readonly KeptFile[]): Summary {
  return withCopy(path, (db) => {
    db.exec(`PRAGMA journal_mode = DELETE; BEGIN IMMEDIATE; DROP TABLE IF EXISTS kept;
      CREATE TABLE kept(name TEXT PRIMARY KEY, at INTEGER, data BLOB) STRICT`);
    const insert = db.prepare('INSERT INTO kept(name, at, data) VALUES(?, ?, ?)');
    insert.run('', at, null);
    for (const { name, data } of files) insert.run(name, null, data);
    db.exec('COMMIT');
    return summaryOf(db);
  });
}

/** Checks a copy and takes out what was put into it: what is left is the log. Throws `LogError`. */
export function unsealCopy(path: string): { readonly summary: Summary; readonly files: readonly KeptFile[] } {
  return withCopy(path, (db) => {
    const summary = summaryOf(db);
    if (!hasTable(db, 'kept')) return { summary, files: [] };
    const rows = db.prepare("SELECT name, data FROM kept WHERE name <> '' ORDER BY name").all();
    db.exec('PRAGMA journal_mode = DELETE; DROP TABLE kept');
    return { summary, files: rows as unknown as KeptFile[] };
  });
}

/** Throws `LogError` log_locked when a process has this log open; whatever else is wrong with it is not looked at. */
export function checkUnused(path: string, folder: string): void {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; ROLLBACK');
  } catch (error) {
    const fault = openingError(error, folder);
    if (fault.code === 'log_locked') throw fault;
  } finally {
    db?.close();
  }
}

function withCopy<Result>(path: string, use: (db: DatabaseSync) => Result): Result {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    // Before anything is read: no file of shared memory appears beside it.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    checkKind(db);
    return use(db);
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw unusable(error instanceof Error ? error.message : String(error));
  } finally {
    db?.close();
    sync(path);
  }
}

function checkKind(db: DatabaseSync): void {
  const version = pragma(db, 'user_version');
  if (version > SCHEMA_VERSION) {
    throw unusable(
      `a newer brazier wrote it (version ${version}, this one reads up to ${SCHEMA_VERSION}): use the newer one`,
    );
  }
  if (version === 0 || !hasTable(db, 'segment')) throw unusable("it is not a copy of brazier's log");
  const verdict = String(Object.values(db.prepare('PRAGMA quick_check(1)').get() ?? {})[0]);
  if (verdict !== 'ok') throw unusable(`it is damaged (${verdict.split('\n').at(-1)})`);
}

function hasTable(db: DatabaseSync, name: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined;
}

function summaryOf(db: DatabaseSync): Summary {
  const segments = createSegmentTable(db);
  const held = { head: segments.head(), bytes: 0 };
  const at = hasTable(db, 'kept') ? db.prepare("SELECT at FROM kept WHERE name = ''").get()?.at : null;
  const count = (what: string) => Number(db.prepare(`SELECT ${what} AS n`).get()?.n ?? 0);
  return {
    version: pragma(db, 'user_version'),
    at: typeof at === 'number' ? at : null,
    bytes: pragma(db, 'page_count') * pragma(db, 'page_size'),
    events: count('coalesce((SELECT sum(n) FROM segment), 0)'),
    letters: count('(SELECT count(*) FROM letter)'),
    undelivered: standingsOf(createCursorTable(db), segments, held)
      .filter(({ detached }) => !detached)
      .map(({ group, unsettled }) => ({ destination: group, events: unsettled })),
  };
}

function sync(path: string): void {
  const opened = openSync(path, 'r+');
  fsyncSync(opened);
  closeSync(opened);
}

function unusable(why: string): LogError {
  return new LogError('log_unusable', `the copy cannot be used: ${why}`);
}
