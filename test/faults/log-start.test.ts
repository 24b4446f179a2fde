/** Starts that must not happen, each with one line that names the thing, and damage that must not go unseen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from '../../src/log/sqlite/schema.ts';
import { openSqliteLog } from '../../src/log/sqlite/sqlite-log.ts';
import { append, commit, readChunksOf, sqliteOptions, textsOf } from '../support/log-harness.ts';
import { openInProcess } from '../support/log-store-client.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'brazier-start-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

const open = async (folder = path) => openInProcess(sqliteOptions(folder)).log;
const file = () => join(path, 'brazier.db');

async function fill(...texts: string[]): Promise<void> {
  const log = await open();
  await log.attach([{ group: 'a', start: 'beginning' }]);
  for (const text of texts) await append(log, text);
  await log.close();
}

async function flip(find: (bytes: Buffer) => number): Promise<void> {
  const bytes = await readFile(file());
  const at = find(bytes);
  expect(at).toBeGreaterThan(0);
  bytes[at]! ^= 1;
  await writeFile(file(), bytes);
}

describe('the data folder', () => {
  it('row 9: refuses a second process on the folder and names both', async () => {
    const log = await openSqliteLog(sqliteOptions(path));
    await expect(openSqliteLog(sqliteOptions(path))).rejects.toMatchObject({
      code: 'log_locked',
      message: expect.stringMatching(new RegExp(`${path}.*another brazier process`)),
    });
    await append(log, 'still works');
    await log.close();
    await (await open()).close();
  });

  it('row 8: is made when it is not there', async () => {
    const log = await open(join(path, 'deep', 'data'));
    await append(log, 'one');
    await log.close();
  });

  it.each([
    ['is a file', 'file'],
    ['lies below a file', 'file/below'],
  ])('row 8: refuses a path that %s', async (_, name) => {
    await writeFile(join(path, 'file'), '');
    const folder = join(path, name);
    await expect(open(folder)).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringContaining(folder),
    });
  });

  // Linux: below /proc a folder that cannot be made is ENOENT, at which Node's recursive mkdir never ends.
  it('row 8: refuses a folder that the file system has no place for, and does not try for ever', async () => {
    await expect(open('/proc/nowhere/data')).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringContaining('/proc/nowhere/data'),
    });
  });

  it('row 8: refuses a folder that it may not write', async () => {
    const folder = join(path, 'readonly');
    await mkdir(folder);
    await chmod(path, 0o755);
    await chmod(folder, 0o555);
    // Root may write everywhere, so another user tries.
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('../support/log-child.ts', import.meta.url)), folder],
      {
        ...(process.getuid?.() === 0 && { uid: 65534, gid: 65534 }),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    await once(child, 'close');
    expect(output).toMatch(new RegExp(`^log_unusable: .*${folder}`));
  });
});

describe('damage', () => {
  it('row 3: delivers a value with a flipped byte as corrupt, its neighbours whole', async () => {
    await fill('first value', 'second value', 'third value');
    await flip((bytes) => bytes.indexOf('second value') + 3);
    const log = await open();
    await log.attach([{ group: 'a', start: 'end' }]);
    const chunks = await readChunksOf(log, 'a', 3);
    const records = chunks.flatMap((chunk) => textsOf(chunk).map((_, index) => chunk.record(index)));
    expect(records.map(({ corrupt }) => corrupt)).toEqual([false, true, false]);
    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2]);
    await log.close();
  });

  it('row 3: delivers records whose keys and headers were flipped as corrupt', async () => {
    await fill('value');
    await flip((bytes) => bytes.indexOf('key of value') + 3);
    const log = await open();
    await log.attach([{ group: 'a', start: 'end' }]);
    const [chunk] = await readChunksOf(log, 'a', 1);
    expect(chunk!.record(0)).toMatchObject({ corrupt: true, key: '' });
    await log.close();
  });

  it.each([
    ['the file header', () => 3],
    ['the schema page', () => 102],
    ['a table page', (bytes: Buffer) => 16384 * 3 + 3 + (bytes.length > 0 ? 0 : 1)],
  ])('row 3: refuses to start when %s is damaged, and says how to restore', async (_, find) => {
    await fill(...Array.from({ length: 20 }, (__, index) => `value ${index}`.repeat(300)));
    const bytes = await readFile(file());
    const at = find(bytes);
    bytes.fill(0xff, at, at + 4);
    await writeFile(file(), bytes);
    await expect(open()).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringMatching(/restore the folder from a backup/),
    });
  });

  it('row 3: says so when records are missing, and goes on after them', async () => {
    await fill('zero', 'one', 'two', 'three');
    const db = new DatabaseSync(file());
    db.exec('DELETE FROM segment WHERE base IN (0, 2)');
    db.close();
    const warnings: string[] = [];
    const log = await openSqliteLog({
      ...sqliteOptions(path),
      onWarning: (message) => warnings.push(message),
    });
    await log.attach([{ group: 'a', start: 'end' }]);
    expect((await readChunksOf(log, 'a', 2)).flatMap(textsOf)).toEqual(['one', 'three']);
    expect(warnings).toEqual([
      'records 0 to 0 are missing from the log: a goes on at 1',
      'records 2 to 2 are missing from the log: a goes on at 3',
    ]);
    expect(log.backlog('a')).toBe(0);
    await log.close();
  });

  it('row 4: drops a torn write at the end of the WAL and keeps what was before', async () => {
    const log = await open();
    await log.attach([{ group: 'a', start: 'beginning' }]);
    await append(log, 'kept');
    const whole = (await readFile(`${file()}-wal`)).length;
    await append(log, 'torn');
    const copy = join(path, 'copy');
    await mkdir(copy);
    await copyFile(file(), join(copy, 'brazier.db'));
    const wal = await readFile(`${file()}-wal`);
    await log.close();
    for (const length of [whole, whole + 24, wal.length - 1]) {
      await copyFile(join(copy, 'brazier.db'), file());
      await writeFile(`${file()}-wal`, wal.subarray(0, length));
      const after = await open();
      await after.attach([{ group: 'a', start: 'end' }]);
      expect(after.backlog('a')).toBe(1);
      expect((await readChunksOf(after, 'a', 1)).flatMap(textsOf)).toEqual(['kept']);
      await commit(after, 'a', 0);
      await after.close();
    }
  });
});

describe('versions', () => {
  it('row 54: refuses a log of a newer brazier', async () => {
    await fill('one');
    const db = new DatabaseSync(file());
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    await expect(open()).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringContaining('newer brazier'),
    });
  });

  it("refuses another program's database", async () => {
    const db = new DatabaseSync(file());
    db.exec('CREATE TABLE other(x)');
    db.close();
    await expect(open()).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringContaining('not a brazier log'),
    });
  });
});
