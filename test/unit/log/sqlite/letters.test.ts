import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeLetter } from '../../../../src/log/sqlite/letter-codec.ts';
import type { OpenOptions } from '../../../../src/log/sqlite/protocol.ts';
import { DATABASE_FILE, openDatabase } from '../../../../src/log/sqlite/schema.ts';
import { Store } from '../../../../src/log/sqlite/store.ts';
import { withFault } from '../../../support/log-store-client.ts';

let path: string;
let db: DatabaseSync;
let store: Store;

const EVERY = { retainMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

function open(letterLimits: OpenOptions['letterLimits'] = EVERY, wrap = (each: DatabaseSync) => each): void {
  db = openDatabase(path, 0);
  store = new Store(wrap(db), { maxBytes: 1e9, retainMs: 1e12, guardMs: 1e12, letterLimits, at: 0 });
}

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'brazier-letters-'));
  open();
});
afterEach(() => {
  if (db.isOpen) db.close();
  rmSync(path, { recursive: true, force: true });
});

function row(n: number, key = 'k') {
  const record = { key, headers: { source: 'shop', receivedAt: 'r' }, timestamp: 1 };
  const outcome = { status: 'rejected', kind: 'refused', code: 'braze_refused', message: 'no', issues: [] };
  const detail = JSON.stringify({ record, outcome, undelivered: null });
  return { id: `l${n}`, destination: 'braze', at: n, position: null, detail, value: new Uint8Array(1000) };
}

function put(at: number, ...rows: ReturnType<typeof row>[]) {
  const records = { count: 0, ends: new Uint32Array(0), meta: '{}', data: new Uint8Array(0) };
  return store.write({ at, append: { records, guardIds: null, replayOf: null, letters: rows }, commits: [] });
}

const ids = () => store.letters({ limit: 1000 }).map(({ id }) => id);

describe('a file of the first version', () => {
  /** As the first released version made it. */
  const VERSION_1 = `
    CREATE TABLE segment(base INTEGER PRIMARY KEY, n INTEGER NOT NULL, ts INTEGER NOT NULL,
      ends BLOB NOT NULL, sums BLOB NOT NULL, meta BLOB NOT NULL, data BLOB NOT NULL) STRICT;
    CREATE TABLE progress("group" TEXT PRIMARY KEY, watermark INTEGER NOT NULL, settled BLOB NOT NULL)
      STRICT, WITHOUT ROWID;
    CREATE TABLE letter(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, destination TEXT NOT NULL,
      at INTEGER NOT NULL, position TEXT, detail TEXT NOT NULL, value BLOB NOT NULL) STRICT;
    CREATE INDEX letter_destination ON letter(destination, seq);
    CREATE TABLE guard(row INTEGER PRIMARY KEY, ts INTEGER NOT NULL, hashes BLOB NOT NULL) STRICT;
    CREATE TABLE state(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1;`;

  it('opens, with its letters found, counted and read as they were', () => {
    db.close();
    rmSync(join(path, DATABASE_FILE));
    const old = new DatabaseSync(join(path, DATABASE_FILE));
    old.exec(VERSION_1);
    const { id, destination, at, position, detail, value } = row(7, 'external_id:kim');
    old
      .prepare('INSERT INTO letter(id, destination, at, position, detail, value) VALUES(?, ?, ?, ?, ?, ?)')
      .run(id, destination, at, position, detail, value);
    old.close();
    open();
    const found = store.letters({
      limit: 9,
      persons: ['external_id:kim'],
      code: 'braze_refused',
      source: 'shop',
    });
    expect(found.map(decodeLetter)).toMatchObject([
      { id: 'l7', undelivered: null, record: { key: 'external_id:kim' } },
    ]);
    expect(store.opened()).toMatchObject({
      letters: new Map([['braze', 1]]),
      letterBytes: 1000 + detail.length,
      oldestLetterAt: 7,
    });
    db.close();
    open();
    expect(ids()).toEqual(['l7']);
  });
});

describe('the counts of the letters', () => {
  it('are the same after a restart', () => {
    put(1, row(1), row(2));
    put(2, { ...row(2), value: new Uint8Array(5000) });
    store.discard(['l1']);
    const before = store.opened();
    expect(before).toMatchObject({ letters: new Map([['braze', 1]]), oldestLetterAt: 2 });
    db.close();
    open();
    expect(store.opened()).toEqual(before);
  });

  it('are as before when the write is rolled back', () => {
    db.close();
    let full = false;
    open(EVERY, (each) =>
      withFault(each, 'COMMIT', () => {
        if (full) throw Object.assign(new Error('full'), { errcode: 13 });
      }),
    );
    put(1, row(5));
    const before = store.opened();
    full = true;
    expect(() => put(2, row(1))).toThrow('full');
    expect(store.opened()).toEqual(before);
    expect(() => store.discard(['l5'])).toThrow('full');
    expect(store.opened()).toEqual(before);
    expect(ids()).toEqual(['l5']);
  });
});

describe('limits of the letters', () => {
  it('drop those that grew too old while nothing was written, a step at a time', () => {
    put(1, ...Array.from({ length: 300 }, (_, n) => row(n)));
    db.close();
    open({ retainMs: 1000, maxBytes: 1e9 });
    expect(store.maintain(999)).toMatchObject({ lettersDropped: { age: 0 } });
    const first = store.maintain(2000);
    expect(first.more).toBe(true);
    expect(first.lettersDropped.age).toBeLessThan(300);
    while (store.maintain(2000).more);
    expect(store.opened()).toMatchObject({ letterBytes: 0, lettersDropped: { age: 300, bytes: 0 } });
  });

  it('count nothing of a write that was rolled back', () => {
    db.close();
    let full = false;
    open({ retainMs: 1e9, maxBytes: 3_000 }, (each) =>
      withFault(each, 'COMMIT', () => {
        if (full) throw Object.assign(new Error('full'), { errcode: 13 });
      }),
    );
    put(1, row(1));
    full = true;
    expect(() => put(2, row(2))).toThrow('full');
    full = false;
    put(3, row(3));
    expect(ids()).toEqual(['l3', 'l1']);
  });

  it('leave the letters alone when the events fill the log', () => {
    put(1, row(1));
    db.close();
    db = openDatabase(path, 0);
    store = new Store(db, { maxBytes: 1, retainMs: 0, guardMs: 1e12, letterLimits: EVERY, at: 0 });
    expect(put(2, row(2)).full).toBe(true);
    expect(ids()).toEqual(['l1']);
  });
});

it('a stretch of large letters ends before it is too large to hold', () => {
  const large = (n: number) => ({ ...row(n), value: new Uint8Array(3 * 1024 * 1024) });
  put(1, large(1), large(2), large(3), large(4));
  const first = store.walkLetters({ limit: 100 });
  expect(first.rows.map(({ id }) => id)).toEqual(['l1', 'l2']);
  expect(store.walkLetters({ limit: 100, after: first.next ?? '' }).rows.map(({ id }) => id)).toEqual([
    'l3',
    'l4',
  ]);
});
