import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OpenOptions } from '../../../../src/log/sqlite/protocol.ts';
import { openDatabase, pragma } from '../../../../src/log/sqlite/schema.ts';
import { encodeRecords } from '../../../../src/log/sqlite/segment.ts';
import { Store } from '../../../../src/log/sqlite/store.ts';
import { record } from '../../../support/log-harness.ts';

const RETAIN_MS = 1000;

let path: string;
let db: DatabaseSync;
let store: Store;

const letterLimits = { retainMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

function open(more: Partial<OpenOptions> = {}): void {
  db = openDatabase(path, 0);
  store = new Store(db, { maxBytes: 1e9, retainMs: RETAIN_MS, guardMs: 1e12, letterLimits, at: 0, ...more });
}

function write(at: number, ...texts: string[]) {
  const records = encodeRecords(texts.map((text) => record(text, { key: 'k' })));
  return store.write({ at, append: { records, guardIds: null, replayOf: null, letters: [] }, commits: [] });
}

const move = (at: number, watermark: number, group = 'a') =>
  store.write({ at, append: null, commits: [{ group, watermark, settled: new Uint8Array(0), letters: [] }] });
const bases = () =>
  db
    .prepare('SELECT base FROM segment ORDER BY base')
    .all()
    .map(({ base }) => base);

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'brazier-store-'));
  open();
});
afterEach(() => {
  store.close();
  rmSync(path, { recursive: true });
});

describe('the file', () => {
  it('is laid out as measured: WAL, FULL, exclusive, 16 KB pages, incremental vacuum', () => {
    const journal = db.prepare('PRAGMA journal_mode').get()?.journal_mode;
    const locking = db.prepare('PRAGMA locking_mode').get()?.locking_mode;
    expect([journal, locking]).toEqual(['wal', 'exclusive']);
    expect(
      ['page_size', 'synchronous', 'auto_vacuum', 'wal_autocheckpoint'].map((name) => pragma(db, name)),
    ).toEqual([16384, 2, 2, 250]);
  });

  it('holds one row per write', () => {
    write(0, 'a', 'b', 'c');
    write(0, 'd');
    expect(bases()).toEqual([0, 3]);
  });
});

describe('reading', () => {
  it('answers with several small segments at once and with a large one alone', () => {
    for (let index = 0; index < 300; index += 1) write(0, 'small');
    write(0, 'x'.repeat(3_000_000));
    write(0, 'after');
    expect(store.read(10).map(({ base }) => base)).toEqual(
      Array.from({ length: 256 }, (_, index) => 10 + index),
    );
    expect(store.read(299).map(({ base }) => base)).toEqual([299]);
    expect(store.read(300).map(({ base }) => base)).toEqual([300]);
    expect(store.read(301).map(({ base }) => base)).toEqual([301]);
    expect(store.read(302)).toEqual([]);
  });

  it('begins with the segment that holds the offset', () => {
    write(0, 'a', 'b', 'c');
    write(0, 'd', 'e');
    expect(store.read(2).map(({ base }) => base)).toEqual([0, 3]);
    expect(store.read(4).map(({ base }) => base)).toEqual([3]);
  });
});

