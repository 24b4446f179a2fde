import { expect, it } from 'vitest';
import { nextValue } from '../../../src/sandbox/custom-values.ts';
import type { Json, JsonObject } from '../../../src/sandbox/json.ts';
import { createWorkspace, type WorkspaceOptions } from '../../../src/sandbox/workspace.ts';

const LONG = 'x'.repeat(256);
const KB = 1024;

function next(current: Json | undefined, sent: Json, options: WorkspaceOptions & { isMerge?: boolean } = {}) {
  const { isMerge = false, ...workspace } = options;
  return nextValue(current, sent, { isMerge, workspace: createWorkspace(workspace) });
}
const count = (length: number) => Array.from({ length }, (_, index) => index);

it.each<[string, Json | undefined, Json, Json | undefined]>([
  ['takes a plain value', 'old', 5, 5],
  ['counts up from nothing', undefined, { inc: 3 }, 3],
  ['counts down', 5, { inc: -2 }, 3],
  ['counts only in integers', 5, { inc: 0.5 }, undefined],
  ['does not count what is no number', 'five', { inc: 1 }, undefined],
  ['replaces an object', { a: 1 }, { b: 2 }, { b: 2 }],
])('a custom attribute %s', (_rule, current, sent, expected) => {
  expect(next(current, sent)).toEqual(expected);
});

it.each<[string, Json | undefined, Json, Json | undefined]>([
  ['duplicates collapse', undefined, [1, 2, 1], [1, 2]],
  ['what is added again moves to the end', ['a', 'b'], { add: ['a', 'c'] }, ['b', 'a', 'c']],
  ['values are removed', ['a', 'b'], { remove: ['a', 'z'] }, ['b']],
  ['adding comes before removing', [], { remove: ['a'], add: ['a', 'b'] }, ['b']],
  ['a list replaces', ['a'], ['b'], ['b']],
])('rule 36: an array attribute is a set: %s', (_rule, current, sent, expected) => {
  expect(next(current, sent)).toEqual(expected);
});

it('rule 36: the newest 500 values of an array are kept, or as many as the workspace is set to', () => {
  expect(next(count(500), { add: ['new'] })).toEqual([...count(500).slice(1), 'new']);
  expect(next(undefined, count(501))).toEqual(count(501).slice(1));
  expect(next(undefined, count(500))).toEqual(count(500));
  expect(next(undefined, count(26), { maxArrayItems: 25 })).toEqual(count(26).slice(1));
});

it('rule 36: the newest values of an array that fit 100 KB are kept', () => {
  // 251 characters, two quotes and a comma: 403 of them are 102,363 bytes with the brackets, 404 too many.
  const texts = count(500).map((index) => String(index).padEnd(251, '.'));
  expect(next(undefined, texts)).toEqual(texts.slice(-403));
});

it('rule 37: a text over 255 characters leaves the attribute as it is, and is cut off by a switch', () => {
  expect(next('old', LONG)).toBeUndefined();
  expect(next('old', LONG.slice(1))).toBe(LONG.slice(1));
  expect(next('old', LONG, { assume: { longStrings: 'truncated' } })).toBe(LONG.slice(1));
});

const date = (text: Json) => ({ at: { $time: text } });

it.each<[string, Json]>([
  ['a null', { b: { c: null } }],
  ['a null in a list', { b: [1, null] }],
  ['a long text', { good: 1, b: LONG }],
  ['a dotted key', { 'a.b': 1 }],
  ['a key with a dollar sign', { $b: 1 }],
  ['a key with a blank', { 'a b': 1 }],
  ['a long key', { [LONG]: 1 }],
  ['a key without a letter', { '': 1 }],
  ['a date that is null', date(null)],
  ['a date that is none', date('soon')],
  ['a date after the year 3000', date('3001-01-01')],
  ['something beside a date', { at: { $time: '2026-01-01', more: 1 } }],
  ['a null in a list of objects', [{ a: 1 }, { a: null }]],
  ['a null in a list', [1, null]],
  ['a null in what is added', { $add: [{ a: 1 }, { a: null }] }],
  ['a null in what is added to a set', { add: [null] }],
  ['no object in what is added', { $add: ['x'] }],
  ['no list of what is added', { $add: { a: 1 } }],
  [
    'a null in what is updated',
    { $add: [{ a: 1 }], $update: [{ $identifier_key: 'a', $identifier_value: 1, $new_object: { b: null } }] },
  ],
  ['nothing that names what is removed', { $add: [{ a: 1 }], $remove: [{ a: 1 }] }],
])('rule 38: %s drops the whole update', (_what, sent) => {
  for (const isMerge of [false, true]) expect(next({ old: 1 }, sent, { isMerge })).toBeUndefined();
});

