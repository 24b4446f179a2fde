import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLog } from '../../../src/app/open-log.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brazier-open-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('a data folder that cannot be made is told in one line, on Kafka too, before any broker is asked', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const loaded = parseConfig(
    'brazier.yaml',
    `log: { kind: kafka, brokers: [ '127.0.0.1:9' ], path: ${join(file, 'data')} }
sources: [{ id: shop, writeKey: canary-key }]
destinations: [{ id: braze, restEndpoint: 'http://127.0.0.1:9', restApiKey: canary-api-key }]`,
    {},
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const opening = openLog({
    config: loaded.config,
    logger: createLogger({ level: 'error' }),
    metrics: createMetrics({ version: 'test' }, { processMetrics: false }),
    onFatal: () => undefined,
  });
  await expect(opening).rejects.toMatchObject({
    code: 'log_unusable',
    message: expect.stringContaining('log.path'),
  });
});
