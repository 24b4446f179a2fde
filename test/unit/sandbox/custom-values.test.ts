import { describe, expect, it } from 'vitest';
import { nextValue } from '../../../src/sandbox/custom-values.ts';
import type { Json } from '../../../src/sandbox/json.ts';

const LONG = 'x'.repeat(256);

describe('a custom attribute', () => {
  it.each<[string, Json | undefined, Json, Json | undefined]>([
    ['takes a plain value', 'old', 5, 5],
    ['keeps the old value when a string is over 255', 'old', LONG, undefined],
    ['counts up from nothing', undefined, { inc: 3 }, 3],
    ['counts down', 5, { inc: -2 }, 3],
    ['counts only in integers', 5, { inc: 0.5 }, undefined],
    ['does not count what is no number', 'five', { inc: 1 }, undefined],
    ['collapses duplicates of an array', undefined, [1, 2, 1], [1, 2]],
    ['moves what is added again to the end', ['a', 'b'], { add: ['a', 'c'] }, ['b', 'a', 'c']],
    ['removes from an array', ['a', 'b'], { remove: ['a', 'z'] }, ['b']],
    ['adds before it removes', [], { add: ['a', 'b'], remove: ['a'] }, ['b']],
    ['replaces an object', { a: 1 }, { b: 2 }, { b: 2 }],
    ['drops an object with a null within', { a: 1 }, { b: { c: null } }, undefined],
    ['drops an object with a long string within', { a: 1 }, { b: LONG }, undefined],
    ['drops an object with a dotted key', undefined, { 'a.b': 1 }, undefined],
    [
      'takes a date within an object',
      undefined,
      { at: { $time: '2026-01-01' } },
      { at: { $time: '2026-01-01' } },
    ],
    ['drops a list with a null in it', undefined, [{ a: null }], undefined],
    ['appends objects', [{ id: 1 }], { $add: [{ id: 2 }] }, [{ id: 1 }, { id: 2 }]],
    [
      'removes every object that is named',
      [{ id: 1 }, { id: 2 }, { id: 1, x: 1 }],
      { $remove: [{ $identifier_key: 'id', $identifier_value: 1 }] },
      [{ id: 2 }],
    ],
    [
      'overwrites the named object',
      [{ id: 1, x: 1 }],
      { $update: [{ $identifier_key: 'id', $identifier_value: 1, $new_object: { id: 1, y: 2 } }] },
      [{ id: 1, y: 2 }],
    ],
    [
      'adds, then removes, then updates, whatever the order sent',
      [{ id: 1 }],
      {
        $update: [{ $identifier_key: 'id', $identifier_value: 2, $new_object: { id: 3 } }],
        $remove: [{ $identifier_key: 'id', $identifier_value: 1 }],
        $add: [{ id: 2 }],
      },
      [{ id: 3 }],
    ],
  ])('%s', (_rule, current, sent, expected) => {
    expect(nextValue(current, sent, false)).toEqual(expected);
  });

  it('keeps the 500 newest values of an array', () => {
    const current = Array.from({ length: 500 }, (_, index) => index);
    expect(nextValue(current, { add: ['new'] }, false)).toEqual([...current.slice(1), 'new']);
  });

  it('merges deeply on demand', () => {
    const current = { a: { x: 1, y: 1 }, b: 1 };
    expect(nextValue(current, { a: { y: 2 }, c: 3 }, true)).toEqual({ a: { x: 1, y: 2 }, b: 1, c: 3 });
  });

  it('merges a named object on demand', () => {
    const sent = { $update: [{ $identifier_key: 'id', $identifier_value: 1, $new_object: { y: 2 } }] };
    expect(nextValue([{ id: 1, x: 1 }], sent, true)).toEqual([{ id: 1, x: 1, y: 2 }]);
  });
});