it('rule 38: dates, keys of 255 letters and empty objects are stored', () => {
  for (const sent of [date('2026-01-01'), date('02/15/2019'), { [LONG.slice(1)]: [{ a: true }] }, {}]) {
    expect(next(undefined, sent)).toEqual(sent);
  }
});

it('rule 38: objects and lists of objects over 100 KB are dropped, what they would become included', () => {
  // 240 texts of 255 characters are 62 KB of JSON.
  const big = (letter: string) =>
    Object.fromEntries(count(240).map((index) => [`${letter}${index}`, 'x'.repeat(255)]));
  expect(JSON.stringify({ ...big('a'), ...big('b') }).length).toBeGreaterThan(100 * KB);
  expect(next(undefined, { ...big('a'), ...big('b') })).toBeUndefined();
  expect(next(undefined, [big('a'), big('b')])).toBeUndefined();
  expect(next([big('a')], { $add: [big('b')] })).toBeUndefined();
  expect(next(big('a'), big('b'), { isMerge: true })).toBeUndefined();
  expect(next(big('a'), big('b'))).toEqual(big('b'));
});

const named = (id: Json, more: JsonObject = {}): JsonObject => ({
  $identifier_key: 'id',
  $identifier_value: id,
  ...more,
});

it.each<[string, Json, Json, Json]>([
  ['adding appends', [{ id: 1 }], { $add: [{ id: 2 }] }, [{ id: 1 }, { id: 2 }]],
  [
    'removing takes every object that is named',
    [{ id: 1 }, { id: 2 }, { id: 1, x: 1 }],
    { $remove: [named(1)] },
    [{ id: 2 }],
  ],
  [
    'updating overwrites the named object',
    [{ id: 1, x: 1 }],
    { $update: [named(1, { $new_object: { id: 1, y: 2 } })] },
    [{ id: 1, y: 2 }],
  ],
  [
    'what is added and removed at once is gone',
    [{ id: 1 }],
    { $remove: [named(1)], $add: [{ id: 1, x: 2 }] },
    [],
  ],
  [
    'what is added and updated at once is updated, what is removed is not',
    [{ id: 1 }],
    {
      $update: [named(2, { $new_object: { id: 3 } }), named(1, { $new_object: { id: 4 } })],
      $remove: [named(1)],
      $add: [{ id: 2 }],
    },
    [{ id: 3 }],
  ],
  [
    'what was updated into a removed name stays',
    [{ id: 1 }],
    { $remove: [named(2)], $update: [named(1, { $new_object: { id: 2 } })] },
    [{ id: 2 }],
  ],
])(
  'rule 39: a list of objects is added to, then removed from, then updated: %s',
  (_what, current, sent, expected) => {
    expect(next(current, sent)).toEqual(expected);
  },
);

it('rule 39: an update merges the named object on demand', () => {
  const sent = { $update: [named(1, { $new_object: { y: 2 } })] };
  expect(next([{ id: 1, x: 1 }], sent, { isMerge: true })).toEqual([{ id: 1, x: 1, y: 2 }]);
});

it('an object is merged deeply on demand', () => {
  const current = { a: { x: 1, y: 1 }, b: 1 };
  expect(next(current, { a: { y: 2 }, c: 3 }, { isMerge: true })).toEqual({ a: { x: 1, y: 2 }, b: 1, c: 3 });
});
