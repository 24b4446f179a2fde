import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startStoreWorker } from '../../../../src/log/sqlite/client.ts';
import { openOptions } from '../../../../src/log/sqlite/options.ts';
import type { WriteBatch } from '../../../../src/log/sqlite/protocol.ts';
import { encodeRecords } from '../../../../src/log/sqlite/segment.ts';
import { record, sqliteOptions } from '../../../support/log-harness.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'brazier-client-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

it('rejects what is out when the thread ends without a close; what was answered is there afterwards', async () => {
  const records = encodeRecords([record('one')]);
  const batch: WriteBatch = {
    at: 0,
    append: { records, guardIds: null, replayOf: null, letters: [] },
    commits: [],
  };
  const first = startStoreWorker();
  await first.call('open', openOptions(sqliteOptions(path)));
  expect((await first.call('write', batch, [records.data.buffer as ArrayBuffer])).head).toBe(1);
  expect(records.data.byteLength).toBe(0);
  // Each ping is a write: the thread, told to end at once, cannot come to the last of so many.
  const out = Array.from({ length: 500 }, () => first.call('ping', 0));
  for (const ping of out) ping.catch(() => undefined);
  const refused = expect(out.at(-1)).rejects.toMatchObject({ code: 'log_failing' });
  await first.end();
  await refused;
  await expect(first.call('ping', 0)).rejects.toMatchObject({ code: 'log_failing' });
  const second = startStoreWorker();
  expect((await second.call('open', openOptions(sqliteOptions(path)))).head).toBe(1);
  await second.call('close', null);
  await second.end();
});
