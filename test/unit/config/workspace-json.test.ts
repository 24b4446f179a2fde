import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJsonDocument } from '../../../src/config/workspace-json.ts';

describe('readJsonDocument', () => {
  test('the value is what JSON.parse gives, and nothing is put into it', () => {
    const text = `\uFEFF{"a": "\${HOME} {{ x || y }} *x", "b": [1e3, -0.5, null, "\\ud83d\\ude00\\/"], "b": {"__proto__": 1}}`;
    expect(readJsonDocument(text)).toMatchObject({ readable: true, faults: [] });
    expect(readJsonDocument(text).value).toEqual(JSON.parse(text.slice(1)));
  });

  test('every part has the line of its key or entry, what is missing that of what is around it', () => {
    const document = readJsonDocument('{\n "a": [\n  1,\n  {"b":\n   2},\n []\n ],\n "c d": {}\n}');
    expect(document.lineOf([])).toBe(1);
    expect(document.lineOf(['a'])).toBe(2);
    expect(document.lineOf(['a', 0])).toBe(3);
    expect(document.lineOf(['a', 1, 'b'])).toBe(4);
    expect(document.lineOf(['a', 2])).toBe(6);
    expect(document.lineOf(['a', 9, 'x'])).toBe(2);
    expect(document.lineOf(['c d', 'e'])).toBe(8);
  });

  test('a key that stands there twice has the line of the value that counts', () => {
    expect(readJsonDocument('{"a":1,\n"a":{"b":\n1}}').lineOf(['a', 'b'])).toBe(2);
  });

  test.each([
    ['', 1],
    ['{\n"a": hush }', 2],
    ['{"a": 1,\n\n}', 3],
    ['{"a": "hush\n"}', 1],
    ['{"a": [1,\n2', 2],
    ['{}\n{}', 2],
    ['{"a": 01}', 1],
    ['// comment\n{}', 1],
    ["{\n'a': 1}", 2],
  ])('%j is not readable, told with its line and without its text', (text, line) => {
    const { readable, faults, value } = readJsonDocument(text);
    expect({ readable, faults, value }).toEqual({
      readable: false,
      value: null,
      faults: [{ line, path: [], message: 'not readable as JSON' }],
    });
  });

  test('any JSON, written in any way: lines agree with where the text has them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, '\t', '  '), (value, indent) => {
        // Each leaf becomes a text that says where it is: the line that has it must be the line that is told.
        const paths: (string | number)[][] = [];
        const marked = mark(value, [], paths);
        const text = JSON.stringify(marked, null, indent);
        const document = readJsonDocument(text);
        const lines = text.split('\n');
        for (const [index, path] of paths.entries()) {
          expect(lines[document.lineOf(path) - 1]).toContain(`"leaf ${index}!"`);
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

function mark(value: unknown, path: (string | number)[], paths: (string | number)[][]): unknown {
  if (Array.isArray(value)) return value.map((each, index) => mark(each, [...path, index], paths));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, each]) => [key, mark(each, [...path, key], paths)]);
    return Object.fromEntries(members);
  }
  paths.push(path);
  return `leaf ${paths.length - 1}!`;
}
