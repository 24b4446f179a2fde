import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Scan, type Slice, scanArray, scanBody } from '../../../src/ingest/scan.ts';

const UNLIMITED = { maxDepth: 1_000, maxElements: 1_000 };
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** JSON text with random white space between tokens and random escapes in strings. */
function written(value: unknown, gap: () => string, isEscaped: () => boolean): string {
  const around = (text: string) => gap() + text + gap();
  if (typeof value === 'string') return around(writtenString(value, isEscaped));
  if (Array.isArray(value))
    return around(`[${value.map((v) => written(v, gap, isEscaped)).join(',') || gap()}]`);
  if (typeof value !== 'object' || value === null) return around(JSON.stringify(value));
  const members = Object.entries(value).map(
    ([key, member]) => `${around(writtenString(key, () => false))}:${written(member, gap, isEscaped)}`,
  );
  return around(`{${members.join(',') || gap()}}`);
}

function writtenString(value: string, isEscaped: () => boolean): string {
  const escaped = (char: string) =>
    char.replaceAll(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const plain = (char: string) => JSON.stringify(char).slice(1, -1);
  return `"${Array.from(value, (char) => (isEscaped() ? escaped(char) : plain(char))).join('')}"`;
}

function levels(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(levels));
}

const scan = (text: string, limits = UNLIMITED) => scanBody(Buffer.from(text), limits);
const cut = (text: string, { start, end }: Slice) => Buffer.from(text).subarray(start, end).toString();

const wholeUnicode = fc.string({ unit: 'binary' }).map((text) => text.toWellFormed());
/** What has a meaning outside of strings must have none inside. */
const unit = fc.oneof(
  fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', ' ', '\n'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const value = fc.jsonValue({ maxDepth: 4, stringUnit: unit });
const members = fc.dictionary(
  wholeUnicode.filter((key) => key !== 'batch' && key !== '__proto__'),
  value,
  { maxKeys: 4 },
);

describe('the scanner', () => {
  test('cuts out every element of the batch as JSON.parse sees it, and its depth', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 6 }),
        members,
        members,
        fc.infiniteStream(space),
        fc.infiniteStream(fc.integer({ min: 0, max: 5 })),
        (...[batch, before, after, gaps, dice]) => {
          const gap = () => gaps.next().value as string;
          const isEscaped = () => dice.next().value === 0;
          const text = written({ ...before, batch, ...after }, gap, isEscaped);
          const result = scan(text) as Scan;
          const parsed = JSON.parse(text) as { batch: unknown[] };
          // A key that needs an escape leaves doubt, which costs the slices.
          if (result.batch === undefined) {
            expect(JSON.stringify(Object.keys({ ...before, ...after }))).toContain('\\');
            return;
          }
          expect(result.batch.map((slice) => JSON.parse(cut(text, slice)))).toEqual(parsed.batch);
          expect(result.batch.map(({ depth }) => depth)).toEqual(parsed.batch.map(levels));
          expect(result.whole.depth).toBe(levels(parsed));
          expect(cut(text, result.whole)).toBe(text.trim());
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });

  test('ends on any bytes, and never names a slice outside of them', () => {
    const noise = fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', ' ', '1', 'batch'), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(noise, (parts) => {
        const bytes = Buffer.from(`{"batch":${parts.join('')}`);
        const result = scanBody(bytes, UNLIMITED);
        for (const { start, end } of (result as Scan).batch ?? []) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(bytes.subarray(start, end).length).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 1_000, seed: 2 },
    );
  });

  test.each([
    ['batch twice', '{"batch":[1],"batch":[2]}'],
    ['a key that an escape may turn into batch', '{"batch":[1],"b\\u0061tch":[2]}'],
    ['no batch', '{"a":[1]}'],
    ['a batch that stands deeper', '{"a":{"batch":[1]}}'],
    ['an array on top', '[{"batch":[1]}]'],
  ])('gives no slices for %s', (_name, text) => {
    expect((scan(text) as Scan).batch).toBeUndefined();
  });

  test('takes an object under batch for the only element', () => {
    const text = '{"batch": {"a":1} }';
    expect((scan(text) as Scan).batch?.map((slice) => cut(text, slice))).toEqual(['{"a":1}']);
  });

  test.each([
    ['{"batch":[{"a":[]}]}', 4],
    ['{"x":{"a":[[]]}}', 4],
    ['[[[[]]]]', 4],
  ])('refuses %s when its depth is over the limit, not when it is at it', (text, depth) => {
    expect(scan(text, { ...UNLIMITED, maxDepth: depth })).toBeTypeOf('object');
    expect(scan(text, { ...UNLIMITED, maxDepth: depth - 1 })).toBe('too_deep');
  });

  test('does not take brackets inside strings for nesting', () => {
    const text = '{"batch":["[[[\\"[[[", "{{{\\\\"]}';
    expect((scan(text) as Scan).whole).toEqual({ start: 0, end: text.length, depth: 2 });
  });

  test('counts elements up to the limit and no further', () => {
    expect(scan('{"batch":[1,2,3]}', { ...UNLIMITED, maxElements: 3 })).toBeTypeOf('object');
    expect(scan('{"batch":[1,2,3]}', { ...UNLIMITED, maxElements: 2 })).toBe('too_many');
  });

  test('is through with a million open brackets at the limit, without recursion', () => {
    expect(scan(`{"batch":[${'['.repeat(1_000_000)}`)).toBe('too_deep');
  });
});

describe('the scanner of a list', () => {
  test('cuts out every element as JSON.parse sees it, and its depth', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 6 }),
        fc.infiniteStream(space),
        fc.infiniteStream(fc.integer({ min: 0, max: 5 })),
        (...[list, gaps, dice]) => {
          const gap = () => gaps.next().value as string;
          const text = written(list, gap, () => dice.next().value === 0);
          const result = scanArray(Buffer.from(text), UNLIMITED) as Scan;
          const parsed = JSON.parse(text) as unknown[];
          expect(result.batch?.map((slice) => JSON.parse(cut(text, slice)))).toEqual(parsed);
          expect(result.batch?.map(({ depth }) => depth)).toEqual(parsed.map(levels));
          expect(result.whole.depth).toBe(levels(parsed));
          expect(cut(text, result.whole)).toBe(text.trim());
        },
      ),
      { numRuns: 300, seed: 3 },
    );
  });

  test('gives no slices for what is no list, and counts elements and levels', () => {
    const of = (text: string, limits = UNLIMITED) => scanArray(Buffer.from(text), limits);
    expect((of('{"batch":[1]}') as Scan).batch).toBeUndefined();
    expect(of('[1,2,3]', { ...UNLIMITED, maxElements: 2 })).toBe('too_many');
    expect(of('[[[]]]', { ...UNLIMITED, maxDepth: 3 })).toBeTypeOf('object');
    expect(of('[[[]]]', { ...UNLIMITED, maxDepth: 2 })).toBe('too_deep');
  });
});