describe('retention', () => {
  it('deletes segments that are old enough once every group is past them, and no others', () => {
    store.attach(['a', 'b'].map((group) => ({ group, start: 'beginning' })));
    for (const at of [0, 0, 500]) write(at, 'x', 'y');
    move(0, 6);
    move(0, 3, 'b');
    store.maintain(RETAIN_MS - 1);
    expect(bases()).toEqual([0, 2, 4]);
    store.maintain(RETAIN_MS);
    expect(bases()).toEqual([2, 4]);
    move(0, 6, 'b');
    store.maintain(RETAIN_MS);
    expect(bases()).toEqual([4]);
    store.maintain(RETAIN_MS + 500);
    expect(bases()).toEqual([]);
  });

  it('keeps up with writes without a maintenance step', () => {
    store.attach([{ group: 'a', start: 'beginning' }]);
    for (let index = 0; index < 10; index += 1) write(0, 'x');
    move(0, 10);
    for (let index = 0; index < 5; index += 1) write(RETAIN_MS, 'y');
    expect(bases()).toEqual([10, 11, 12, 13, 14]);
  });

  it('keeps nothing beyond retainMs without groups, and never gives an offset twice', () => {
    write(0, 'a', 'b');
    store.maintain(RETAIN_MS);
    expect(bases()).toEqual([]);
    store.close();
    open();
    expect(store.opened().head).toBe(2);
    expect(write(0, 'c').head).toBe(3);
    expect(bases()).toEqual([2]);
    expect(store.attach([{ group: 'a', start: 'beginning' }]).cursors).toMatchObject([{ watermark: 2 }]);
  });

  it('drops settled segments early when the log is full, the oldest first and only as many as needed', () => {
    store.close();
    open({ maxBytes: 2_000_000, retainMs: 1e12 });
    store.attach([{ group: 'a', start: 'beginning' }]);
    const big = 'x'.repeat(300_000);
    let count = 0;
    while (!write(0, big).full) count += 1;
    expect(count).toBeGreaterThan(3);
    move(0, 3);
    expect(write(0, big).full).toBe(false);
    expect(bases()[0]).toBe(1);
    expect(write(0, big).full).toBe(false);
    expect(write(0, big).full).toBe(false);
    expect(write(0, big).full).toBe(true);
    expect(() => store.ping(0)).not.toThrow();
    expect(store.opened().bytes).toBeLessThanOrEqual(2_000_000);
  });

  it('gives free space back to the file system in small steps', () => {
    store.attach([{ group: 'a', start: 'beginning' }]);
    for (let index = 0; index < 20; index += 1) write(0, 'x'.repeat(1_000_000));
    move(0, 20);
    const before = pragma(db, 'page_count');
    let steps = 0;
    while (store.maintain(RETAIN_MS).more) steps += 1;
    expect(steps).toBeGreaterThan(3);
    expect(pragma(db, 'page_count')).toBeLessThan(before / 2);
    expect(pragma(db, 'freelist_count')).toBeLessThanOrEqual(256);
  });
});

describe('a search', () => {
  it('looks at a few megabytes in a step, however large the segments are, and at all of them in the end', () => {
    const large = 'x'.repeat(3_000_000);
    for (const at of [0, 1, 2, 3]) write(at, large);
    const looked: number[] = [];
    for (let before = 4; before > 0; ) {
      const step = store.search({ text: 'xxx', before });
      looked.push(step.rows.length);
      before = step.before;
    }
    expect(Math.max(...looked)).toBeLessThanOrEqual(3);
    expect(looked.reduce((sum, count) => sum + count, 0)).toBe(4);
  });
});

describe('noted requests', () => {
  it('over their share go oldest first, and those without an end never', () => {
    store.close();
    open({ maxBytes: 100_000 });
    const begun = (id: number) => ({
      ...{ id, group: 'a', at: 0, lo: id, hi: id, doubt: 0, end: null },
      note: 'x'.repeat(1_000),
    });
    const note = (from: number, isEnded: boolean) => {
      const ids = Array.from({ length: 10 }, (_, index) => from + index);
      const ended = isEnded ? ids.map((id) => ({ id, doubt: 0, end: '{}' })) : [];
      store.write({ at: 0, append: null, commits: [], notes: [{ begun: ids.map(begun), ended }] });
    };
    const ids = () => store.requests({ limit: 100 }).map(({ id }) => id);
    note(1, false);
    note(11, true);
    note(21, false);
    expect(ids()).toEqual(
      Array.from({ length: 10 }, (_, index) => 30 - index).concat([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
    );
    note(31, true);
    expect(store.unfinished('a').map(({ id }) => id)).toHaveLength(20);
  });

  it('are found by record without reading every note', () => {
    const prepare = vi.spyOn(db, 'prepare');
    store.requests({ offset: 7, limit: 10 });
    const sql = String(prepare.mock.lastCall?.[0]);
    prepare.mockRestore();
    const plan = db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(7, 7, 10)
      .map(({ detail }) => String(detail));
    expect(plan.filter((step) => step.startsWith('SCAN'))).toEqual([]);
  });
});
