import { hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import { createFingerprintSet } from '../../../../src/log/sqlite/fingerprint-set.ts';
import { createGuard, type Guard } from '../../../../src/log/sqlite/guard.ts';

const HOUR = 3_600_000;

describe('fingerprint set', () => {
  it('finds what was added, through growth and colliding fingerprints', () => {
    const set = createFingerprintSet(1);
    for (let row = 1; row <= 1000; row += 1) set.add((row % 10) * 4096, row);
    for (let row = 1; row <= 1000; row += 1) {
      expect(set.some((row % 10) * 4096, (candidate) => candidate === row)).toBe(true);
    }
    expect(set.some(4096, (row) => row % 10 !== 1)).toBe(false);
    expect(set.some(5, () => true)).toBe(false);
    expect(set.size).toBe(1000);
  });

  it('gives back every row that was added with a fingerprint, from the first row on, and no other', () => {
    const firstRow = 5_000_000;
    const set = createFingerprintSet(firstRow);
    const expected = new Map<number, number[]>();
    const add = (fingerprint: number, row: number) => {
      set.add(fingerprint, row);
      expected.set(fingerprint, [...(expected.get(fingerprint) ?? []), row]);
    };
    // The ends of shards, where a search goes on at their beginning; and rows at the ends of stretches.
    for (const fingerprint of [0, 0x03ff_ffff, 0x0400_0000, 0xffff_ffff])
      for (let row = 0; row < 130; row += 1) add(fingerprint, firstRow + row);
    let random = 1;
    for (let index = 0; index < 50_000; index += 1) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      add(random, firstRow + (index === 0 ? 63 * 65_536 - 1 : index >>> 1));
    }
    const inOrder = (rows: number[]) => rows.sort((a, b) => a - b).join();
    const wrong = [...expected].filter(([fingerprint, rows]) => {
      const found: number[] = [];
      set.some(fingerprint, (row) => found.push(row) === 0);
      return inOrder(found) !== inOrder(rows);
    });
    expect(wrong).toEqual([]);
    expect(() => set.add(1, firstRow + 63 * 65_536)).toThrow(RangeError);
  });
});

describe('guard', () => {
  let db: DatabaseSync;
  let guard: Guard;
  const admit = (ids: (string | null)[], at: number, into = guard) => {
    const after: (() => void)[] = [];
    const { duplicates } = into.admit(ids, at, after);
    for (const effect of after) effect();
    return duplicates;
  };
  const rows = () => db.prepare('SELECT count(*) AS n FROM guard').get()?.n;

  beforeEach(() => {
    db = new DatabaseSync(':memory:');
    db.exec('CREATE TABLE guard(row INTEGER PRIMARY KEY, ts INTEGER NOT NULL, hashes BLOB NOT NULL)');
    guard = createGuard(db, HOUR, 0);
  });

  it('knows thousands of ids over many rows, also when read again', () => {
    const ids = Array.from({ length: 3000 }, (_, index) => `id ${index}`);
    for (let at = 0; at < ids.length; at += 100) expect(admit(ids.slice(at, at + 100), 0)).toEqual([]);
    expect(rows()).toBe(12);
    const all = ids.map((_, index) => index);
    expect(admit(ids, 0)).toEqual(all);
    expect(admit(ids, 1, createGuard(db, HOUR, 1))).toEqual(all);
    expect(admit(['new', null, 'new', null], 1)).toEqual([2]);
  });

  it('splits more ids than a row holds, and goes on in a row that is not full', () => {
    expect(
      admit(
        Array.from({ length: 600 }, (_, index) => `first ${index}`),
        0,
      ),
    ).toEqual([]);
    expect(
      admit(
        Array.from({ length: 168 }, (_, index) => `second ${index}`),
        0,
      ),
    ).toEqual([]);
    expect(rows()).toBe(3);
    expect(admit(['first 0', 'first 599', 'second 0', 'second 167', 'third'], 0)).toEqual([0, 1, 2, 3]);
    expect(rows()).toBe(4);
  });

  it('remembers nothing of a write whose effects never ran', () => {
    guard.admit(['x'], 0, []);
    db.exec('DELETE FROM guard');
    expect(admit(['x'], 0)).toEqual([]);
  });

  it('takes any content for the same where an older version wrote the row: there is the hash of the id alone', () => {
    const row = hash('sha256', 'x', 'buffer').subarray(0, 16);
    db.prepare('INSERT INTO guard(row, ts, hashes) VALUES(1, 0, ?)').run(row);
    const reopened = createGuard(db, HOUR, 0);
    expect(reopened.admit(['x'], 0, [], [7])).toEqual({ duplicates: [0], conflicts: [] });
  });

  it('names a known id with other content in every generation, and among thousands', () => {
    const ids = Array.from({ length: 600 }, (_, index) => `id ${index}`);
    const admitAs = (content: number, at: number) => {
      const after: (() => void)[] = [];
      const admitted = guard.admit(['id 599'], at, after, [content]);
      for (const effect of after) effect();
      return admitted;
    };
    const after: (() => void)[] = [];
    const contents = ids.map(() => 1);
    expect(guard.admit(ids, 0, after, contents)).toEqual({ duplicates: [], conflicts: [] });
    for (const effect of after) effect();
    expect(admitAs(2, 0)).toEqual({ duplicates: [], conflicts: [0] });
    expect(admitAs(3, HOUR + 1)).toEqual({ duplicates: [], conflicts: [0] });
    expect([1, 2, 3].map((content) => admitAs(content, HOUR + 2).duplicates)).toEqual([[0], [0], [0]]);
  });

  it('tells apart ids that differ in lone surrogates', () => {
    expect(admit(['\ud800', '\ud801'], 0)).toEqual([]);
  });

  it('remembers an id for guardMs at least, forgets it in time, and then deletes its row', () => {
    admit(['early'], 0);
    admit(['late'], HOUR - 1);
    expect(admit(['early', 'late'], 2 * HOUR - 2)).toEqual([0, 1]);
    while (guard.prune());
    expect(rows()).toBe(1);
    expect(admit(['early', 'late'], 3 * HOUR - 2)).toEqual([]);
    expect(guard.prunable()).toBe(true);
    while (guard.prune());
    expect(rows()).toBe(1);
    expect(admit(['early'], 3 * HOUR - 2)).toEqual([0]);
  });

  it('forgets everything at once after a long silence', () => {
    admit(['x'], 0);
    expect(admit(['x'], 2 * HOUR)).toEqual([]);
    while (guard.prune());
    expect(rows()).toBe(1);
  });

  it('remembers ids for guardMs across restarts, and forgets the expired at start', () => {
    admit(['old'], 0);
    const second = createGuard(db, HOUR, HOUR / 2);
    admit(['young'], HOUR / 2, second);
    const third = createGuard(db, HOUR, HOUR + 1);
    expect(admit(['young', 'old'], HOUR + 1, third)).toEqual([0]);
    expect(third.prunable()).toBe(true);
    third.prune();
    expect(rows()).toBe(2);
  });
});
