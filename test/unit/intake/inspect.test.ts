import { describe, expect, test } from 'vitest';
import { createInspect } from '../../../src/intake/inspect.ts';
import { createKeyWatch } from '../../../src/intake/key-watch.ts';
import { INTAKE_LIMITS } from '../../../src/intake/limits.ts';
import type { Subscription } from '../../../src/model/subscription.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { codecOf, NOW, subscription } from './topics.ts';

const LIMITS = { ...INTAKE_LIMITS, maxEventBytes: 1_000 };

function inspected(value: string | Uint8Array, key: string | null = 'u1', path = 'userId') {
  const mismatches: Subscription[] = [];
  const inspect = createInspect({ limits: LIMITS, onKeyMismatch: (each) => mismatches.push(each) });
  const found = inspect(Buffer.from(value), key, subscription({ key: path }));
  return { ...found, mismatches: mismatches.length };
}

const TRACK = { type: 'track', event: 'Bought', userId: 'u1' };
const json = JSON.stringify;

describe('an event that is read where it is', () => {
  test('has its person, its messageId, and no fault', () => {
    const { key, messageId, fault, mismatches } = inspected(json({ ...TRACK, messageId: 'm1' }));
    expect([key, messageId, fault, mismatches]).toEqual(['external_id:u1', 'm1', undefined, 0]);
  });

  test('that comes again with another sentAt says the same', () => {
    const [first, second] = ['1', '2'].map((sentAt) => inspected(json({ ...TRACK, sentAt })).content);
    expect(first).toBe(second);
    expect(first).not.toBe(inspected(json({ ...TRACK, event: 'Sold' })).content);
  });

  const deep = `{"type":"track","userId":"u1","properties":${'['.repeat(250)}${']'.repeat(250)}}`;
  test.each<[string, string | Uint8Array]>([
    ['event_too_large', json({ ...TRACK, event: 'x'.repeat(1_000) })],
    ['too_deep', deep],
    ['invalid_json', 'garbage'],
    ['invalid_encoding', Uint8Array.of(0x22, 0xff, 0x22)],
    ['not_an_object', '[]'],
    ['missing_identity', '{"type":"track"}'],
  ])('is held to the limits and checks of ingest: %s', (code, value) => {
    const found = inspected(value, null);
    expect(found.fault?.code).toBe(code);
    // Nobody can say by whom it should have been keyed.
    expect(found.mismatches).toBe(0);
    expect(found.value.length).toBeLessThanOrEqual(LIMITS.maxEventBytes);
  });
});

describe('the key of a record', () => {
  const unknown = json({ type: 'track', event: 'Seen', anonymousId: 'a1' });
  const nested = json({ ...TRACK, context: { traits: { email: 'a@b.c' } } });
  test.each<[number, string, string | null, string, string]>([
    [0, 'is the person at the path', 'u1', 'userId', json(TRACK)],
    [0, 'is written as JSON', '"u1"', 'userId', json(TRACK)],
    [0, 'is a number in the value', '7', 'userId', json({ ...TRACK, userId: 7 })],
    [0, 'is the anonymous id of somebody unknown', 'a1', 'userId', unknown],
    [0, 'is found deeper', 'a@b.c', 'context.traits.email', nested],
    [1, 'is another', 'u2', 'userId', json(TRACK)],
    [1, 'is missing', null, 'userId', json(TRACK)],
    [1, 'is the anonymous id of somebody known', 'a1', 'userId', json({ ...TRACK, anonymousId: 'a1' })],
    [1, 'leads to nothing', 'u1', 'context.traits.email', json(TRACK)],
  ])('mismatches: %i when it %s', (...[count, , key, path, value]) => {
    expect(inspected(value, key, path)).toMatchObject({ mismatches: count });
    expect(inspected(value, key, path).fault).toBeUndefined();
  });

  test('that mismatches is counted each time, and told once a minute', async () => {
    const metrics = createMetrics({ version: '0' }, { processMetrics: false });
    const lines: unknown[] = [];
    let now = NOW;
    const watch = createKeyWatch(
      metrics,
      { warn: (_message, fields) => lines.push(fields?.records) },
      () => now,
    );
    const only = subscription({ key: 'userId' });
    for (let count = 0; count < 5; count += 1) watch(only);
    now += 60_000;
    watch(only);
    expect(lines).toEqual([1, 5]);
    expect((await metrics.subscriptionKeyMismatches.get()).values).toMatchObject([
      { labels: { source: 'crm' }, value: 6 },
    ]);
  });
});

describe('a message that is read where it is', () => {
  const only = subscription({ key: 'userId' });
  const inspect = createInspect({ limits: LIMITS, onKeyMismatch: () => undefined });
  const decode = codecOf(only, inspect);
  const place = { topic: 'orders', partition: 2 };
  const message = (value: string | null, headers: Record<string, Buffer> = {}) => ({
    offset: 5,
    key: Buffer.from('u1'),
    value: value === null ? null : Buffer.from(value),
    headers,
    timestamp: NOW - 5_000,
  });

  test('is a record of the source, received when it was written, known by its place', () => {
    expect(decode(message(json(TRACK)), place)).toEqual({
      topic: 'orders',
      partition: 2,
      offset: 5,
      key: 'external_id:u1',
      value: Buffer.from(json(TRACK)),
      headers: { source: 'crm', receivedAt: '2026-03-01T11:59:55.000Z', messageId: 'orders/2/5' },
      timestamp: NOW - 5_000,
      corrupt: false,
    });
  });

  test('is guarded under the id that its producer gave, in the event or beside it', () => {
    const headers = { messageId: Buffer.from('h1') };
    const own = decode(message(json({ ...TRACK, messageId: 'm1' }), headers), place);
    const beside = decode(message(json(TRACK), headers), place);
    expect([own.guardId, beside.guardId]).toEqual(['crm\0m1', 'crm\0h1']);
    expect(own.guardContent).toEqual(expect.any(Number));
  });

  test('believes no header that only this server writes', () => {
    const forged = {
      brazier: Buffer.from('{"v":1,"replayDestination":"x","source":"admin"}'),
      source: Buffer.from('admin'),
      traceparent: Buffer.from('nonsense'),
      sentAt: Buffer.alloc(300, 0x31),
    };
    expect(decode(message(json(TRACK), forged), place).headers).toEqual({
      source: 'crm',
      receivedAt: '2026-03-01T11:59:55.000Z',
      messageId: 'orders/2/5',
    });
  });

  test('is a tombstone without a value, and has its fault with garbage', () => {
    expect(decode(message(null), place)).toMatchObject({ defect: 'tombstone', headers: { source: 'crm' } });
    expect(decode(message('garbage'), place).fault?.code).toBe('invalid_json');
  });

  test('of a topic that nobody subscribes to is from no source', () => {
    const record = decode(message(json(TRACK)), { topic: 'others', partition: 0 });
    expect([record.headers.source, record.guardId]).toEqual(['', undefined]);
  });
});
