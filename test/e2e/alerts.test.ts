/** The real process tells its alert webhooks what is wrong and when it is over, and nothing of events and keys. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type RunningSandbox, startSandbox } from '../support/sandbox.ts';
import { makeFolder, type ServerFolder, startProcess } from '../support/server-process.ts';
import { startReceiver } from '../unit/alerts/support.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The machine may be busy with other tests. */
const SOON = { timeout: 60_000, interval: 50 };
const PATH = '/services/canary-webhook-path';
const CANARIES = [
  PATH,
  'canary-signing-key',
  'canary-authorization',
  'canary-rest-key',
  'canary@example.com',
];

async function braze(): Promise<RunningSandbox> {
  const started = await startSandbox();
  cleanups.push(started.close);
  return started;
}

async function receiving() {
  const receiver = await startReceiver();
  cleanups.push(receiver.close);
  const told = () => receiver.bodies().map(({ state, alert }) => `${state} ${alert}`);
  return { ...receiver, told };
}

function folderWith(sandbox: RunningSandbox, alerts: object): ServerFolder {
  const folder = makeFolder(sandbox.url, { lingerMs: 5, restApiKey: 'canary-rest-key' }, { alerts });
  cleanups.push(folder.remove);
  return folder;
}

async function serve({ configFile, writeKey }: ServerFolder) {
  const server = startProcess(['serve', '--config', configFile]);
  cleanups.push(async () => {
    server.kill('SIGKILL');
    await server.exited;
  });
  const ready = await server.ready;
  return {
    server,
    async send(event: string) {
      const batch = [
        { type: 'track', userId: 'kim', event, context: { traits: { email: 'canary@example.com' } } },
      ];
      const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
      const init = { method: 'POST', headers: { authorization }, body: JSON.stringify({ batch }) };
      expect((await fetch(`${ready.http}/v1/batch`, init)).status).toBe(200);
    },
    metrics: async () => (await fetch(`${ready.admin}/metrics`)).text(),
  };
}

/** Short times; of a disk that is as full as it may be nobody is told. */
const SETTINGS = { holdMs: 500, resolveAfterMs: 500, diskFreeRatio: 0 };

const refused = {
  match: { path: '/users/track' },
  do: { status: 401, body: { message: 'canary-rest-key' } },
};

