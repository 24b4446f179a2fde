/** Mapping rules of users: what each member of a rule does. */
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/model/json.ts';
import type { Warning } from '../../../src/model/outcome.ts';
import type { ConversionName, MappingRule } from '../../../src/model/settings.ts';
import { compileRules } from '../../../transformers/rules.ts';

function apply(rules: readonly MappingRule[], source: JsonObject) {
  const warnings: Warning[] = [];
  return { result: compileRules(rules)(source, 'traits', warnings), warnings };
}

describe('compileRules', () => {
  it('gives the source itself when there are no rules', () => {
    const source = { a: 1 };
    expect(compileRules(undefined)(source, 'traits', [])).toBe(source);
    expect(compileRules([])(source, 'traits', [])).toBe(source);
  });

  it.each<[string, MappingRule[], JsonObject, JsonObject]>([
    ['writes a member under its new name only', [{ from: 'a', to: 'b' }], { a: 1, c: 2 }, { b: 1, c: 2 }],
    ['keeps the name when there is no `to`', [{ from: 'a', convert: 'string' }], { a: 1 }, { a: '1' }],
    [
      'names what it reads deeper by the last step, and leaves it where it is',
      [{ from: 'a.b.c' }],
      { a: { b: { c: 1 } } },
      { a: { b: { c: 1 } }, c: 1 },
    ],
    [
      'takes a member whose name has the dots, before a nested one',
      [{ from: 'a.b', to: 'x' }],
      { 'a.b': 1, a: { b: 2 } },
      { a: { b: 2 }, x: 1 },
    ],
    ['writes nothing when nothing is there', [{ from: 'a', to: 'b' }], { c: 1 }, { c: 1 }],
    ['writes a default when nothing is there', [{ from: 'a', to: 'b', default: 0 }], {}, { b: 0 }],
    ['writes no default over a null', [{ from: 'a', to: 'b', default: 'd' }], { a: null }, { b: null }],
    ['lets null pass unconverted', [{ from: 'a', convert: 'sha256' }], { a: null }, { a: null }],
    ['wins over a member spelled like its `to`', [{ from: 'a', to: 'b' }], { a: 1, b: 2 }, { b: 1 }],
    [
      'leaves a member spelled like its `to` when it finds nothing',
      [{ from: 'a', to: 'b' }],
      { b: 2 },
      { b: 2 },
    ],
    [
      'writes one member to two fields',
      [
        { from: 'a', to: 'x' },
        { from: 'a', to: 'y' },
      ],
      { a: 1 },
      { x: 1, y: 1 },
    ],
    ['drops a member', [{ from: 'a', drop: true }], { a: 1, b: 2 }, { b: 2 }],
    [
      'drops a member by its literal dotted name',
      [{ from: 'a.b', drop: true }],
      { 'a.b': 1, c: 2 },
      { c: 2 },
    ],
    [
      'drops what lies deep, and nothing beside it',
      [{ from: 'a.b.c', drop: true }],
      { a: { b: { c: 1, d: 2 }, e: 3 } },
      { a: { b: { d: 2 }, e: 3 } },
    ],
    ['drops nothing that is not there', [{ from: 'a.b', drop: true }], { a: 'text' }, { a: 'text' }],
    [
      'reads what another rule drops',
      [
        { from: 'u.mail', drop: true },
        { from: 'u.mail', to: 'hash', convert: ['lower'] },
      ],
      { u: { mail: 'A', x: 1 } },
      { u: { x: 1 }, hash: 'a' },
    ],
  ])('%s', (_rule, rules, source, expected) => {
    const before = JSON.stringify(source);
    expect(apply(rules, source).result).toEqual(expected);
    expect(JSON.stringify(source)).toBe(before);
  });

  it('takes odd names as data', () => {
    const source = JSON.parse('{"__proto__":{"x":1},"constructor":2}');
    const { result } = apply(
      [
        { from: '__proto__.x', to: 'y' },
        { from: 'constructor', to: '__proto__' },
      ],
      source,
    );
    expect(JSON.stringify(result)).toBe('{"__proto__":2,"y":1}');
    expect(apply([{ from: 'toString', to: 't' }], {}).result).toEqual({});
    expect(JSON.stringify(apply([{ from: '__proto__.x', drop: true }], source).result)).toBe(
      '{"__proto__":{},"constructor":2}',
    );
  });

  it('refuses a forbidden name, written outright or by default', () => {
    expect(() => compileRules([{ from: 'a', to: 'time' }], ['time'])).toThrow('cannot write time');
    expect(() => compileRules([{ from: 'a.time' }], ['time'])).toThrow('cannot write time');
    expect(() => compileRules([{ from: 'time', drop: true }], ['time'])).not.toThrow();
  });

  it('refuses a conversion that there is not', () => {
    const convert = 'toString' as ConversionName;
    expect(() => compileRules([{ from: 'a', convert }])).toThrow('no conversion toString');
  });
});

