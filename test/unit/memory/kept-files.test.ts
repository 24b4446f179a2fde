import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openJournal } from '../../../src/memory/journal.ts';
import { readKeptFiles, writeKeptFiles } from '../../../src/memory/kept-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brazier-kept-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (path: string) =>
  openJournal({ path, scope: 'w', bootId: 'boot', onlyTrusted: false, onWarning: () => undefined });

it('what was linked comes back, no longer taken for complete; what was sent does not', () => {
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  for (const name of ['braze.links', 'braze.anonymous', 'braze.attributes']) {
    const journal = open(join(from, 'memory', name));
    journal.write([['kim', [1, true, 'anon']]]);
    if (name === 'braze.anonymous') journal.close();
  }
  const files = readKeptFiles(from);
  expect(files.map(({ name }) => name).sort()).toEqual(['braze.anonymous', 'braze.links']);
  writeKeptFiles(to, files);
  for (const name of ['braze.links', 'braze.anonymous']) {
    expect(open(join(from, 'memory', name)).trusted, 'where it was').toBe(true);
    const { trusted, lines } = open(join(to, 'memory', name));
    expect({ trusted, lines }).toEqual({ trusted: false, lines: [['kim', [1, true, 'anon']]] });
  }
});

it('a line that was being written when it was read does not spoil the rest', () => {
  const path = join(folder, 'memory', 'braze.links');
  open(path).write([['kim', 1]]);
  const [whole] = readKeptFiles(folder);
  const cut = {
    name: 'braze.links',
    data: Buffer.concat([whole?.data ?? Buffer.of(), Buffer.from('0a0b0c0d ["ki')]),
  };
  writeKeptFiles(join(folder, 'to'), [cut]);
  expect(open(join(folder, 'to', 'memory', 'braze.links')).lines).toEqual([['kim', 1]]);
});

it('nothing is written beside the memory, whatever a file calls itself', () => {
  writeKeptFiles(folder, [
    { name: '../evil.links', data: Buffer.of(1) },
    { name: 'braze.attributes', data: Buffer.of(1) },
  ]);
  expect(readdirSync(folder)).toEqual(['memory']);
  expect(readdirSync(join(folder, 'memory'))).toEqual([]);
  expect(readKeptFiles(join(folder, 'nowhere'))).toEqual([]);
  writeFileSync(join(folder, 'memory', 'braze.links.damaged'), '');
  expect(readKeptFiles(folder)).toEqual([]);
});
