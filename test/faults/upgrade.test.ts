/** Data folders that another version has written, and one that was damaged, at the real process. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SCHEMA_VERSION } from '../../src/log/sqlite/schema.ts';
import { encodeRecords, segmentRow } from '../../src/log/sqlite/segment.ts';
import { PATIENT } from '../support/harness.ts';
import { append, sqliteOptions } from '../support/log-harness.ts';
import { openInProcess } from '../support/log-store-client.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

/** As the first released version made it. */
const VERSION_1 = `
  PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
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

const HEADERS = { source: 'shop', receivedAt: '2026-01-02T03:04:05.678Z' };
const event = (userId: string) => JSON.stringify({ type: 'track', userId, event: 'Step', messageId: userId });
const recordOf = (userId: string) => ({
  key: userId,
  value: Buffer.from(event(userId)),
  headers: HEADERS,
  timestamp: Date.parse(HEADERS.receivedAt),
});

async function rig() {
  const { sandbox, url, close } = await startSandbox();
  const folder = makeFolder(url, { lingerMs: 5 });
  mkdirSync(folder.data, { recursive: true });
  onTestFinished(async () => {
    await close();
    folder.remove();
  });
  const start = () => {
    const server = startProcess(['serve', '--config', folder.configFile]);
    onTestFinished(async () => {
      server.kill('SIGKILL');
      await server.exited;
    });
    return server;
  };
  const letters = async (admin: string) => {
    const authorization = `Bearer ${readFileSync(folder.tokenFile, 'utf8').trim()}`;
    const reply = await fetch(`${admin}/dead-letters?limit=100`, { headers: { authorization } });
    return ((await reply.json()) as { letters: { id: string; code: string }[] }).letters;
  };
  const delivered = () => sandbox.users().map(({ external_id }) => external_id);
  return { folder, file: join(folder.data, 'brazier.db'), start, letters, delivered };
}

test('row 54: a folder of the first version is taken over: its records are delivered, its letters are there', async () => {
  const t = await rig();
  const db = new DatabaseSync(t.file);
  db.exec(VERSION_1);
  const row = segmentRow(
    encodeRecords([recordOf('done'), recordOf('open-1'), recordOf('open-2')]),
    0,
    Date.now(),
  );
  db.prepare('INSERT INTO segment VALUES(?, ?, ?, ?, ?, ?, ?)').run(
    ...[row.base, row.n, row.ts, row.ends, row.sums, row.meta, row.data],
  );
  db.prepare('INSERT INTO progress VALUES(?, ?, ?)').run('braze', 1, new Uint8Array(0));
  const outcome = { status: 'rejected', kind: 'refused', code: 'braze_refused', message: 'no', issues: [] };
  const { key, headers, timestamp } = recordOf('refused');
  const detail = JSON.stringify({ record: { key, headers, timestamp }, outcome, undelivered: null });
  db.prepare('INSERT INTO letter(id, destination, at, position, detail, value) VALUES(?, ?, ?, ?, ?, ?)').run(
    ...[
      'braze/brazier.events/0/9',
      'braze',
      Date.now(),
      'brazier.events/0/9',
      detail,
      recordOf('refused').value,
    ],
  );
  db.close();
  const server = t.start();
  const { admin } = await server.ready;
  await vi.waitFor(() => expect(t.delivered().sort()).toEqual(['open-1', 'open-2']), PATIENT);
  expect(await t.letters(admin)).toMatchObject([{ id: 'braze/brazier.events/0/9', code: 'braze_refused' }]);
  server.kill('SIGTERM');
  expect(await server.exited).toBe(0);
  await t.start().ready;
});

test('row 54: a folder of a newer version is refused in one line, and left as it was', async () => {
  const t = await rig();
  const { log } = openInProcess(sqliteOptions(t.folder.data));
  await append(log, event('kim'));
  await log.close();
  const db = new DatabaseSync(t.file);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  const server = t.start();
  expect(await server.exited).toBe(1);
  expect(server.stderr().trimEnd().split('\n')).toHaveLength(1);
  expect(server.stderr()).toMatch(
    /written by a newer brazier \(version \d+, this one reads up to \d+\): run the newer one/,
  );
  const after = new DatabaseSync(t.file);
  expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: SCHEMA_VERSION + 1 });
  expect(after.prepare('SELECT sum(n) AS records FROM segment').get()).toEqual({ records: 1 });
  after.close();
});

test('row 3: a flipped byte in a record makes it a dead letter `corrupt`; those beside it are delivered', async () => {
  const t = await rig();
  const { log } = openInProcess(sqliteOptions(t.folder.data));
  await log.attach([{ group: 'braze', start: 'beginning' }]);
  await append(log, event('first'), event('second'), event('third'));
  await log.close();
  const bytes = readFileSync(t.file);
  const at = bytes.indexOf('"userId":"second"') + '"userId":"s'.length;
  bytes[at] = Number(bytes[at]) ^ 1;
  writeFileSync(t.file, bytes);
  const { admin } = await t.start().ready;
  await vi.waitFor(
    async () => expect((await t.letters(admin)).map(({ code }) => code)).toEqual(['corrupt_record']),
    PATIENT,
  );
  await vi.waitFor(() => expect(t.delivered().sort()).toEqual(['first', 'third']), PATIENT);
});

test('row 3: a damaged structure is refused in one line that says how to restore', async () => {
  const t = await rig();
  const { log } = openInProcess(sqliteOptions(t.folder.data));
  await append(log, ...Array.from({ length: 20 }, () => event('kim').padEnd(3_000)));
  await log.close();
  const bytes = readFileSync(t.file);
  bytes.fill(0xff, 16_384 * 3, 16_384 * 3 + 4);
  writeFileSync(t.file, bytes);
  const server = t.start();
  expect(await server.exited).toBe(1);
  expect(server.stderr().trimEnd().split('\n')).toHaveLength(1);
  expect(server.stderr()).toMatch(/is damaged .*restore the folder from a backup/);
});
