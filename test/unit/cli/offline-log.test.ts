import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { withLetters } from '../../../src/cli/letters-access.ts';
import { storeOf } from '../../../src/cli/letters-options.ts';
import { withOfflineLog } from '../../../src/cli/offline-log.ts';

const KAFKA = join(import.meta.dirname, '../../../examples/kafka.yaml');
const EMBEDDED = join(import.meta.dirname, '../../../examples/brazier.yaml');

const folder = mkdtempSync(join(tmpdir(), 'brazier-offline-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a log without a server', () => {
  test('of the embedded kind is opened where its folder is, and nowhere else', async () => {
    const { log } = await storeOf({ config: EMBEDDED });
    const here = { ...log, path: folder };
    expect(await withOfflineLog({ log: here }, (opened) => opened.groups())).toEqual([]);
    await expect(
      withOfflineLog({ log: { ...log, path: join(folder, 'nowhere') } }, (opened) => opened.groups()),
    ).rejects.toMatchObject({ name: 'CommandError', message: expect.stringContaining('no data folder') });
  });

  test('on Kafka is asked for where a server runs', async () => {
    const store = await storeOf({ config: KAFKA });
    await expect(withLetters({ ...store, path: folder }, async () => undefined)).rejects.toMatchObject({
      name: 'CommandError',
      message: expect.stringMatching(/^no server has this data folder: with log\.kind kafka/),
    });
  });
});
