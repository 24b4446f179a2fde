import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import type { DestinationState } from '../../../src/admin/destinations-routes.ts';
import { type AlertParts, openAlerts } from '../../../src/app/alerts.ts';
import type { AlertsConfig } from '../../../src/config/alerts-settings.ts';
import type { Config } from '../../../src/config/config.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { CONFIG, startReceiver, webhook } from '../alerts/support.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  vi.useRealTimers();
});

const HALTED: DestinationState = {
  ...{ id: 'braze', state: 'halted', halted: { code: 'key_refused', message: '' } },
  ...{ backlog: 1, inFlight: 0, parked: 0, requestsRunning: 0 },
};

/** On Kafka, where neither log nor disk are asked; one destination is halted. */
async function rig(alerts: (url: string, folder: string) => AlertsConfig) {
  const receiver = await startReceiver();
  const folder = mkdtempSync(join(tmpdir(), 'brazier-alerts-'));
  const metrics = createMetrics({ version: 'test' }, { processMetrics: false });
  const warned: string[] = [];
  const config = { role: 'all', log: { kind: 'kafka', path: folder }, alerts: alerts(receiver.url, folder) };
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const watch = openAlerts({
    config: config as unknown as Config,
    log: {} as AlertParts['log'],
    metrics,
    logger: { warn: (message: string) => warned.push(message) } as unknown as Logger,
    destinations: { states: () => [HALTED], publish: () => undefined },
    disk: { room: async () => null },
  });
  watch.start();
  cleanups.push(
    receiver.close,
    () => rmSync(folder, { recursive: true, force: true }),
    () => watch.stop(),
  );
  return {
    ...{ watch, receiver, folder, warned },
    look: () => vi.advanceTimersByTime(2_000),
    waiting: async () =>
      (await metrics.alertsWaiting.get()).values.map(({ labels, value }) => [labels.webhook, value]),
  };
}

it('what moved to another file that reads the same is read there from then on', async () => {
  const inFile = (name: string) => (url: string, folder: string) => {
    const file = join(folder, name);
    if (!existsSync(file)) writeFileSync(file, url);
    const hook = webhook('', { readUrl: () => readFileSync(file, 'utf8') });
    return { ...CONFIG, holdMs: 0, webhooks: [hook] };
  };
  const t = await rig(inFile('old'));
  expect(t.watch.adopt(inFile('new')(t.receiver.url, t.folder)), 'nothing to tell of').toEqual([]);
  writeFileSync(join(t.folder, 'old'), 'http://127.0.0.1:9');
  writeFileSync(join(t.folder, 'new'), `${t.receiver.url}/new`);
  t.look();
  await expect.poll(() => t.receiver.received.map(({ url }) => url)).toEqual(['/new']);
});

it('no message waits for a webhook that is gone, nor when it was the last one', async () => {
  const t = await rig((url) => ({
    ...CONFIG,
    holdMs: 0,
    webhooks: ['a', 'b'].map((id) => webhook(url, { id })),
  }));
  t.receiver.answer(() => null);
  t.look();
  await expect.poll(t.waiting).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
  t.watch.adopt({ ...CONFIG, webhooks: [webhook(t.receiver.url, { id: 'a' })] });
  expect(await t.waiting()).toEqual([['a', 1]]);
  t.watch.adopt(CONFIG);
  expect(await t.waiting()).toEqual([]);
});

it('stops when what was told is kept, also of a message that the stop cut off', async () => {
  const t = await rig((url) => ({ ...CONFIG, holdMs: 0, webhooks: [webhook(url)] }));
  t.receiver.answer(() => null);
  t.look();
  await expect.poll(() => t.receiver.received.length).toBe(1);
  await t.watch.stop();
  expect(readFileSync(join(t.folder, 'alerts.json'), 'utf8')).toContain('"isUnsure":true');
});

it('says that what was told cannot be kept', async () => {
  const t = await rig((url) => ({ ...CONFIG, holdMs: 0, webhooks: [webhook(url)] }));
  rmSync(t.folder, { recursive: true });
  t.look();
  await expect.poll(() => t.warned).toEqual([expect.stringContaining('not kept over a restart')]);
});
