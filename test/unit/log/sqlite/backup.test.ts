import { fstatSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCopier } from '../../../../src/log/sqlite/copy.ts';
import { SCHEMA_VERSION } from '../../../../src/log/sqlite/schema.ts';
import { checkUnused, sealCopy, unsealCopy } from '../../../../src/log/sqlite/sealed-copy.ts';
import { openSqliteLog, type SqliteLog } from '../../../../src/log/sqlite/sqlite-log.ts';
import { append, sqliteOptions } from '../../../support/log-harness.ts';

let folder: string;
let log: SqliteLog;
const HELD = new AbortController().signal;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'brazier-backup-'));
  log = await openSqliteLog(sqliteOptions(join(folder, 'data')));
  await log.attach([{ group: 'braze', start: 'beginning' }]);
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

/** Appends records of about 1 KB. */
async function appendMany(count: number): Promise<void> {
  await append(log, ...Array.from({ length: count }, () => 'A'.repeat(1000)));
}

describe('a copy of the log', () => {
  it('holds what was acknowledged before it, and what is written between its steps, which does not wait for its end', async () => {
    // Three steps of 8 MiB.
    const before = 20_000;
    for (let count = 0; count < before; count += 5_000) await appendMany(5_000);
    const copying = log.backup.copy(HELD);
    let appended = before;
    let isCopied = false;
    copying.finally(() => {
      isCopied = true;
    });
    while (!isCopied) {
      await appendMany(100);
      appended += 100;
    }
    const { path } = await copying;
    const { events, undelivered, letters } = sealCopy(path, 1, []);
    expect(events).toBeGreaterThan(before);
    expect(events).toBeLessThanOrEqual(appended);
    expect({ undelivered, letters }).toEqual({
      undelivered: [{ destination: 'braze', events }],
      letters: 0,
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is refused while another is made, and where the folder is gone', async () => {
    await appendMany(2000);
    const [first, second] = await Promise.allSettled([log.backup.copy(HELD), log.backup.copy(HELD)]);
    expect([first.status, second]).toMatchObject(['fulfilled', { reason: { code: 'backup_failed' } }]);
    const db = new DatabaseSync(':memory:');
    await expect(createCopier().copy(db, join(folder, 'nowhere'), () => undefined)).rejects.toMatchObject({
      code: 'backup_failed',
    });
  });

  it('is brought to the disk step by step: no call waits until the whole of it is there', async () => {
    const db = new DatabaseSync(join(folder, 'large.db'));
    db.exec('PRAGMA page_size = 16384; CREATE TABLE t(a)');
    for (let row = 0; row < 40; row += 1) db.exec('INSERT INTO t VALUES(randomblob(1024 * 1024))');
    const synced: number[] = [];
    let answered = 0;
    const copier = createCopier({
      freeBytes: () => Number.POSITIVE_INFINITY,
      sync(file) {
        synced.push(fstatSync(file).size);
        expect(synced.length, 'who waits is answered first').toBe(answered);
      },
    });
    const { bytes } = await copier.copy(db, folder, () => {
      answered += 1;
    });
    const left = [...synced, bytes].map((size, index) => size - (synced[index - 1] ?? 0));
    expect(synced).toHaveLength(5);
    // SQLite keeps some of a step for the next, so the last one has about two to bring.
    expect(Math.max(...left)).toBeLessThanOrEqual(16 * 2 ** 20);
    db.close();
  });

  it('that is refused and given up stops none that is made', async () => {
    await appendMany(5000);
    const first = log.backup.copy(HELD);
    const gone = new AbortController();
    const second = log.backup.copy(gone.signal);
    gone.abort();
    await expect(second).rejects.toThrow(/another copy/);
    await first;
  });

  it('is left alone by the next one, which has a file of its own', async () => {
    await appendMany(10);
    const first = await log.backup.copy(HELD);
    await appendMany(10);
    const second = await log.backup.copy(HELD);
    expect([first, second].map(({ path }) => sealCopy(path, 1, []).events)).toEqual([10, 20]);
  });

  it('is not begun where the disk has no room for it, and says what to do', async () => {
    const db = new DatabaseSync(join(folder, 'full.db'));
    db.exec('CREATE TABLE t(a)');
    const copier = createCopier({ freeBytes: () => 64 * 1024 * 1024, sync: () => undefined });
    await expect(copier.copy(db, folder, () => undefined)).rejects.toThrow(
      /needs 65 MiB free .* has 64: make room/,
    );
    expect(readdirSync(folder)).not.toContain('backup.partial');
    db.close();
  });

  it('that nobody waits for any more leaves nothing behind, and the log goes on', async () => {
    await appendMany(5000);
    const gone = new AbortController();
    const copying = log.backup.copy(gone.signal);
    gone.abort();
    await expect(copying).rejects.toMatchObject({ code: 'backup_failed' });
    expect(copiesIn(join(folder, 'data'))).toEqual([]);
    await appendMany(1);
    await log.backup.copy(HELD);
  });

  it('ends with the log, and none is begun after', async () => {
    await appendMany(5000);
    const copying = log.backup.copy(HELD).catch((error: unknown) => error);
    await log.close();
    expect(await copying).toMatchObject({ code: 'backup_failed' });
    await expect(log.backup.copy(HELD)).rejects.toMatchObject({ code: 'backup_failed' });
  });
});

describe('a sealed copy', () => {
  const sealed = async (): Promise<string> => {
    await appendMany(100);
    const { path } = await log.backup.copy(HELD);
    sealCopy(path, 1_700_000_000_000, [{ name: 'braze.links', data: Buffer.from('one') }]);
    return path;
  };

  it('gives back what was put into it, and is one file', async () => {
    const path = await sealed();
    expect(copiesIn(join(folder, 'data'))).toEqual([basename(path)]);
    const { summary, files } = unsealCopy(path);
    expect(summary).toMatchObject({ version: SCHEMA_VERSION, at: 1_700_000_000_000, events: 100 });
    expect(files.map(({ name, data }) => [name, Buffer.from(data).toString()])).toEqual([
      ['braze.links', 'one'],
    ]);
    expect(unsealCopy(path), 'is the log alone now').toMatchObject({ summary: { at: null }, files: [] });
  });

  it.each([
    ['cut off', (path: string) => truncateSync(path, 40_000), 'malformed'],
    ['empty', (path: string) => truncateSync(path, 0), "not a copy of brazier's log"],
    ['something else', (path: string) => writeFileSync(path, 'x'.repeat(5000)), 'not a database'],
    ["another program's", (path: string) => overwrite(path, 'DROP TABLE segment'), "not a copy of brazier's"],
    ["a newer brazier's", (path: string) => overwrite(path, 'PRAGMA user_version = 99'), 'version 99'],
  ])('that is %s is refused', async (_name, spoil, why) => {
    const path = await sealed();
    spoil(path);
    expect(() => unsealCopy(path)).toThrow(why);
    expect(() => sealCopy(path, 1, [])).toThrow(why);
  });
});

it('a log that is open is in use, one that is closed or damaged is not', async () => {
  const file = join(folder, 'data', 'brazier.db');
  expect(() => checkUnused(file, folder)).toThrow(expect.objectContaining({ code: 'log_locked' }));
  await log.close();
  checkUnused(file, folder);
  writeFileSync(file, 'x'.repeat(5000));
  checkUnused(file, folder);
});

const copiesIn = (data: string) => readdirSync(data).filter((name) => name.startsWith('backup.'));

function overwrite(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}
