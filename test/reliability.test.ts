/** The page that operators read says what is tested and what to look at: neither may be made up. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8');

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
/** The faults that can be made, by the numbers of the tests' names. */
const WANTED = range(1, 55);

interface Row {
  readonly number: number;
  /** Paths of test files. */
  readonly files: readonly string[];
}

function sectionOf(page: string, heading: string): string {
  const [, after = ''] = page.split(`\n${heading}\n`);
  return after.split(/\n#{2,3} /)[0] ?? '';
}

/** Rows whose last cell names test files. */
function rowsOf(page: string): Row[] {
  const table = sectionOf(page, '## What was done to test it');
  return [...table.matchAll(/^\| (\d+) \|.*\| ([^|]*) \|$/gm)].map(([, number, cell = '']) => ({
    number: Number(number),
    files: [...cell.matchAll(/`([^`]+)`/g)].map(([, file]) => `test/${file}.test.ts`),
  }));
}

/** Numbers of the rows that are said not to be made. */
function notMadeBy(page: string): number[] {
  const table = sectionOf(page, '### Rows that are not made');
  return [...table.matchAll(/^\| (\d+)(?: to (\d+))? \|/gm)].flatMap(([, from, to = from]) =>
    range(Number(from), Number(to)),
  );
}

/** What is wrong with what a page says of the rows. `textOf`: a file's text, undefined when there is none. */
function faultsOf(page: string, textOf: (file: string) => string | undefined): string[] {
  const rows = rowsOf(page);
  const told = [...rows.map(({ number }) => number), ...notMadeBy(page)];
  const untested = rows.flatMap(({ number, files }) =>
    files
      .filter((file) => !new RegExp(`\\brow ${number}:`).test(textOf(file) ?? ''))
      .map((file) => `row ${number} has no test of its name in ${file}`),
  );
  return [
    ...WANTED.filter((number) => !told.includes(number)).map((number) => `row ${number} is missing`),
    ...rows.filter(({ files }) => files.length === 0).map(({ number }) => `row ${number} names no test`),
    ...told.filter((each, index) => told.indexOf(each) !== index).map((each) => `row ${each} is there twice`),
    ...untested,
  ];
}

function readTest(file: string): string | undefined {
  return globSync(file, { cwd: ROOT }).length === 0 ? undefined : readFileSync(join(ROOT, file), 'utf8');
}

describe('docs/reliability.md', () => {
  it('names for each row a test that exists, and leaves none out', () => {
    expect(faultsOf(PAGE, readTest)).toEqual([]);
  });

  it('names metrics that there are', () => {
    const files = globSync('src/telemetry/**/*.ts', { cwd: ROOT });
    const source = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('');
    const named = [...PAGE.matchAll(/`(brazier_[a-z_]+)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !source.includes(`'${name}'`))).toEqual([]);
  });

  it('quotes log lines that there are', () => {
    const files = globSync('src/**/*.ts', { cwd: ROOT });
    const source = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('');
    const quoted = [...PAGE.matchAll(/(?:\blines?|process ends with) `([^`]+)`/g)].flatMap(([, line = '']) =>
      line.split(' … '),
    );
    expect(quoted.length).toBeGreaterThan(5);
    expect(quoted.filter((line) => !source.includes(line))).toEqual([]);
  });
});

describe('the rows are held against the tests:', () => {
  const lines = WANTED.map((number) => `| ${number} | fault | expected | \`faults/a\` |`);
  const pageOf = (rows: readonly string[], notMade: readonly string[] = []) =>
    ['', '## What was done to test it', ...rows, '', '### Rows that are not made', ...notMade, ''].join('\n');
  const all = () => WANTED.map((number) => `it('row ${number}: rule')`).join('\n');

  it('a page that names them all is fine', () => expect(faultsOf(pageOf(lines), all)).toEqual([]));

  it('a row that is neither there nor said not to be made is missing', () => {
    expect(faultsOf(pageOf(lines.slice(1)), all)).toEqual(['row 1 is missing']);
    expect(faultsOf(pageOf(lines.slice(2), ['| 1 to 2 | fault | reason |']), all)).toEqual([]);
  });

  it('a file that is not there, or has only row 12 where row 1 is named, is found', () => {
    expect(faultsOf(pageOf(lines), () => undefined)).toHaveLength(WANTED.length);
    expect(faultsOf(pageOf(lines), () => all().replace('row 1:', 'row 100:'))).toEqual([
      'row 1 has no test of its name in test/faults/a.test.ts',
    ]);
  });

  it('a row without a test, or there twice, is found', () => {
    const [, ...others] = lines;
    expect(faultsOf(pageOf(['| 1 | fault | expected | by hand |', ...others]), all)).toEqual([
      'row 1 names no test',
    ]);
    expect(faultsOf(pageOf([...lines, lines[0] ?? '']), all)).toEqual(['row 1 is there twice']);
  });
});
