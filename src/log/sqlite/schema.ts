/** Opens the log's file and brings its tables to this version, or says in one line why it cannot. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LogError } from '../log.ts';
import { damaged, openingError } from './errors.ts';

/** The log's one file inside the data folder (SQLite puts `brazier.db-wal` beside it). */
export const DATABASE_FILE = 'brazier.db';

/** SQLite 3.7.0 to 3.51.2 could corrupt a database when the WAL was reset; https://www.sqlite.org/wal.html */
const OLDEST_SQLITE = [3, 51, 3] as const;

/** Up to this size the whole structure is checked at start; beyond it that would take many seconds. */
const CHECKED_BYTES = 512 * 1024 * 1024;

/** Step `i` brings a file of version `i` to version `i + 1`. A step that has been released never changes. */
const STEPS = [
  `CREATE TABLE segment(base INTEGER PRIMARY KEY, n INTEGER NOT NULL, ts INTEGER NOT NULL,
     ends BLOB NOT NULL, sums BLOB NOT NULL, meta BLOB NOT NULL, data BLOB NOT NULL) STRICT;
   CREATE TABLE progress("group" TEXT PRIMARY KEY, watermark INTEGER NOT NULL, settled BLOB NOT NULL)
     STRICT, WITHOUT ROWID;
   CREATE TABLE letter(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, destination TEXT NOT NULL,
     at INTEGER NOT NULL, position TEXT, detail TEXT NOT NULL, value BLOB NOT NULL) STRICT;
   CREATE INDEX letter_destination ON letter(destination, seq);
   CREATE TABLE guard(row INTEGER PRIMARY KEY, ts INTEGER NOT NULL, hashes BLOB NOT NULL) STRICT;
   CREATE TABLE state(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  // Columns that are read out of the detail: nothing is written anew, and the indexes hold them ready. The first index
  // answers every filter but the person's, and the counts, without touching the letters themselves.
  `ALTER TABLE letter ADD COLUMN source TEXT AS (detail ->> '$.record.headers.source') VIRTUAL;
   ALTER TABLE letter ADD COLUMN person TEXT AS (detail ->> '$.record.key') VIRTUAL;
   ALTER TABLE letter ADD COLUMN kind TEXT AS (detail ->> '$.outcome.kind') VIRTUAL;
   ALTER TABLE letter ADD COLUMN code TEXT AS (detail ->> '$.outcome.code') VIRTUAL;
   ALTER TABLE letter ADD COLUMN bytes INTEGER AS (octet_length(detail) + length(value)) VIRTUAL;
   DROP INDEX letter_destination;
   CREATE INDEX letter_time ON letter(at, seq, destination, source, kind, code, bytes);
   CREATE INDEX letter_person ON letter(person, at, seq);`,
  `CREATE TABLE request(id INTEGER PRIMARY KEY, "group" TEXT NOT NULL, at INTEGER NOT NULL, lo INTEGER NOT NULL,
     hi INTEGER NOT NULL, doubt INTEGER NOT NULL, note TEXT NOT NULL, "end" TEXT) STRICT;
   CREATE INDEX request_open ON request("group", id) WHERE "end" IS NULL;
   CREATE INDEX request_doubt ON request(id) WHERE doubt = 1;`,
  'CREATE INDEX request_span ON request(lo, hi);',
];

/** The version of the file's tables that this code writes. */
export const SCHEMA_VERSION = STEPS.length;

/** Undefined when this SQLite is new enough, otherwise what to tell the operator. */
export function sqliteProblem(version: string): string | undefined {
  const parts = version.split('.').map(Number);
  for (const [index, least] of OLDEST_SQLITE.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return undefined;
    if (!(part >= least)) {
      return `SQLite ${version} can damage the log (fixed in ${OLDEST_SQLITE.join('.')}): use a newer Node 24`;
    }
  }
  return undefined;
}

/** The open, locked and migrated database of a data folder. Throws `LogError`. */
export function openDatabase(folder: string, maxPageCount: number): DatabaseSync {
  const problem = sqliteProblem(process.versions.sqlite ?? '0');
  if (problem !== undefined) throw new LogError('log_unusable', problem);
  let db: DatabaseSync | undefined;
  try {
    createFolder(folder);
    db = new DatabaseSync(ownFile(join(folder, DATABASE_FILE)));
    prepareDatabase(db, folder, maxPageCount);
    return db;
  } catch (error) {
    db?.close();
    throw openingError(error, folder);
  }
}

/** A new folder's own entry must survive a power cut too, so its parent is synced. */
function createFolder(folder: string): void {
  const created = makeFolders(folder);
  if (!statSync(folder).isDirectory()) throw new Error('it is not a folder');
  if (created === undefined) return;
  const parent = openSync(dirname(created), 'r');
  fsyncSync(parent);
  closeSync(parent);
}

/** For its owner alone, since it holds what people did; SQLite gives the files beside it the same mode. */
function ownFile(file: string): string {
  closeSync(openSync(file, 'a', 0o600));
  return file;
}

/**
 * Answers with the topmost folder that it made. Node's own recursive mkdir never returns where a file system says
 * ENOENT of a folder that cannot be made (measured: below /proc, Node 24.21).
 */
export function makeFolders(folder: string): string | undefined {
  if (existsSync(folder)) return undefined;
  const above = dirname(folder);
  const made = existsSync(above) ? undefined : makeFolders(above);
  mkdirSync(folder, { mode: 0o700 });
  return made ?? folder;
}

/** The order matters: page size and vacuum mode before the first table, the lock before the WAL is touched. */
function prepareDatabase(db: DatabaseSync, folder: string, maxPageCount: number): void {
  db.exec(`PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 250;
    PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;`);
  if (maxPageCount > 0) db.exec(`PRAGMA max_page_count = ${maxPageCount}`);
  const version = pragma(db, 'user_version');
  if (version > SCHEMA_VERSION) {
    throw new LogError(
      'log_unusable',
      `the log in ${folder} was written by a newer brazier (version ${version}, this one reads up to ${SCHEMA_VERSION}): run the newer one, or use another folder (log.path)`,
    );
  }
  if (version === 0 && db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() !== undefined) {
    throw new LogError(
      'log_unusable',
      `${join(folder, DATABASE_FILE)} is not a brazier log: use another folder (log.path)`,
    );
  }
  checkStructure(db, folder);
  migrate(db, version);
}

function checkStructure(db: DatabaseSync, folder: string): void {
  if (pragma(db, 'page_count') * pragma(db, 'page_size') > CHECKED_BYTES) return;
  const verdict = String(Object.values(db.prepare('PRAGMA quick_check(1)').get() ?? {})[0]);
  if (verdict !== 'ok') throw damaged(folder, verdict.split('\n').at(-1) ?? verdict);
}

/** Always writes, so that a folder that cannot be written or is locked is found out at start. */
function migrate(db: DatabaseSync, version: number): void {
  db.exec('BEGIN IMMEDIATE');
  for (const step of STEPS.slice(version)) db.exec(step);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec('COMMIT');
}

/** A pragma that answers with one number. */
export function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}
