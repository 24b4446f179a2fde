/** The rules of `mappings` that are checked at start, with the path of each fault. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseSettings } from '../../../src/config/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'brazier-salt-'));
afterAll(() => rmSync(folder, { recursive: true }));

function problemsOf(mappings: unknown): string[] {
  const parsed = parseSettings({ mappings });
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}

const LISTS = ['attributes', 'properties', 'purchases', 'ecommerce', 'ecommerceProducts'];

describe('a mapping rule', () => {
  test.each([
    [{ from: 'a' }],
    [{ from: 'a.b.c', to: 'x.y' }],
    [{ from: 'a', convert: 'upper' }],
    [{ from: 'a', convert: ['trim', 'sha256'], salt: 'long enough' }],
    [{ from: 'a', convert: 'sha256', salt: 'long enough' }],
    [{ from: 'a', default: false }],
    [{ from: 'a', drop: true }],
    [{ from: 'a', drop: false, to: 'b' }],
    [{ from: 'external_id', drop: true }],
    [{ from: 'time', to: 'when' }],
  ])('is good: %j', (rule) => {
    for (const list of LISTS) expect(problemsOf({ [list]: [rule] })).toEqual([]);
  });

  test.each([
    [{}, '[1]: found no from, expected one'],
    [{ from: '' }, '[1].from: found "", expected a dotted path'],
    [{ from: '.a' }, '[1].from: found ".a", expected a dotted path'],
    [{ from: 'a..b' }, '[1].from: found "a..b", expected a dotted path'],
    [{ from: 7 }, '[1].from: found 7, expected a dotted path (put it in quotes)'],
    [{ from: 'a', to: '' }, '[1].to: found "", expected text that is not empty'],
    [{ from: 'a', too: 'b' }, '[1].too: found an unknown key, did you mean to?'],
    [
      { from: 'a', convert: 'uper' },
      '[1].convert: found "uper", expected one of string, number, integer, boolean, lower, upper, trim, date, sha256, did you mean upper?',
    ],
    [{ from: 'a', convert: ['trim', 'x'] }, '[1].convert[1]: found "x", expected one of string, number'],
    [
      { from: 'a', convert: [] },
      '[1].convert: found an empty list, expected a list with at least one conversion',
    ],
    [{ from: 'a', default: [] }, '[1].default: found an empty list, expected text, a number, true or false'],
    [{ from: 'a', drop: 'yes' }, '[1].drop: found "yes", expected true or false'],
    [
      { from: 'a', drop: true, to: 'b' },
      '[1]: found drop and to, expected either drop or something to write',
    ],
    [{ from: 'a', drop: true, convert: 'trim' }, '[1]: found drop and convert'],
    [{ from: 'a', drop: true, default: 0 }, '[1]: found drop and default'],
    [{ from: 'a', salt: 'long enough' }, '[1].salt: found a salt without sha256'],
    [{ from: 'a', convert: ['trim'], saltFile: '/x' }, '[1].saltFile: found a salt without sha256'],
    [
      { from: 'a', convert: 'sha256', salt: 'long enough', saltFile: '/x' },
      '[1]: found both of salt and saltFile',
    ],
    ['text', '[1]: found "text", expected a mapping'],
  ])('is refused with its path: %j', (rule, problem) => {
    for (const list of LISTS) {
      expect(problemsOf({ [list]: [{ from: 'ok' }, rule] }).join('\n')).toContain(
        `mappings.${list}${problem}`,
      );
    }
  });

  test('must not write what another rule of its list writes', () => {
    expect(
      problemsOf({
        attributes: [{ from: 'a.tier' }, { from: 'b', to: 'tier' }, { from: 'tier', drop: true }],
      }),
    ).toEqual([
      'mappings.attributes[1].to: found a rule that writes "tier", as the rule 0 of this list does, expected another name in to',
    ]);
    expect(problemsOf({ attributes: [{ from: 'a' }], properties: [{ from: 'a' }] })).toEqual([]);
  });

  test.each([
    [
      'attributes',
      ['external_id', 'braze_id', 'user_alias', '_update_existing_only', 'push_token_import', 'app_id'],
    ],
    ['properties', ['time', 'event_name']],
    ['purchases', ['time', 'event_name']],
    ['ecommerce', ['time', 'event_name']],
    ['ecommerceProducts', ['time', 'event_name']],
  ])('of %s must not write %j', (list, names) => {
    for (const name of names) {
      expect(problemsOf({ [list]: [{ from: 'a', to: name }] })).toEqual([
        `mappings.${list}[0].to: found a rule that writes "${name}", which is reserved, expected another name in to`,
      ]);
      expect(problemsOf({ [list]: [{ from: `x.${name}` }] })).toEqual([
        expect.stringContaining(`mappings.${list}[0].from: `),
      ]);
    }
  });

  test('may override the fields of a purchase', () => {
    const rules = ['product_id', 'price', 'quantity', 'currency'].map((to) => ({ from: `my_${to}`, to }));
    expect(problemsOf({ purchases: rules })).toEqual([]);
  });
});

describe('an event rule', () => {
  test('is good with one of rename and drop', () => {
    expect(
      problemsOf({
        events: [
          { name: 'a', rename: 'b' },
          { name: 'b', drop: true },
          { name: 'c', rename: 'd', drop: false },
        ],
      }),
    ).toEqual([]);
  });

  test.each([
    [{ name: 'A' }, '[0]: found none of rename and drop: true, expected exactly one'],
    [{ name: 'A', drop: false }, '[0]: found none of rename and drop: true'],
    [{ name: 'A', rename: 'B', drop: true }, '[0]: found both of rename and drop: true'],
    [{ name: ' ', drop: true }, '[0].name: found " ", expected text that is not blank'],
    [{ name: 'A', rename: '' }, '[0].rename: found "", expected text that is not blank'],
    [{ rename: 'A' }, '[0]: found no name, expected one'],
    [{ name: 'A', renam: 'B' }, '[0].renam: found an unknown key, did you mean rename?'],
  ])('is refused with its path: %j', (rule, problem) => {
    expect(problemsOf({ events: [rule] }).join('\n')).toContain(`mappings.events${problem}`);
  });

  test('names an event that no other rule names', () => {
    expect(
      problemsOf({
        events: [
          { name: 'Order Done', drop: true },
          { name: ' order done', rename: 'x' },
        ],
      }),
    ).toEqual(['mappings.events[1].name: found the name of the rule 0 of this list again, expected it once']);
  });
});

test('an unknown list is refused', () => {
  expect(problemsOf({ attribute: [] })).toEqual([
    'mappings.attribute: found an unknown key, did you mean attributes?',
  ]);
});

describe('a salt', () => {
  function fileWith(text: string): string {
    const file = join(folder, 'salt');
    writeFileSync(file, text);
    return file;
  }
  const hashed = (members: object) => ({ attributes: [{ from: 'a', convert: 'sha256', ...members }] });

  test('comes from a file, without the line break at its end and without the name of the file', () => {
    const parsed = parseSettings({ mappings: hashed({ saltFile: fileWith('long enough\n') }) });
    expect(parsed.ok && parsed.settings.mappings).toEqual(hashed({ salt: 'long enough' }));
  });

  test.each([
    ['', 'is empty'],
    ['hush\n', 'expected a salt of at least 8 characters'],
  ])('from a file with %j is refused', (text, message) => {
    const problems = problemsOf(hashed({ saltFile: fileWith(text) }));
    expect(problems).toEqual([expect.stringMatching(/^mappings\.attributes\[0\]\.saltFile: found /)]);
    expect(problems[0]).toContain(message);
    expect(problems[0]).not.toContain('hush');
  });

  test('from a file that is not there is refused', () => {
    expect(problemsOf(hashed({ saltFile: join(folder, 'absent') }))).toEqual([
      expect.stringContaining('no such file'),
    ]);
  });

  test.each(['hush', 12345678, ['hush-hush']])('that is none is refused and not shown: %j', (salt) => {
    const problems = problemsOf(hashed({ salt }));
    expect(problems).toEqual([
      expect.stringMatching(/^mappings\.attributes\[0\]\.salt: .*at least 8 characters/),
    ]);
    expect(problems[0]).not.toMatch(/hush|1234/);
  });
});
