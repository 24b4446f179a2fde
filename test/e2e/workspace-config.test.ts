/** Moving over from RudderStack: the real process, started with RudderStack's own file, sends exactly what should pass. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { type RunningSandbox, startSandbox } from '../support/sandbox.ts';
import { makeFolder, type Ready, startProcess } from '../support/server-process.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Two sources, one of them disabled; two Braze destinations, one with an allow list; and one of another type. */
const EXAMPLE = join(ROOT, 'examples/workspaceConfig.json');
const [SHOP, OLD_APP] = ['2fWriteKeyOfTheShop', '2fWriteKeyOfTheOldApp'];

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function braze(apiKey: string): Promise<RunningSandbox> {
  const started = await startSandbox({ apiKey });
  cleanups.push(started.close);
  return started;
}

/** Our own file: free ports, a data folder, and the local Braze in place of the data centres. */
function ownFile(europe: RunningSandbox, orders: RunningSandbox): string {
  const folder = makeFolder(europe.url);
  cleanups.push(folder.remove);
  const config = {
    http: { port: 0 },
    admin: { port: 0 },
    log: { path: folder.data },
    destinations: [
      { id: '2fBrazeEurope', restEndpoint: europe.url, lingerMs: 5 },
      { id: '2fBrazeOrders', restEndpoint: orders.url, lingerMs: 5 },
    ],
  };
  writeFileSync(folder.configFile, stringify(config));
  return folder.configFile;
}

async function send({ http }: Ready, writeKey: string, batch: readonly object[]): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  const events = batch.map((event, index) => ({
    messageId: `${writeKey}-${index}`,
    userId: 'kim',
    ...event,
  }));
  const body = JSON.stringify({ batch: events });
  const reply = await fetch(`${http}/v1/batch`, { method: 'POST', headers: { authorization }, body });
  await reply.text();
  return reply.status;
}

const track = (event: string, properties = {}) => ({ type: 'track', event, properties });
const ORDER = { currency: 'EUR', products: [{ product_id: 'tea-1', price: 4.2, quantity: 2 }] };

/** Names of the events and products of the purchases that arrived, in order. */
function arrivedAt({ sandbox }: RunningSandbox) {
  return sandbox.users().map(({ events, purchases }) => ({
    events: events.map(({ name }) => name),
    purchases: purchases.map(({ product_id }) => product_id),
  }));
}

async function inFlight({ admin }: Ready): Promise<number[]> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return [...text.matchAll(/^brazier_events_in_flight\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
}

describe('serve --workspace-config', () => {
  it('gives each destination exactly what should pass, refuses a disabled source, says what is not served', async () => {
    const [europe, orders] = [await braze('replace-me-europe'), await braze('replace-me-orders')];
    const args = ['serve', '--workspace-config', EXAMPLE, '--config', ownFile(europe, orders)];
    const server = startProcess(args);
    cleanups.push(() => server.kill('SIGKILL'));
    const ready = await server.ready;
    expect(server.stderr()).toMatch(
      /^warning: .*destinations\[2\]: not served: .*"2fAnalytics" is of type GA4/m,
    );

    expect(await send(ready, OLD_APP, [track('Never Seen')])).toBe(404);
    const events = [track('Lamp Lit'), track('Page Scrolled'), track('order completed', ORDER)];
    expect(await send(ready, SHOP, [...events, track('Last')])).toBe(200);

    const [all, allowed] = [['Lamp Lit', 'Page Scrolled', 'Last'], ['Lamp Lit']];
    const expected = { purchases: ['tea-1'] };
    const wait = { timeout: 60_000, interval: 20 };
    await vi.waitFor(() => expect(arrivedAt(europe)).toEqual([{ ...expected, events: all }]), wait);
    await vi.waitFor(async () => expect(await inFlight(ready)).toEqual([0, 0]), wait);
    expect(arrivedAt(orders)).toEqual([{ ...expected, events: allowed }]);

    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it('does not start when something else would be sent than by RudderStack, unless told to', async () => {
    const [europe, orders] = [await braze('replace-me-europe'), await braze('replace-me-orders')];
    const own = ownFile(europe, orders);
    const file = join(own, '../workspaceConfig.json');
    const transformed = readFileSync(EXAMPLE, 'utf8').replace(
      '"transformations": []',
      '"transformations": [{ "id": "t", "versionId": "v" }]',
    );
    writeFileSync(file, transformed);
    const args = ['serve', '--workspace-config', file, '--config', own];
    const refused = startProcess(args);
    await expect(refused.ready).rejects.toThrow(/transformations: not served: .*--allow-unserved/);
    expect(await refused.exited).toBe(2);
    const server = startProcess([...args, '--allow-unserved']);
    cleanups.push(() => server.kill('SIGKILL'));
    await server.ready;
    expect(server.stderr()).toMatch(/^warning: .*transformations: not served: /m);
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });
});

describe('check --workspace-config', () => {
  it('prints a configuration that serves the same once the masked keys are back', async () => {
    const [europe, orders] = [await braze('replace-me-europe'), await braze('replace-me-orders')];
    const own = ownFile(europe, orders);
    const args = ['src/main.ts', 'check', '--workspace-config', EXAMPLE, '--config', own];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
    expect(stderr).toContain('"2fAnalytics" is of type GA4');
    expect(stdout + stderr).not.toMatch(/replace-me|2fWriteKey/);
    const secrets = [SHOP, OLD_APP, 'replace-me-europe', 'replace-me-orders'];
    writeFileSync(
      own,
      stdout.replaceAll('********', () => String(secrets.shift())),
    );

    const server = startProcess(['serve', '--config', own]);
    cleanups.push(() => server.kill('SIGKILL'));
    const ready = await server.ready;
    expect(await send(ready, OLD_APP, [track('Never Seen')])).toBe(404);
    expect(await send(ready, SHOP, [track('Page Scrolled'), track('Lamp Lit')])).toBe(200);
    const arrived = () =>
      expect([arrivedAt(europe), arrivedAt(orders)]).toMatchObject([
        [{ events: ['Page Scrolled', 'Lamp Lit'] }],
        [{ events: ['Lamp Lit'] }],
      ]);
    await vi.waitFor(arrived, { timeout: 60_000, interval: 20 });
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });
});
