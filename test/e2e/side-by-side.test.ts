/** The two programs by which RudderStack and Brazier are run side by side and compared. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const PATIENT = { timeout: 60_000, interval: 100 };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function run(file: string, args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [join(EXAMPLES, file), ...args], { env: { ...process.env, ...env } });
  cleanups.push(() => child.kill('SIGKILL'));
  return child;
}

/** What it prints, sorted by line. */
async function outputOf(child: ChildProcess): Promise<string[]> {
  let text = '';
  for await (const part of child.stdout ?? []) text += String(part);
  return text.split('\n').filter(Boolean).sort();
}

it("a webhook's events come to Brazier, and what Braze has differently is told field by field", {
  timeout: 180_000,
}, async () => {
  const [local, braze] = [await startSandbox(), await startSandbox()];
  const folder = makeFolder(local.url, { lingerMs: 5 });
  const server = startProcess(['serve', '--config', folder.configFile]);
  cleanups.push(folder.remove, local.close, braze.close, async () => {
    server.kill('SIGKILL');
    await server.exited;
  });
  const { http } = await server.ready;
  const webhook = run('webhook-relay.mjs', [], { WRITE_KEY: folder.writeKey, BRAZIER: http, PORT: '0' });
  const [address] = await once(webhook.stdout ?? webhook, 'data');
  const relay = (event: object) =>
    fetch(`http://${String(address).trim()}/`, { method: 'POST', body: JSON.stringify(event) });
  const identify = { type: 'identify', userId: 'kim', messageId: '1', traits: { plan: 'pro' } };
  expect((await relay(identify)).status).toBe(200);
  const track = { type: 'track', userId: 'kim', event: 'Lamp Lit', messageId: '2' };
  expect((await relay(track)).status).toBe(200);
  await vi.waitFor(() => expect(local.sandbox.users()[0]?.events).toHaveLength(1), PATIENT);

  const compare = () =>
    outputOf(run('compare-users.mjs', ['kim'], { BRAZE: braze.url, BRAZE_KEY: 'any', SANDBOX: local.url }));
  const tell = (plan: string) =>
    fetch(`${braze.url}/users/track`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify({ attributes: [{ external_id: 'kim', plan }] }),
    });
  await tell('free');
  braze.sandbox.flush();
  expect(await compare()).toEqual([
    'kim custom_events Braze: {} sandbox: {"Lamp Lit":1}',
    'kim plan Braze: "free" sandbox: "pro"',
  ]);
  await tell('pro');
  braze.sandbox.flush();
  expect(await compare()).toEqual(['kim custom_events Braze: {} sandbox: {"Lamp Lit":1}']);
});
