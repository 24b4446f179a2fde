import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqliteLog } from '../../../../src/log/sqlite/sqlite-log.ts';

it('the files of the log are for their owner alone', async () => {
  const path = mkdtempSync(join(tmpdir(), 'brazier-files-'));
  const log = await openSqliteLog({
    path,
    maxBytes: 1e9,
    retainMs: 1_000,
    now: Date.now,
    onFatal: (error) => expect.fail(error.message),
  });
  await log.attach([{ group: 'g', start: 'end' }]);
  const modes = readdirSync(path).map((file) => [
    file,
    (statSync(join(path, file)).mode & 0o777).toString(8),
  ]);
  await log.close();
  rmSync(path, { recursive: true });
  expect(modes).toEqual([
    ['brazier.db', '600'],
    ['brazier.db-wal', '600'],
  ]);
});
