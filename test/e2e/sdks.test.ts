import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { Analytics } from '@segment/analytics-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Sandbox, SandboxUser } from '../../src/sandbox/server.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, type ServerProcess, startProcess } from '../support/server-process.ts';

/** What both SDKs' clients have in common; the calls are made with the same arguments. */
interface Client {
  identify(message: object): unknown;
  track(message: object): unknown;
  page(message: object): unknown;
  screen(message: object): unknown;
  group(message: object): unknown;
  alias(message: object): unknown;
}

const AT = new Date('2026-11-01T10:00:00.000Z');
const PRODUCTS = [
  { product_id: 'tea-1', price: 4.2, quantity: 2 },
  { sku: 'pot-7', price: '19.90', quantity: '1' },
  { product_id: 'cup-3', price: 3, quantity: 6 },
];

let sandbox: Sandbox;
let server: ServerProcess;
let http: string;
let writeKey: string;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  const started = await startSandbox({ applyDelayMs: 20 });
  sandbox = started.sandbox;
  const folder = makeFolder(started.url, { identifyQuietMs: 100 });
  writeKey = folder.writeKey;
  server = startProcess(['serve', '--config', folder.configFile]);
  cleanups.push(folder.remove, started.close);
  http = (await server.ready).http;
});

afterEach(async () => {
  server.kill('SIGTERM');
  const code = await server.exited;
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  expect(code).toBe(0);
});

/** Everything a shop's backend would send about Kim, who browsed before she signed up. */
function sendAll(client: Client): void {
  const anonymousId = 'anon-kim';
  const userId = 'kim';
  const timestamp = AT;
  client.track({ anonymousId, event: 'Lamp Seen', properties: { lumen: 800 }, timestamp });
  client.identify({
    userId,
    anonymousId,
    traits: { email: 'Kim@Example.ORG', firstName: 'Kim', gender: 'woman', tier: 2 },
  });
  client.page({ userId, name: 'Checkout', properties: { path: '/checkout' }, timestamp });
  client.screen({ userId, name: 'Cart', timestamp });
  client.group({ userId, groupId: 'g-9', traits: { name: 'Lamp lovers' } });
  client.track({
    userId,
    event: 'Order Completed',
    properties: { order_id: 'o-1', currency: 'eur', products: PRODUCTS },
    timestamp,
  });
  // A user has one alias of a label at Braze, and Kim's is taken: so the alias is Lee's.
  client.identify({ userId: 'lee', traits: { tier: 1 } });
  client.alias({ userId: 'lee', previousId: 'old-lee' });
}

function theUser(id: string): SandboxUser {
  const user = sandbox.users().find(({ external_id }) => external_id === id);
  if (!user) throw new Error(`${id} is not there yet`);
  return user;
}

const aliasesOf = (id: string) => theUser(id).user_aliases.map(({ alias_name }) => alias_name);

async function expectUsers(): Promise<void> {
  await vi.waitFor(
    () => {
      const user = theUser('kim');
      expect(user.purchases.length).toBe(3);
      expect(user.events.length).toBe(3);
      expect(aliasesOf('kim')).toEqual(['anon-kim']);
      expect(aliasesOf('lee')).toEqual(['old-lee']);
      expect(user.custom_attributes).toHaveProperty('ab_rudder_group_g-9');
    },
    { timeout: 60_000, interval: 50 },
  );
  const user = theUser('kim');
  expect(user.attributes).toMatchObject({ email: 'kim@example.org', first_name: 'Kim', gender: 'F' });
  expect(user.custom_attributes).toMatchObject({ tier: 2, 'ab_rudder_group_g-9': true });
  expect(user.events.map(({ name }) => name).sort()).toEqual(['Cart', 'Checkout', 'Lamp Seen']);
  expect(user.events.every(({ time }) => time === AT.toISOString())).toBe(true);
  expect(user.purchases).toMatchObject([
    { product_id: 'tea-1', price: 4.2, quantity: 2, currency: 'EUR', time: AT.toISOString() },
    { product_id: 'pot-7', price: 19.9, quantity: 1, currency: 'EUR' },
    { product_id: 'cup-3', price: 3, quantity: 6, currency: 'EUR' },
  ]);
  expect(sandbox.users().length).toBe(2);
}

describe('unchanged SDKs', () => {
  it('RudderStack for Node: all six calls and an order of three products reach the right profile', async () => {
    const client = new RudderAnalytics(writeKey, { dataPlaneUrl: http, flushAt: 20, flushInterval: 100 });
    sendAll(client as unknown as Client);
    await client.flush();
    await expectUsers();
  });

  it('Segment for Node: all six calls and an order of three products reach the right profile', async () => {
    const client = new Analytics({ writeKey, host: http, flushAt: 20, flushInterval: 100 });
    sendAll(client as unknown as Client);
    await client.closeAndFlush({ timeout: 30_000 });
    await expectUsers();
  });
});
