/** When an event happened: the forms senders write, the clock formula, the clamps. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTime, resolveTime, type SentTimes } from '../../../src/model/clock.ts';

const RECEIVED = '2026-05-01T12:00:00.000Z';

function iso(value: string | number): string | undefined {
  const time = parseTime(value);
  return time === undefined ? undefined : new Date(time).toISOString();
}

function resolve(times: Partial<SentTimes>, receivedAt = RECEIVED) {
  const none = {
    timestamp: undefined,
    originalTimestamp: undefined,
    sentAt: undefined,
    envelopeSentAt: undefined,
  };
  return resolveTime({ ...none, ...times }, receivedAt);
}

describe('parseTime', () => {
  it.each([
    ['2026-04-01T10:00:00.123Z', '2026-04-01T10:00:00.123Z'],
    ['2026-04-01T10:00:00Z', '2026-04-01T10:00:00.000Z'],
    ['2026-04-01T10:00:00.1Z', '2026-04-01T10:00:00.100Z'],
    ['2026-04-01T10:00:00.123456+00:00', '2026-04-01T10:00:00.123Z'],
    ['2026-04-01T10:00:00.123456789-05:30', '2026-04-01T15:30:00.123Z'],
    ['2026-04-01T12:00:00+0200', '2026-04-01T10:00:00.000Z'],
    ['2026-04-01T12:00:00+02', '2026-04-01T10:00:00.000Z'],
    ['2026-04-01T10:00:00', '2026-04-01T10:00:00.000Z'],
    ['2026-04-01 10:00', '2026-04-01T10:00:00.000Z'],
    ['2026-04-01', '2026-04-01T00:00:00.000Z'],
    [' 2026-04-01t10:00:00z ', '2026-04-01T10:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
    [1_775_037_600, '2026-04-01T10:00:00.000Z'],
    [1_775_037_600.25, '2026-04-01T10:00:00.250Z'],
    [1_775_037_600_123, '2026-04-01T10:00:00.123Z'],
    ['1775037600', '2026-04-01T10:00:00.000Z'],
    ['1775037600123', '2026-04-01T10:00:00.123Z'],
  ])('reads %s', (given, expected) => {
    expect(iso(given)).toBe(expected);
  });

  it.each([
    'yesterday',
    '',
    '2026-13-01',
    '2026-02-30T00:00:00Z',
    '2025-02-29',
    '2026-04-01T25:00:00Z',
    '2026-04-01T10:00:00+25:00',
    '2026-04-01T10:00:00.Z',
    'Wed, 01 Apr 2026 10:00:00 GMT',
    Number.POSITIVE_INFINITY,
    true,
    null,
    {},
  ])('refuses %j', (given) => {
    expect(parseTime(given)).toBeUndefined();
  });
});

describe('resolveTime', () => {
  it('keeps a timestamp whatever the other times say', () => {
    const times = {
      timestamp: '2026-04-01T10:00:00.123Z',
      originalTimestamp: '2020-01-01',
      sentAt: '2020-01-02',
    };
    expect(resolve(times)).toEqual({ timestamp: '2026-04-01T10:00:00.123Z', warning: undefined });
  });

  it.each([
    ['07:00:43.400', '07:00:45.124', '07:00:45.558', '07:00:43.834'],
    ['07:00:45.558', '07:00:46.124', '07:00:43.400', '07:00:42.834'],
  ])(
    'takes the wrong clock of a sender out: original %s, sent %s, received %s',
    (original, sent, received, expected) => {
      const at = (time: string) => `2026-04-01T${time}Z`;
      const times = { originalTimestamp: at(original), sentAt: at(sent) };
      expect(resolve(times, at(received)).timestamp).toBe(at(expected));
    },
  );

  it("uses the event's sentAt before the envelope's, and the envelope's when the event's is no time", () => {
    const originalTimestamp = '2026-05-01T11:00:00Z';
    const envelopeSentAt = '2026-05-01T11:00:20Z';
    expect(resolve({ originalTimestamp, envelopeSentAt }).timestamp).toBe('2026-05-01T11:59:40.000Z');
    expect(resolve({ originalTimestamp, envelopeSentAt, sentAt: '2026-05-01T11:00:05Z' }).timestamp).toBe(
      '2026-05-01T11:59:55.000Z',
    );
    expect(resolve({ originalTimestamp, envelopeSentAt, sentAt: 'x' }).timestamp).toBe(
      '2026-05-01T11:59:40.000Z',
    );
  });

  it('corrects by text within a day what the calendar would, and crosses midnight by the calendar', () => {
    const day = Date.parse('2026-05-01T00:00:00.000Z');
    const within = fc.integer({ min: -3_600_000, max: 86_400_000 + 3_600_000 });
    fc.assert(
      fc.property(within, within, fc.integer({ min: 0, max: 86_399_999 }), (original, sent, received) => {
        const text = (ms: number) => new Date(day + ms).toISOString();
        const { timestamp } = resolve(
          { originalTimestamp: text(original), sentAt: text(sent) },
          text(received),
        );
        expect(timestamp).toBe(text(Math.min(received, received - (sent - original))));
      }),
    );
  });

  it('counts an original time without sentAt as it stands', () => {
    expect(resolve({ originalTimestamp: '2026-05-01T11:00:00Z' }).timestamp).toBe('2026-05-01T11:00:00.000Z');
  });

  it('falls back to the receipt without any usable time, with a warning that says what was missing', () => {
    expect(resolve({})).toMatchObject({
      timestamp: RECEIVED,
      warning: { code: 'missing_time', path: 'timestamp' },
    });
    expect(resolve({ timestamp: 'x', originalTimestamp: 'y' })).toMatchObject({
      timestamp: RECEIVED,
      warning: { code: 'invalid_time', path: 'timestamp' },
    });
    expect(resolve({ originalTimestamp: 'y' })).toMatchObject({
      timestamp: RECEIVED,
      warning: { code: 'invalid_time', path: 'originalTimestamp' },
    });
  });

  it('clamps what is later than the receipt, and warns only above a minute', () => {
    expect(resolve({ timestamp: '2026-05-01T12:01:00.000Z' })).toEqual({
      timestamp: RECEIVED,
      warning: undefined,
    });
    expect(resolve({ timestamp: '2026-05-01T12:01:00.001Z' })).toMatchObject({
      timestamp: RECEIVED,
      warning: { code: 'time_in_future' },
    });
    expect(resolve({ timestamp: 8e15 })).toMatchObject({
      timestamp: RECEIVED,
      warning: { code: 'time_in_future' },
    });
  });

  it('clamps what is before the year 2000', () => {
    expect(resolve({ timestamp: '1999-12-31T23:59:59.999Z' })).toMatchObject({
      timestamp: RECEIVED,
      warning: { code: 'time_too_old' },
    });
    expect(resolve({ timestamp: '2000-01-01T00:00:00.000Z' }).warning).toBeUndefined();
    expect(resolve({ originalTimestamp: '1970-01-01', sentAt: RECEIVED })).toMatchObject({
      timestamp: RECEIVED,
      warning: { code: 'time_too_old', path: 'originalTimestamp' },
    });
  });
});
