import { setTimeout } from 'node:timers/promises';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { Analytics } from '@segment/analytics-node';
import { describe, expect, test } from 'vitest';
import { metricOf, SHOP_KEY, startIngest, type TestLog, texts } from './fixture.ts';

const TYPES = ['identify', 'track', 'page', 'screen', 'group', 'alias'];

function typesIn(log: TestLog): string[] {
  return texts(log).map((text) => JSON.parse(text).type);
}

function createRudder(url: string, writeKey: string, onError: (error: unknown) => void) {
  return new RudderAnalytics(writeKey, {
    dataPlaneUrl: url,
    flushAt: 6,
    flushInterval: 100,
    logLevel: 'error',
    errorHandler: onError,
  });
}

function sendAll(client: RudderAnalytics): void {
  client.identify({ userId: 'u1', traits: { email: 'a@example.com' } });
  client.track({ userId: 'u1', event: 'Order Completed', properties: { products: [{ product_id: 'p1' }] } });
  client.page({ userId: 'u1', name: 'Home' });
  client.screen({ userId: 'u1', name: 'Main' });
  client.group({ userId: 'u1', groupId: 'g1', traits: { name: 'ACME' } });
  client.alias({ userId: 'u1', previousId: 'a1' });
}

describe("RudderStack's Node SDK", () => {
  test('has all six calls taken', async () => {
    const { url, log } = await startIngest();
    const errors: unknown[] = [];
    sendAll(createRudder(url, SHOP_KEY, (error) => errors.push(error)));
    await expect.poll(() => typesIn(log).sort(), { timeout: 60_000 }).toEqual([...TYPES].sort());
    expect(errors).toEqual([]);
    expect(log.records.every(({ key, guardId }) => key === 'external_id:u1' && guardId)).toBe(true);
  });

  test('hears of a wrong key, also when it uploads much', async () => {
    const { url, log } = await startIngest();
    const errors: { response?: { status: number; data: unknown } }[] = [];
    const client = createRudder(url, 'nobody', (error) => errors.push(error as (typeof errors)[number]));
    client.track({ userId: 'u1', event: 'Big', properties: { x: randomText(3_000_000) } });
    await expect.poll(() => errors.length, { timeout: 60_000 }).toBe(1);
    expect(errors[0]?.response).toMatchObject({ status: 401, data: { code: 'unauthorized' } });
    expect(log.records).toEqual([]);
  });

  test('comes again after a 429, and what became durable all the same is not doubled', async () => {
    const { url, log, metrics } = await startIngest({ limits: { appendTimeoutMs: 20 } });
    let isFirst = true;
    log.gate = async () => {
      if (isFirst) await setTimeout(100);
      isFirst = false;
    };
    createRudder(url, SHOP_KEY, () => {}).track({ userId: 'u1', event: 'Slow' });
    const duplicates = () => metricOf(metrics, 'ingestEvents', { outcome: 'duplicate' });
    await expect.poll(duplicates, { timeout: 60_000, interval: 50 }).toBe(1);
    expect(typesIn(log)).toEqual(['track']);
  });
});

describe("Segment's Node SDK", () => {
  const create = (url: string, writeKey: string) =>
    new Analytics({ writeKey, host: url, maxEventsInBatch: 6, flushInterval: 100, maxRetries: 0 });

  test('has all six calls taken', async () => {
    const { url, log } = await startIngest();
    const client = create(url, SHOP_KEY);
    client.identify({ userId: 'u1', traits: { email: 'a@example.com' } });
    client.track({ userId: 'u1', event: 'Order Completed', properties: { products: [] } });
    client.page({ userId: 'u1', name: 'Home', category: 'c' });
    client.screen({ userId: 'u1', name: 'Main' });
    client.group({ userId: 'u1', groupId: 'g1' });
    client.alias({ userId: 'u1', previousId: 'a1' });
    await client.closeAndFlush({ timeout: 30_000 });
    expect(typesIn(log).sort()).toEqual([...TYPES].sort());
    expect(log.records.every(({ headers }) => headers.sentAt !== undefined)).toBe(true);
  });

  test('hears of a wrong key, also when it uploads much', async () => {
    const { url } = await startIngest();
    const client = create(url, 'nobody');
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    client.track({ userId: 'u1', event: 'Big', properties: { x: randomText(3_000_000) } });
    await client.closeAndFlush({ timeout: 30_000 });
    expect(JSON.stringify(errors)).toContain('401');
  });
});

/** Hardly compressible, so that the upload is as large gzipped. */
function randomText(length: number): string {
  let seed = 7;
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed.toString(36).padStart(6, '0');
  };
  return Array.from({ length: length / 6 }, next).join('');
}
