import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const ALL = Array.from({ length: 50 }, (_, index) => index + 1);

interface Row {
  readonly number: number;
  readonly cells: readonly string[];
}

/** The rows of the table whose first column is a number. */
function rowsOf(text: string): Row[] {
  return [...text.matchAll(/^\| (\d+) \|(.+)\|$/gm)].map(([, number, rest = '']) => ({
    number: Number(number),
    cells: rest.split(' | ').map((cell) => cell.trim()),
  }));
}

/** The rules that the names of tests begin with; a name elsewhere, say in a comment, is none. */
function testedRules(source: string): Set<number> {
  const names = source.matchAll(/(?:\bit\(|\]\)\(|\b[A-Z_]+\)\()\s*['"`]rule (\d+): \S/g);
  return new Set([...names].map((match) => Number(match[1])));
}

const table = rowsOf(readFileSync(join(ROOT, 'docs/sandbox.md'), 'utf8'));
const sources = globSync('test/{unit/sandbox/*,property/sandbox}.test.ts', { cwd: ROOT }).map((file) =>
  readFileSync(join(ROOT, file), 'utf8'),
);

describe('the table of rules in docs/sandbox.md', () => {
  it('has the rules 1 to 50, each once and in order', () => {
    expect(table.map(({ number }) => number)).toEqual(ALL);
  });

  it('tells of each rule what it is, its limit, its answer, its source and its switch', () => {
    const incomplete = table.filter(({ cells }) => cells.length !== 5 || cells.includes(''));
    expect(incomplete).toEqual([]);
  });

  it('says of each rule whether Braze documents it or the sandbox assumes it', () => {
    const unclear = table.filter(
      ({ cells }) => !/^(documented|assumption|of the sandbox)/.test(cells[3] ?? ''),
    );
    expect(unclear).toEqual([]);
  });

  it('gives every assumption a switch', () => {
    const fixed = table.filter(
      ({ cells }) => cells[3]?.startsWith('assumption') && !cells[4]?.includes('`--'),
    );
    expect(fixed).toEqual([]);
  });
});

it('every rule has a test that is named after it', () => {
  const tested = new Set(sources.flatMap((source) => [...testedRules(source)]));
  expect(ALL.filter((rule) => !tested.has(rule))).toEqual([]);
});

it('is compared with what the table and the tests really say', () => {
  expect(rowsOf('| 1 | a | b | c | d | e |\n| x | no | row |\n| 22 | f |')).toEqual([
    { number: 1, cells: ['a', 'b', 'c', 'd', 'e'] },
    { number: 22, cells: ['f'] },
  ]);
  const sample =
    "it('rule 1: a', x); it.each([\n1])('rule 2: b', y); // rule 3: no\nit('rule 4:', z); it.each(TABLE)(\n 'rule 5: c')";
  expect([...testedRules(sample)]).toEqual([1, 2, 5]);
});
