import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ASSUMPTIONS, createWorkspace } from '../../../src/sandbox/workspace.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '../../../docs/sandbox.md'), 'utf8');

it('docs/sandbox.md lists every assumption with its values, first the default', () => {
  const listed = [...GUIDE.matchAll(/^\| `(\w+)` \| `(\w+)`, `(\w+)` \|/gm)].map(([, ...row]) => row);
  expect(listed).toEqual(Object.entries(ASSUMPTIONS).map(([name, values]) => [name, ...values]));
});

it('docs/sandbox.md names no assumption in the rules that there is not, nor a value', () => {
  const named = [...GUIDE.matchAll(/^\| \d+ \|.*\|$/gm)].flatMap(([row]) =>
    [...row.matchAll(/--assume (\w+)=(\w+)/g)].map(([, name = '', value = '']) => ({ name, value })),
  );
  expect(named.length).toBeGreaterThan(0);
  for (const { name, value } of named) expect(ASSUMPTIONS).toHaveProperty([name, '1'], value);
});

it('assumes the first value of each, and the others as they are told', () => {
  const { assume } = createWorkspace({ assume: { longStrings: 'truncated' } });
  const defaults = Object.fromEntries(Object.entries(ASSUMPTIONS).map(([name, [first]]) => [name, first]));
  expect(assume).toEqual({ ...defaults, longStrings: 'truncated' });
});
