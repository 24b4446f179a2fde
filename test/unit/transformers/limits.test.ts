/** Braze's limits at their edges. */
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/model/json.ts';
import type { Warning } from '../../../src/model/outcome.ts';
import { checkNestedAttribute, externalIdTooLong } from '../../../transformers/limits.ts';
import { checkProperties } from '../../../transformers/property-limits.ts';

const LONG = 'x'.repeat(256);
const MOST = 'x'.repeat(255);

describe('externalIdTooLong', () => {
  it('measures bytes, not characters', () => {
    expect(externalIdTooLong('u'.repeat(987))).toBeUndefined();
    expect(externalIdTooLong('€'.repeat(329))).toBeUndefined();
    expect(externalIdTooLong(`${'€'.repeat(329)}u`, 'previousId')).toMatchObject({
      code: 'external_id_too_long',
      message: 'expected an external id of at most 987 bytes, got 988',
      issues: [{ path: 'previousId' }],
    });
  });
});

describe('checkNestedAttribute', () => {
  it.each<[Json[] | JsonObject, string | undefined, string?]>([
    [[1, null, MOST], undefined],
    [['a', LONG], 'text_too_long', '[1]'],
    [[['a', [LONG]]], 'text_too_long', '[0][1][0]'],
    [new Array(500).fill(1), undefined],
    [new Array(501).fill(1), 'array_too_long', ''],
    [new Array(501).fill({ a: 1 }), undefined],
    [{ a: { b: [1, { c: MOST }] } }, undefined],
    [{ a: null }, 'nested_value_ignored', '.a'],
    [{ a: { b: [1, { c: null }] } }, 'nested_value_ignored', '.a.b[1].c'],
    [[{ a: LONG }], 'nested_value_ignored', '[0].a'],
    [{ 'a b': 1 }, 'nested_value_ignored', '.a b'],
    [{ 'a.b': 1 }, 'nested_value_ignored', '.a.b'],
    [{ '': 1 }, 'nested_value_ignored', '.'],
    [{ [LONG]: 1 }, 'nested_value_ignored', `.${LONG}`],
    [{ a$: 1 }, 'nested_value_ignored', '.a$'],
    [
      { $add: [{ at: { $time: 'x' } }], $remove: [{ $identifier_key: 'a', $identifier_value: 1 }] },
      undefined,
    ],
    [{ inc: -2 }, undefined],
    [JSON.parse('{"__proto__":{"x":null}}'), 'nested_value_ignored', '.__proto__.x'],
  ])('%j: %s at %s', (value, code, below) => {
    const fault = checkNestedAttribute(value);
    expect(fault?.code).toBe(code);
    expect(fault?.below).toBe(below);
  });
});

describe('checkProperties', () => {
  function check(properties: JsonObject) {
    const warnings: Warning[] = [];
    const fault = checkProperties(properties, warnings);
    return {
      paths: fault?.issues.map(({ path }) => path),
      warned: warnings.map(({ code, path }) => [code, path]),
    };
  }

  it('takes what Braze takes', () => {
    const properties = Object.fromEntries(Array.from({ length: 256 }, (_, index) => [`p${index}`, index]));
    expect(check(properties)).toEqual({ paths: undefined, warned: [] });
    expect(check({ [MOST]: MOST, a$: null, 'b c': { $d: 1, e: [MOST] } })).toEqual({
      paths: undefined,
      warned: [],
    });
  });

  it('names each property whose name Braze refuses', () => {
    expect(check({ '': 1, a: 2, $b: 3, [LONG]: 4 }).paths).toEqual([
      'properties.',
      'properties.$b',
      `properties.${MOST}`,
    ]);
  });

  it('warns of long texts once for each property, and of too many properties', () => {
    expect(check({ a: LONG, b: { c: [LONG, LONG] } }).warned).toEqual([
      ['text_too_long', 'properties.a'],
      ['text_too_long', 'properties.b.c[0]'],
    ]);
    const many = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`p${index}`, index]));
    expect(check(many).warned).toEqual([['too_many_properties', 'properties']]);
  });
});