describe('conversions', () => {
  it.each<[ConversionName | ConversionName[], Json, Json]>([
    ['string', 7, '7'],
    ['string', false, 'false'],
    ['string', '', ''],
    ['number', ' 4.20 ', 4.2],
    ['number', '-1e3', -1000],
    ['number', 0, 0],
    ['integer', '3.9', 3],
    ['integer', -0.5, 0],
    ['boolean', ' Yes ', true],
    ['boolean', 0, false],
    ['boolean', 'FALSE', false],
    ['boolean', true, true],
    ['lower', 'ÀB', 'àb'],
    ['upper', 'pt', 'PT'],
    ['trim', ' a b ', 'a b'],
    ['date', '2026-03-04 05:06:07+02:00', '2026-03-04T03:06:07.000Z'],
    ['date', 1_700_000_000, '2023-11-14T22:13:20.000Z'],
    ['date', '1990-02-03', '1990-02-03T00:00:00.000Z'],
    ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      ['trim', 'lower', 'sha256'],
      ' ABC ',
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    ],
    [['number', 'string'], '007', '7'],
  ])('%s of %j is %j', (convert, given, expected) => {
    expect(apply([{ from: 'a', convert }], { a: given })).toEqual({ result: { a: expected }, warnings: [] });
  });

  it.each<[ConversionName | ConversionName[], Json, string]>([
    ['string', {}, 'expected text, a number, or true or false, got an object: left out'],
    ['number', '10 EUR', 'expected a number, or text that is one, got text: left out'],
    ['number', '', 'expected a number, or text that is one, got empty text: left out'],
    ['number', true, 'expected a number, or text that is one, got true or false: left out'],
    ['integer', [], 'expected a number, or text that is one, got a list: left out'],
    ['boolean', 'maybe', 'expected true, false, yes, no, 1 or 0, got text: left out'],
    ['boolean', 2, 'expected true, false, yes, no, 1 or 0, got a number: left out'],
    ['lower', 1, 'expected text, got a number: left out'],
    ['trim', [' a '], 'expected text, got a list: left out'],
    ['date', 'yesterday', 'expected a time (ISO 8601 or epoch), got text: left out'],
    ['date', 1e300, 'expected a time (ISO 8601 or epoch), got a number: left out'],
    ['sha256', 1, 'expected text, got a number: left out'],
    [['trim', 'number'], ' x ', 'expected a number, or text that is one, got text: left out'],
  ])('%s of %j is left out with a warning that names its path', (convert, given, message) => {
    expect(apply([{ from: 'a.b', to: 'x', convert, default: 1 }], { a: { b: given } })).toEqual({
      result: { a: { b: given } },
      warnings: [{ code: 'conversion_failed', message, path: 'traits.a.b' }],
    });
  });

  it('sha256 hashes the salt before the text', () => {
    const rules: MappingRule[] = [{ from: 'a', convert: 'sha256', salt: 'ab' }];
    expect(apply(rules, { a: 'c' }).result).toEqual({
      a: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
  });
});