describe('alert webhooks', () => {
  it('hear that a destination is halted, and when it goes on, in both forms; the address is in no log line', async () => {
    const [sandbox, json, slack] = [await braze(), await receiving(), await receiving()];
    const folder = folderWith(sandbox, {
      ...SETTINGS,
      name: 'shop',
      webhooks: [
        {
          id: 'json',
          url: json.url + PATH,
          signingKey: 'canary-signing-key',
          authorization: 'canary-authorization',
        },
        { id: 'slack', url: slack.url + PATH, form: 'slack' },
        // Nobody listens there: it is in the log lines, without its address.
        { id: 'nobody', url: `http://127.0.0.1:1${PATH}` },
      ],
    });
    sandbox.sandbox.addFaults([refused]);
    const t = await serve(folder);
    await t.send('Lamp Lit');
    await expect.poll(json.told, SOON).toEqual(['firing BrazierDestinationHalted']);
    expect(json.bodies()[0]).toMatchObject({
      destination: 'braze',
      code: 'key_refused',
      brazier: { name: 'shop' },
    });
    await expect.poll(() => t.server.stderr(), SOON).toContain('alert_not_told');
    sandbox.sandbox.clearFaults();
    await expect
      .poll(json.told, SOON)
      .toEqual(['firing BrazierDestinationHalted', 'resolved BrazierDestinationHalted']);
    await expect
      .poll(() => slack.bodies().map(({ text }) => String(text)), SOON)
      .toEqual([
        expect.stringMatching(/^:red_circle: BrazierDestinationHalted: Braze takes nothing for braze/),
        expect.stringMatching(/^:white_check_mark: Over: BrazierDestinationHalted/),
      ]);
    const metrics = await t.metrics();
    expect(metrics).toContain('brazier_alert_webhook_messages_total{webhook="json",outcome="sent"} 2');
    expect(metrics).toMatch(
      /brazier_alert_webhook_messages_total\{webhook="nobody",outcome="failed"\} [1-9]/,
    );
    t.server.kill('SIGTERM');
    expect(await t.server.exited).toBe(0);
    const shown = t.server.stderr() + t.server.stdout() + metrics;
    const bodies = [...json.received, ...slack.received].map(({ text }) => text).join('');
    for (const canary of CANARIES) expect(shown + bodies).not.toContain(canary);
  }, 180_000);

  it('hear after a restart that it is over; one that does not answer holds up neither the start nor the stop', async () => {
    const [sandbox, ops, silent] = [await braze(), await receiving(), await receiving()];
    silent.answer(() => null);
    const webhooks = [
      { id: 'ops', url: ops.url },
      { id: 'silent', url: silent.url },
    ];
    const folder = folderWith(sandbox, { ...SETTINGS, resolveAfterMs: 3_000, webhooks });
    sandbox.sandbox.addFaults([refused]);
    const first = await serve(folder);
    await first.send('Lamp Lit');
    await expect.poll(ops.told, SOON).toEqual(['firing BrazierDestinationHalted']);
    await expect.poll(() => silent.received.length, SOON).toBeGreaterThan(0);
    const begun = performance.now();
    first.server.kill('SIGTERM');
    expect(await first.server.exited).toBe(0);
    expect(performance.now() - begun).toBeLessThan(20_000);
    sandbox.sandbox.clearFaults();
    silent.answer(() => ({ status: 200 }));
    await serve(folder);
    await expect
      .poll(ops.told, SOON)
      .toEqual(['firing BrazierDestinationHalted', 'resolved BrazierDestinationHalted']);
    // Nobody knows whether it heard the first.
    await expect.poll(() => silent.told().at(-1), SOON).toBe('resolved BrazierDestinationHalted');
    expect(new Set([...ops.bodies(), ...silent.bodies()].map(({ id }) => id)).size).toBe(1);
  }, 180_000);

  it('hear of a disk that is nearly full and of dead letters; a reload changes whom is told', async () => {
    const [sandbox, before, after] = [await braze(), await receiving(), await receiving()];
    const settings = { ...SETTINGS, diskFreeRatio: 1 };
    const folder = folderWith(sandbox, { ...settings, webhooks: [{ id: 'a', url: before.url }] });
    sandbox.sandbox.addFaults([
      { match: { path: '/users/track' }, do: { status: 400, body: { message: 'canary@example.com' } } },
    ]);
    const t = await serve(folder);
    await t.send('Lamp Lit');
    await expect
      .poll(() => before.told().toSorted(), SOON)
      .toEqual(['firing BrazierDeadLetters', 'firing BrazierDiskNearlyFull']);
    expect(before.received.map(({ text }) => text).join('')).not.toContain('canary@example.com');
    const urlFile = join(folder.data, '..', 'url');
    writeFileSync(urlFile, `${after.url}\n`);
    const config = parse(readFileSync(folder.configFile, 'utf8'));
    config.alerts.webhooks = [{ id: 'b', urlFile, minSeverity: 'critical' }];
    writeFileSync(folder.configFile, stringify(config));
    t.server.kill('SIGHUP');
    await expect.poll(after.told, SOON).toEqual(['firing BrazierDiskNearlyFull']);
    expect(t.server.stderr()).toContain('"changed":["alerts"]');
    expect(before.received).toHaveLength(2);
  }, 180_000);

  it('hear that nothing gets through while events are taken, and when something does', async () => {
    const [sandbox, ops] = [await braze(), await receiving()];
    const webhooks = [{ id: 'ops', url: ops.url }];
    const folder = folderWith(sandbox, { ...SETTINGS, nothingDeliveredMs: 1_000, webhooks });
    sandbox.sandbox.addFaults([{ match: { path: '/users/track' }, do: { status: 503 } }]);
    const t = await serve(folder);
    let sent = 0;
    const told = async () => {
      await t.send(`Lamp Lit ${sent++}`);
      return ops.told();
    };
    await expect.poll(told, SOON).toEqual(['firing BrazierNothingDelivered']);
    sandbox.sandbox.clearFaults();
    await expect
      .poll(told, SOON)
      .toEqual(['firing BrazierNothingDelivered', 'resolved BrazierNothingDelivered']);
  }, 180_000);
});
