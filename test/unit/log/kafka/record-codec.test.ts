import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  messageOf,
  type OutMessage,
  type RawMessage,
  recordOf,
  SCHEMA_VERSION,
} from '../../../../src/log/kafka/record-codec.ts';
import type { AppendRecord } from '../../../../src/log/log.ts';

const PLACE = { topic: 'events', partition: 3 };
const TIME = Date.UTC(2026, 10, 22);
const HEADERS = { source: 'web', receivedAt: '2026-11-22T00:00:00.000Z' };
const RECORD: AppendRecord = {
  key: 'u1',
  value: Buffer.from('{"type":"track"}'),
  headers: HEADERS,
  timestamp: TIME,
  guardId: 'web\0m1',
  guardContent: 4_294_967_295,
};

/** What a reader gets of a message that was written. */
function read(message: OutMessage, change: Partial<RawMessage> = {}): RawMessage {
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, text]) => [name, Buffer.from(text)]),
  );
  const key = message.key === null ? null : Buffer.from(message.key);
  const value = message.value === null ? null : Buffer.from(message.value);
  return { offset: 7, key, value, headers, timestamp: message.timestamp, ...change };
}

function withMeta(change: object): RawMessage {
  const message = messageOf(RECORD);
  const meta = JSON.parse(message.headers.brazier ?? '') as object;
  return read({ ...message, headers: { brazier: JSON.stringify({ ...meta, ...change }) } });
}

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const optional = fc.record(
  {
    sentAt: text,
    messageId: text,
    type: text,
    envelope: text,
    traceparent: text,
    half: fc.constantFrom('link' as const, 'merge' as const, 'rest' as const),
    replayDestination: text,
    replayParts: text,
    replayWithout: text,
  },
  { requiredKeys: [] },
);

describe('a record written and read', () => {
  it('is the same, with its guard, and its place', () => {
    const given = fc.record(
      {
        key: fc.string({ unit: 'grapheme', maxLength: 300 }),
        value: fc.uint8Array({ maxLength: 200 }),
        timestamp: fc.nat(),
        headers: fc.tuple(text, text, optional).map(([source, receivedAt, rest]) => ({
          source,
          receivedAt,
          ...rest,
        })),
        guardId: fc.string({ maxLength: 100 }),
        guardContent: fc.integer({ min: 0, max: 0xffffffff }),
      },
      { requiredKeys: ['key', 'value', 'timestamp', 'headers'] },
    );
    fc.assert(
      fc.property(given, (record) => {
        const { value, ...back } = recordOf(read(messageOf(record)), PLACE);
        expect(Buffer.from(record.value).equals(value)).toBe(true);
        const { value: _, ...rest } = record;
        expect(back).toEqual({ ...PLACE, offset: 7, corrupt: false, ...rest });
      }),
      { numRuns: 500, seed: 6 },
    );
  });

  it('has three headers at most, the trace context under its own name', () => {
    const headers = {
      ...HEADERS,
      envelope: '{"context":{}}',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    };
    const message = messageOf({ ...RECORD, headers });
    expect(message.headers).toEqual({
      brazier: JSON.stringify({
        v: SCHEMA_VERSION,
        crc32: crc32(RECORD.value),
        guardId: 'web\0m1',
        guardContent: 4_294_967_295,
        ...HEADERS,
      }),
      'brazier-envelope': headers.envelope,
      traceparent: headers.traceparent,
    });
  });

  it('keeps what is beside the value small, whatever ids a sender makes up: equal for equal ones', () => {
    const long = (last: string) =>
      messageOf({ ...RECORD, key: `${'é'.repeat(600)}${last}`, guardId: `${'m'.repeat(600)}${last}` });
    expect(long('a').key).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(long('a').headers.brazier).toMatch(/"guardId":"sha256:[0-9a-f]{64}"/);
    expect(long('a')).toEqual(long('a'));
    expect(long('a').key).not.toBe(long('b').key);
    expect(long('a').headers).not.toEqual(long('b').headers);
    const kept = messageOf({ ...RECORD, key: 'k'.repeat(1_024), guardId: 'm'.repeat(512) });
    expect(kept.key).toBe('k'.repeat(1_024));
    expect(kept.headers.brazier).toContain(`"${'m'.repeat(512)}"`);
  });
});

