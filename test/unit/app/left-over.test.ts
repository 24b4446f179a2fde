import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { checkLeftOver } from '../../../src/app/left-over.ts';
import { openSqliteLog } from '../../../src/log/sqlite/sqlite-log.ts';
import { rejected } from '../../../src/model/outcome.ts';
import { EVENTS_TOPIC } from '../../../src/model/record.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';
import { append, record, sqliteOptions } from '../../support/log-harness.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brazier-left-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const warn = vi.fn();
const logger = { warn } as unknown as Logger;
afterEach(() => warn.mockClear());

/** A log of two events, of which so many are settled, the last one with a dead letter. */
async function leave(settled: number): Promise<void> {
  const log = await openSqliteLog(sqliteOptions(folder));
  await log.attach([{ group: 'braze', start: 'beginning' }]);
  await append(log, 'one', 'two');
  const letter = {
    id: 'braze/0',
    destination: 'braze',
    at: 0,
    position: `${EVENTS_TOPIC}/0/0`,
    record: record('one'),
    outcome: rejected('refused', 'braze_refused', 'no', []),
    undelivered: null,
  };
  await log.commit('braze', EVENTS_TOPIC, 0, { watermark: settled, settled: [] }, [letter]);
  await log.close();
}

it('undelivered events of an embedded log refuse the start, and the line says both ways on', async () => {
  await leave(1);
  await expect(checkLeftOver(folder, logger)).rejects.toMatchObject({
    code: 'log_unusable',
    message: expect.stringMatching(/with 1 events that are not delivered.*serve --drain.*log\.path/),
  });
});

it('dead letters alone are a warning', async () => {
  await leave(2);
  await checkLeftOver(folder, logger);
  expect(warn.mock.calls).toEqual([[expect.any(String), { code: 'left_over_letters', letters: 1 }]]);
});

it('a folder without an embedded log is passed by, and one in use is not', async () => {
  await checkLeftOver(folder, logger);
  expect(warn).not.toHaveBeenCalled();
  const log = await openSqliteLog(sqliteOptions(folder));
  await expect(checkLeftOver(folder, logger)).rejects.toMatchObject({ code: 'log_locked' });
  await log.close();
});
