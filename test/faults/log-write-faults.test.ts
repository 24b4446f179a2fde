/** Writes that fail: a failing disk ends the log, a full one does not. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogError } from '../../src/log/log.ts';
import { openSqliteLog } from '../../src/log/sqlite/sqlite-log.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import { append, commit, readTexts, record, sqliteOptions } from '../support/log-harness.ts';
import { openInProcess, withFault } from '../support/log-store-client.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'brazier-fault-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

const ioError = () => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 1034 });

describe('a failing disk', () => {
  it('row 5: acknowledges nothing more after a failed commit, and says so once', async () => {
    const fatal: LogError[] = [];
    let failing = false;
    let commits = 0;
    const onFatal = (error: LogError) => fatal.push(error);
    const { log } = openInProcess({ ...sqliteOptions(path), onFatal }, (db) =>
      withFault(db, 'COMMIT', () => {
        commits += 1;
        if (failing) throw ioError();
      }),
    );
    await log.attach([{ group: 'a', start: 'beginning' }]);
    await append(log, 'durable');
    failing = true;
    const running = [append(log, 'one'), commit(log, 'a', 1)];
    const outcomes = await Promise.allSettled(running);
    // The disk seems well again: SQLite itself would go on on the same handle.
    failing = false;
    const before = commits;
    outcomes.push(...(await Promise.allSettled([append(log, 'two'), commit(log, 'a', 1), log.ping()])));
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(
      Array(5).fill('log_failing'),
    );
    expect(fatal.map(({ code }) => code)).toEqual(['log_failing']);
    expect(fatal[0]!.message).toContain('disk I/O error');
    expect(commits).toBe(before);
    expect(log.backlog('a')).toBe(1);
    await log.close();
    const again = openInProcess(sqliteOptions(path)).log;
    await again.attach([{ group: 'a', start: 'end' }]);
    expect(await readTexts(again, 'a', 1)).toEqual(['durable']);
    await again.close();
  });

  it('row 5: rejects appends that wait behind the failed write', async () => {
    const { log } = openInProcess({ ...sqliteOptions(path), onFatal: () => {} }, (db) =>
      withFault(db, 'COMMIT', () => {
        throw ioError();
      }),
    );
    const first = append(log, 'first');
    await Promise.resolve();
    await Promise.resolve();
    const second = append(log, 'second');
    await expect(first).rejects.toMatchObject({ code: 'log_failing' });
    await expect(second).rejects.toMatchObject({ code: 'log_failing' });
    await log.close();
  });

  it('row 5: ends the log when a read fails', async () => {
    const fatal: LogError[] = [];
    const { log, db } = openInProcess({ ...sqliteOptions(path), onFatal: (error) => fatal.push(error) });
    await log.attach([{ group: 'a', start: 'beginning' }]);
    await append(log, 'one');
    db.close();
    await expect(readTexts(log, 'a', 1)).rejects.toMatchObject({ code: 'log_failing' });
    expect(fatal).toHaveLength(1);
  });
});

describe('a full disk', () => {
  it('row 6: rejects appends whole, goes on with progress, and recovers when space frees', async () => {
    const log = await openSqliteLog({ ...sqliteOptions(path), maxPageCount: 60 });
    await log.attach([{ group: 'a', start: 'beginning' }]);
    const big = (id: string) => log.append(EVENTS_TOPIC, [record('x'.repeat(100_000), { guardId: id })]);
    let written = 0;
    await expect(
      (async () => {
        for (; written < 20; written += 1) await big(`id ${written}`);
      })(),
    ).rejects.toMatchObject({ code: 'disk_full' });
    const [refused, moved] = await Promise.allSettled([big(`id ${written}`), commit(log, 'a', written)]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'disk_full' } });
    expect(moved.status).toBe('fulfilled');
    expect(log.backlog('a')).toBe(written);
    expect(await big(`id ${written}`)).toEqual({ duplicates: [] });
    expect(await big('id 0')).toEqual({ duplicates: [0] });
    await log.close();
  });

  it('row 6: remembers no id of a write that was rolled back', async () => {
    let full = true;
    const { log } = openInProcess(sqliteOptions(path), (db) =>
      withFault(db, 'COMMIT', () => {
        if (full) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
      }),
    );
    const one = () => log.append(EVENTS_TOPIC, [record('one', { guardId: 'one' })]);
    await expect(one()).rejects.toMatchObject({ code: 'disk_full' });
    full = false;
    expect(await one()).toEqual({ duplicates: [] });
    expect(await one()).toEqual({ duplicates: [0] });
    await log.close();
  });
});
