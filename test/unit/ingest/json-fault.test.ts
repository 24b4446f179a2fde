import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeJsonFault } from '../../../src/ingest/json-fault.ts';

describe('a fault in JSON text', () => {
  test.each([
    ['{"a":tru}', 5],
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['[1,]', 3],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['{"a":1}x', 7],
    ['{"a":"\u0001"}', 6],
    ['{"a":"\\x"}', 6],
    ['[01]', 2],
    ['e', 0],
  ])('in %j is named at position %i', (text, position) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(describeJsonFault(text)).toContain(`position ${position} `);
  });

  test('names line and column, counted from 1', () => {
    expect(describeJsonFault('{\n  "a": 1,\n  b\n}')).toBe(
      'unexpected character at position 14 (line 3, column 3)',
    );
  });

  test.each(['', ' ', '{"a":', '{"a":"b', '[1,'])('of a text that is cut off (%j) is its end', (text) => {
    expect(describeJsonFault(text)).toContain(`ends at position ${text.length},`);
  });

  test('quotes nothing of the text', () => {
    expect(describeJsonFault('{"email":secret@example.com}')).not.toContain('secret');
  });

  test('is found in every text that JSON.parse refuses, never before the longest good prefix', () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('"', '{', ']', ',', ':', 'x', '\\', '0', '\n'))
      .map(([text, at, char]) => text.slice(0, at % text.length) + char + text.slice((at % text.length) + 1));
    fc.assert(
      fc.property(broken, (text) => {
        if (isJson(text)) return;
        const position = Number(/position (\d+)/.exec(describeJsonFault(text))?.[1]);
        expect(position).toBeLessThanOrEqual(text.length);
        // What stands before the fault could still become JSON: V8 complains about its end or about nothing.
        const fault = faultOf(text.slice(0, position));
        expect(fault ?? 'Unexpected end').toMatch(/Unexpected end|Unterminated|position (\d+)/);
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});

function faultOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function isJson(text: string): boolean {
  return faultOf(text) === undefined;
}
