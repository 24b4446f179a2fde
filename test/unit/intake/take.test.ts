import { describe, expect, test } from 'vitest';
import { INTAKE_LIMITS } from '../../../src/intake/limits.ts';
import { createTake } from '../../../src/intake/take.ts';
import { NOW, recordOf, subscription, type Written } from './topics.ts';

const LIMITS = { ...INTAKE_LIMITS, maxEventBytes: 2_000, maxRecordBytes: 10_000, maxEventsPerBatch: 5 };
const take = createTake(LIMITS, () => NOW);
const textOf = (value: Uint8Array) => Buffer.from(value).toString();

function taken(written: Written, format: 'event' | 'batch' | 'array' = 'event') {
  return take(recordOf(written, subscription({ format }), 7, 3), format);
}

const TRACK = { type: 'track', event: 'Bought', userId: 'u1' };
const POSITION = 'orders/3/7';

describe('a record of one event', () => {
  test('is appended as it was written, under its person, from the source of the subscription', () => {
    const value = ` ${JSON.stringify({ ...TRACK, messageId: 'm1' })}\n`;
    const { records, letters, tombstones, position } = taken({ value, key: 'whatever' });
    expect([letters, tombstones, position]).toEqual([[], 0, POSITION]);
    expect(records).toEqual([
      {
        key: 'external_id:u1',
        value: Buffer.from(value.trim()),
        headers: { source: 'crm', receivedAt: '2026-03-01T11:59:59.000Z' },
        timestamp: NOW,
        guardId: 'crm\0m1',
        guardContent: expect.any(Number),
      },
    ]);
  });

  test('without a messageId is known by its place, so that a redelivery is the same event', () => {
    const [first] = taken({ value: JSON.stringify(TRACK) }).records;
    expect(first?.headers.messageId).toBe(POSITION);
    expect(first?.guardId).toBe(`crm\0${POSITION}`);
    expect(taken({ value: JSON.stringify(TRACK) }).records[0]).toEqual(first);
  });

  test('keeps the trace context, sentAt and messageId of its headers, and believes no other', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = {
      traceparent,
      sentAt: '2026-03-01T11:00:00Z',
      messageId: 'h1',
      source: 'admin',
      replayDestination: 'braze',
      brazier: '{"v":1,"source":"admin"}',
    };
    const [record] = taken({ value: JSON.stringify(TRACK), headers }).records;
    expect(record?.headers).toEqual({
      source: 'crm',
      receivedAt: '2026-03-01T11:59:59.000Z',
      traceparent,
      sentAt: '2026-03-01T11:00:00Z',
      messageId: 'h1',
    });
    expect(record?.guardId).toBe('crm\0h1');
    const own = taken({ value: JSON.stringify({ ...TRACK, messageId: 'own' }), headers }).records[0];
    expect(own?.guardId).toBe('crm\0own');
  });

  test('that links two identities says where its halves belong', () => {
    const identify = { type: 'identify', userId: 'u1', anonymousId: 'a1' };
    expect(taken({ value: JSON.stringify(identify) }).records[0]?.halves).toBeDefined();
  });
});

describe('a batch', () => {
  const batch = [TRACK, { ...TRACK, userId: 'u2', messageId: 'm2' }, { type: 'track', event: 'nobody' }];

  test('gives each event on its own, with the envelope, and a letter for each bad one', () => {
    const context = { app: { name: 'shop' } };
    const value = JSON.stringify({ batch, sentAt: '2026-03-01T11:59:00Z', context });
    const { records, letters, rejections } = taken({ value }, 'batch');
    expect(records.map(({ key }) => key)).toEqual(['external_id:u1', 'external_id:u2']);
    expect(records.map(({ guardId }) => guardId)).toEqual([`crm\0${POSITION}/0`, 'crm\0m2']);
    expect(records[0]?.headers).toMatchObject({
      sentAt: '2026-03-01T11:59:00Z',
      envelope: JSON.stringify({ context }),
    });
    expect(rejections.map(({ outcome }) => outcome.code)).toEqual(['missing_identity']);
    expect(letters).toMatchObject([
      { id: `intake/${POSITION}/2`, position: POSITION, destination: null, at: NOW },
    ]);
  });

  test('may be a bare list, under either format', () => {
    const value = JSON.stringify(batch);
    for (const format of ['batch', 'array'] as const) {
      const { records, letters } = taken({ value }, format);
      expect(records.map((each) => textOf(each.value))).toEqual(
        batch.slice(0, 2).map((each) => JSON.stringify(each)),
      );
      expect(letters.map(({ id }) => id)).toEqual([`intake/${POSITION}/2`]);
    }
  });
});

