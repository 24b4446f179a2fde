import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentHash } from '../../../src/ingest/content.ts';

const hashOf = (text: string) => contentHash(Buffer.from(text));

describe('content hash', () => {
  it.each([
    ['{"a":1,"sentAt":"2026-03-01T11:59:59Z"}', '{"a":1,"sentAt":"2026-03-01T12:00:01.5+01:00"}'],
    ['{"sentAt":"2026-03-01T11:59:59Z","a":1}', '{"sentAt":"","a":1}'],
    ['{"a":1, "sentAt" : "x", "b":2}', '{"a":1, "sentAt" : "y", "b":2}'],
    ['{"sentAt":1772366399000,"b":{"sentAt":null}}', '{"sentAt":1772366400000,"b":{"sentAt":"x"}}'],
  ])('is the same for %s and %s: only when it was sent differs', (one, other) => {
    expect(hashOf(one)).toBe(hashOf(other));
  });

  it.each([
    ['{"a":1,"sentAt":"x"}', '{"a":2,"sentAt":"x"}'],
    ['{"sentAt":"x","a":1}', '{"sentAt":"x","a":2}'],
    ['{"sentAt":1,"a":1}', '{"sentAt":1,"a":2}'],
    ['{"event":"sentAt","a":"x"}', '{"event":"sentAt","a":"y"}'],
    ['{"a":"\\"sentAt\\":\\"x\\""}', '{"a":"\\"sentAt\\":\\"y\\""}'],
    ['{"a":["sentAt","x"]}', '{"a":["sentAt","y"]}'],
    ['{"unsentAt":"x","sentAt":1}', '{"unsentAt":"y","sentAt":1}'],
  ])('is another for %s and %s', (one, other) => {
    expect(hashOf(one)).not.toBe(hashOf(other));
  });

  it('comes to an end for any text', () => {
    const pieces = fc.constantFrom('"sentAt"', ':', '"', '{', '}', ',', ' ', 'x', '\\', '1');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (text) => hashOf(text.join('')) >= 0),
      { seed: 7, numRuns: 2_000 },
    );
  });

  it('reads the bytes it is given and not those around them', () => {
    const all = Buffer.from('{"a":1},{"a":2}');
    expect(contentHash(all.subarray(0, 7))).toBe(hashOf('{"a":1}'));
    expect(contentHash(all.subarray(8))).toBe(hashOf('{"a":2}'));
  });
});