describe('a message that is no whole record of ours', () => {
  it('is corrupt when its value is not what was written, and keeps what its headers say', () => {
    const record = recordOf(read(messageOf(RECORD), { value: Buffer.from('{"type":"trace"}') }), PLACE);
    expect(record).toMatchObject({ corrupt: true, headers: HEADERS, key: 'u1' });
    expect(record.defect).toBeUndefined();
    expect(recordOf(withMeta({ crc32: undefined }), PLACE).corrupt).toBe(true);
  });

  it('is a tombstone without a value, and holds no bytes then', () => {
    const record = recordOf(read({ ...messageOf(RECORD), value: null }), PLACE);
    expect(record).toMatchObject({ defect: 'tombstone', corrupt: false, key: 'u1' });
    expect(record.value.byteLength).toBe(0);
    expect(recordOf(read({ key: null, value: null, headers: {}, timestamp: 0 }), PLACE).defect).toBe(
      'tombstone',
    );
  });

  it.each([
    ['a newer version', { v: SCHEMA_VERSION + 1 }],
    ['a version that is text', { v: String(SCHEMA_VERSION) }],
    ['no version', { v: undefined }],
  ])('is of an unknown schema with %s, and the value is as it was found', (_, change) => {
    const record = recordOf(withMeta(change), PLACE);
    expect(record).toMatchObject({ defect: 'unknown_schema', headers: HEADERS, value: RECORD.value });
    expect(record.guardId).toBeUndefined();
  });

  it.each([
    ['none', undefined],
    ['no JSON', '{'],
    ['no object', '[1]'],
    ['null', 'null'],
  ])('is of an unknown schema when its header is %s', (_, header) => {
    const headers: Record<string, string> = header === undefined ? {} : { brazier: header };
    const record = recordOf(read({ ...messageOf(RECORD), headers }), PLACE);
    expect(record).toMatchObject({ defect: 'unknown_schema', headers: { source: '' } });
  });

  it('reads members that it does not know in a version that it knows as if they were not there', () => {
    const record = recordOf(withMeta({ later: { x: 1 }, sentAt: 5, __proto__: { source: 'x' } }), PLACE);
    expect(record).toMatchObject({ corrupt: false, headers: HEADERS });
    expect(record.headers).not.toHaveProperty('later');
    expect(record.headers).not.toHaveProperty('sentAt');
  });

  it('takes the last of a header that came twice', () => {
    const { headers } = read(messageOf(RECORD));
    const twice = {
      ...headers,
      brazier: [Buffer.from('{'), headers.brazier],
    } as unknown as RawMessage['headers'];
    expect(recordOf(read(messageOf(RECORD), { headers: twice }), PLACE).corrupt).toBe(false);
  });
});

describe('any message', () => {
  it('is read without a throw', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each));
    const json = fc.json().map((each) => Buffer.from(each));
    const header = fc.oneof(
      bytes,
      json,
      fc.array(bytes, { maxLength: 2 }),
      fc.constant(undefined),
      fc.constant(null),
    );
    const name = fc.oneof(
      fc.constantFrom('brazier', 'brazier-envelope', 'traceparent', '__proto__'),
      fc.string(),
    );
    const message = fc.record({
      offset: fc.nat(),
      key: fc.option(bytes),
      value: fc.option(fc.oneof(bytes, json)),
      headers: fc.dictionary(name, header),
      timestamp: fc.oneof(
        fc.integer(),
        fc.double(),
        fc.constantFrom(-1, Number.MAX_SAFE_INTEGER, Number.NaN),
      ),
    }) as unknown as fc.Arbitrary<RawMessage>;
    fc.assert(
      fc.property(message, (each) => {
        const record = recordOf(each, PLACE);
        expect(typeof record.headers.source).toBe('string');
        expect(Number.isNaN(Date.parse(record.headers.receivedAt))).toBe(false);
        expect(record.value).toBeInstanceOf(Uint8Array);
      }),
      { numRuns: 2_000, seed: 6 },
    );
  });
});
