import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { moveAll } from '../../../src/cli/move-all.ts';

let folder: string;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brazier-move-'));
  for (const name of ['a', 'b']) writeFileSync(at(name), name);
});
afterEach(() => rmSync(folder, { recursive: true }));

it('moves in order, so that a name may be taken that was given up before', () => {
  moveAll([
    [at('a'), at('c')],
    [at('b'), at('a')],
  ]);
  expect(readdirSync(folder)).toEqual(['a', 'c']);
  expect(readFileSync(at('a'), 'utf8')).toBe('b');
});

it('takes everything back when one fails, and never writes over what exists', () => {
  const fails = () =>
    moveAll([
      [at('a'), at('c')],
      [at('b'), at('a')],
      [at('c'), at('a')],
    ]);
  expect(fails).toThrow(/a exists already: everything is as it was$/);
  expect(['a', 'b'].map((name) => readFileSync(at(name), 'utf8'))).toEqual(['a', 'b']);
  expect(existsSync(at('c'))).toBe(false);
});