describe('garbage is a letter with its place, the same each time:', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  test.each<[string, Uint8Array | string, 'event' | 'batch' | 'array', string, string]>([
    ['no JSON', '{"type":', 'event', 'invalid', 'invalid_json'],
    ['nothing', '', 'event', 'invalid', 'invalid_json'],
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'event', 'invalid', 'invalid_encoding'],
    ['larger than a record may be', ' '.repeat(10_001), 'batch', 'oversized', 'record_too_large'],
    ['nests too deep for a body', deep(1_001), 'event', 'invalid', 'too_deep'],
    ['nests too deep for an event', `{"a":${deep(200)}}`, 'event', 'invalid', 'too_deep'],
    ['a list that is no event', '[]', 'event', 'invalid', 'not_an_object'],
    ['an event that is no batch', JSON.stringify(TRACK), 'batch', 'invalid', 'missing_batch'],
    ['an empty batch', '{"batch":[]}', 'batch', 'invalid', 'empty_batch'],
    ['an empty list', '[]', 'array', 'invalid', 'empty_batch'],
    ['an object that is no list', '{}', 'array', 'invalid', 'not_an_array'],
    ['too many events', '[1,2,3,4,5,6]', 'array', 'oversized', 'too_many_events'],
    ['no type', '{"userId":"u1"}', 'event', 'invalid', 'missing_type'],
  ])('%s', (...[, value, format, kind, code]) => {
    const first = taken({ value, headers: { messageId: 'h' } }, format);
    expect([first.records, first.tombstones]).toEqual([[], 0]);
    expect(first.letters).toHaveLength(1);
    expect(first.letters[0]).toMatchObject({
      position: POSITION,
      destination: null,
      outcome: { kind, code },
    });
    expect(first.letters[0]?.id).toMatch(new RegExp(`^intake/${POSITION}(/0)?$`));
    expect(first.rejections.map(({ outcome }) => outcome.code)).toEqual([code]);
    expect(taken({ value, headers: { messageId: 'h' } }, format)).toEqual(first);
  });

  test('of what is larger than an event the letter keeps the beginning, and says so', () => {
    const value = JSON.stringify({ ...TRACK, properties: { text: 'x'.repeat(3_000) } });
    const [letter] = taken({ value }).letters;
    expect(letter?.outcome.code).toBe('event_too_large');
    expect(textOf(letter?.record.value ?? Buffer.alloc(0))).toBe(value.slice(0, 2_000));
    expect(letter?.outcome.message).toContain(`first 2000 bytes; all of it stands at ${POSITION}`);
  });
});

test('a record without a value is a tombstone and nothing else', () => {
  expect(taken({ value: null })).toEqual({
    position: POSITION,
    records: [],
    letters: [],
    rejections: [],
    tombstones: 1,
  });
});

test('a byte order mark is passed over', () => {
  const value = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(TRACK))]);
  expect(textOf(taken({ value }).records[0]?.value ?? Buffer.alloc(0))).toBe(JSON.stringify(TRACK));
});

test.each([
  ['none', -1],
  ['in the future', NOW + 1],
  ['in microseconds', NOW * 1_000],
  ['beyond every date', 1e18],
])('a time of writing that is %s becomes now', (_what, timestamp) => {
  const { headers } = taken({ value: JSON.stringify(TRACK), timestamp }).records[0] ?? {};
  expect(headers?.receivedAt).toBe(new Date(NOW).toISOString());
});
