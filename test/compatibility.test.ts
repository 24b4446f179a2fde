/**
 * The tables of docs/compatibility.md, held against what they name: golden cases are run, tests must be there under
 * their names, and the codes and settings of a row must be those of its cases.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSettings } from '../src/config/settings.ts';
import { isObject, type Json } from '../src/model/json.ts';
import { listCases, readCase, runCase } from './cases/run-case.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/compatibility.md'), 'utf8');
const HEADER = '| # | Rule | RudderStack | Here | Setting | Case |';

interface Row {
  readonly id: string;
  readonly here: string;
  readonly setting: string;
  readonly proof: string;
}

/** Every line of a table but its header and the line below that. */
function rowsOf(page: string): Row[] {
  const lines = page.split('\n').filter((line) => line.startsWith('|'));
  return lines
    .filter((line) => line !== HEADER && !/^\|[-|]+\|$/.test(line))
    .map((line) => {
      const cells = line.slice(1, -1).split('|');
      if (cells.length !== 6) throw new Error(`six columns expected: ${line}`);
      const [id = '', , , here = '', setting = '', proof = ''] = cells.map((cell) => cell.trim());
      return { id, here, setting, proof };
    });
}

const ROWS = rowsOf(PAGE);
const CASES = new Set(listCases().map((name) => name.replace('.json', '')));

/** The names in backticks; nothing may stand between them. */
function namesIn(cell: string): string[] {
  const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  expect(names.map((name) => `\`${name}\``).join(', ')).toBe(cell);
  return names;
}

/** Whether a test, or a row of a table of tests, has this title in the file. */
function hasTest(reference: string): boolean {
  const [, file = '', title = ''] = /^(test\/\S+\.test\.ts): "(.+)"$/.exec(reference) ?? [];
  if (file === '' || !existsSync(join(ROOT, file))) return false;
  const text = readFileSync(join(ROOT, file), 'utf8');
  return ["'", '"', '`'].some((quote) => {
    const at = text.indexOf(`${quote}${title}${quote},`);
    return at > 0 && /[([]\s*$/.test(text.slice(0, at));
  });
}

const CODES = new Set(
  [...readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/^\| `([a-z_]+)` \|/gm)].map(
    ([, code]) => code,
  ),
);

function settingsOf(settings: Json): Record<string, unknown> {
  const parsed = parseSettings(settings);
  return parsed.ok ? { ...parsed.settings, packing: parsed.packing } : {};
}

const SETTINGS = ['configure', 'rudderstack']
  .map((name) => readFileSync(join(ROOT, `docs/${name}.md`), 'utf8'))
  .join('\n');

function isDocumented(setting: string): boolean {
  const [name = ''] = setting.split(': ');
  return ['`', ': ', ' '].some((end) => SETTINGS.includes(`\`${name}${end}`)) || isKey(name);
}

function isKey(name: string): boolean {
  return SETTINGS.includes(`| \`destinations[].${name}\` |`);
}

/** `name` is set in the case; `name: value` is what counts there, be it by default. */
function hasSetting(settings: Json, setting: string): boolean {
  const [name = '', value] = setting.split(': ');
  if (value !== undefined) return String(settingsOf(settings)[name]) === value;
  return isObject(settings) && Object.hasOwn(settings, name);
}

describe('docs/compatibility.md', () => {
  it('has a table for every subject, and no table of another form', () => {
    const headers = PAGE.split('\n').filter((line) => line.startsWith('| # '));
    expect(headers.length).toBe([...PAGE.matchAll(/^## /gm)].length);
    expect(new Set(headers)).toEqual(new Set([HEADER]));
    expect(ROWS.length).toBeGreaterThan(200);
  });

  it('has an id of its own for every row, numbered within its table', () => {
    const last = new Map<string, number>();
    for (const { id } of ROWS) {
      const [, subject = '', number] = /^([a-z]+)-(\d+)$/.exec(id) ?? [];
      expect(`${subject}-${Number(number)}`).toBe(id);
      expect({ id, number: Number(number) }).toEqual({ id, number: (last.get(subject) ?? 0) + 1 });
      last.set(subject, Number(number));
    }
  });

  it.each(ROWS)('$id is proven by what it names', ({ here, setting, proof }) => {
    const names = namesIn(proof);
    const cases = names.filter((name) => CASES.has(name)).map((name) => readCase(`${name}.json`));
    const others = names.filter((name) => !CASES.has(name));
    expect(others.filter((name) => !hasTest(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
    for (const golden of cases) expect(runCase(golden)).toEqual(golden.expected);
    const settings = setting === '–' ? [] : namesIn(setting);
    expect(settings.filter((name) => !isDocumented(name))).toEqual([]);
    if (cases.length === 0) return;
    const answers = JSON.stringify(cases.map(({ expected }) => expected));
    const codes = [...here.matchAll(/`([a-z_]+)`/g)].map(([, code = '']) => code);
    for (const code of codes.filter((each) => CODES.has(each))) expect(answers).toContain(`"code":"${code}"`);
    for (const name of settings) {
      expect(cases.filter(({ settings }) => hasSetting(settings, name))).not.toEqual([]);
    }
  });

  it('names every worked example', () => {
    const examples = [...CASES].filter((name) => name.includes('/example-'));
    expect(examples.length).toBeGreaterThan(5);
    expect(examples.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
  });

  it('is read strictly: a test is found by its title alone', () => {
    expect(hasTest('test/compatibility.test.ts: "names every worked example"')).toBe(true);
    expect(hasTest('test/compatibility.test.ts: "names every worked"')).toBe(false);
    expect(hasTest('test/compatibility.test.ts: "test/compatibility.test.ts"')).toBe(false);
    expect(hasTest('test/absent.test.ts: "names every worked example"')).toBe(false);
    expect(() => rowsOf('| a | b |')).toThrow('six columns');
  });
});
