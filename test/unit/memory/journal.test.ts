import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Journal, openJournal } from '../../../src/memory/journal.ts';
import { createKeptMap } from '../../../src/memory/kept-map.ts';

let folder: string;
const warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brazier-journal-'));
  warnings.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, 'memory/braze.links');
const open = (more: { scope?: string; bootId?: string; onlyTrusted?: boolean } = {}): Journal =>
  openJournal({
    path: path(),
    scope: 'w',
    bootId: 'boot',
    onlyTrusted: false,
    onWarning: (text) => warnings.push(text),
    ...more,
  });
const mapOf = (journal: Journal, maxEntries = 1000) =>
  createKeptMap<number>({ maxEntries, journal, encode: (value) => value, decode: (json) => Number(json) });

describe('journal', () => {
  it('gives back what was written, after a kill and after a close', () => {
    const killed = open();
    killed.write([['a:1', 1]]);
    const closed = open();
    expect(closed.lines).toEqual([['a:1', 1]]);
    closed.write([['a:1', null]]);
    closed.close();
    expect(open().lines).toEqual([
      ['a:1', 1],
      ['a:1', null],
    ]);
  });

  it('any prefix of the file loads, as the lines that are whole', () => {
    const lines = Array.from({ length: 5 }, (_, index) => [`k:${index}é`, { index }] as const);
    open().write(lines);
    const whole = readFileSync(path());
    for (let length = 0; length <= whole.length; length += 1) {
      writeFileSync(path(), whole.subarray(0, length));
      const { lines: read } = open();
      expect(read).toEqual(lines.slice(0, read.length));
    }
    expect(warnings).toEqual([]);
  });

  it('goes on after a line that a crash cut off', () => {
    open().write([['a:1', 1]]);
    writeFileSync(path(), readFileSync(path(), 'utf8').slice(0, -3));
    open().write([['b:1', 2]]);
    expect(open().lines).toEqual([['b:1', 2]]);
    expect(warnings).toEqual([]);
  });

  it('renames a damaged file away with a warning, and begins anew', () => {
    open().write([
      ['a:1', 1],
      ['b:1', 2],
    ]);
    const text = readFileSync(path(), 'utf8').replace('"a:1",1', '"a:1",7');
    writeFileSync(path(), text);
    expect(open().lines).toEqual([]);
    expect(warnings.join()).toContain('damaged');
    expect(readFileSync(`${path()}.damaged`, 'utf8')).toBe(text);
  });

  it.each([
    ['the same run of the machine', false, 'boot', true],
    ['another run of the machine', false, 'other', false],
    ['another run after a clean end', true, 'other', true],
  ])('is trusted: %s', (_, isClosed, bootId, isTrusted) => {
    const first = open();
    first.write([['a:1', 1]]);
    if (isClosed) first.close();
    expect(open({ bootId }).trusted).toBe(isTrusted);
  });

  it('what must not be out of date is begun anew where it is not trusted, for good', () => {
    open().write([['a:1', 1]]);
    expect(open({ bootId: 'other', onlyTrusted: true }).lines).toEqual([]);
    expect(open({ bootId: 'other' }).lines).toEqual([]);
  });

  it('forgets another workspace', () => {
    open().write([['a:1', 1]]);
    expect(open({ scope: 'elsewhere' }).lines).toEqual([]);
  });

  it('a folder that cannot be made is a warning, not the end', () => {
    writeFileSync(join(folder, 'memory'), 'a file');
    const journal = open();
    journal.write([['a:1', 1]]);
    journal.close();
    expect(warnings.length).toBeGreaterThan(0);
  });
});

describe('kept map', () => {
  it('keeps what is used, drops what is not, and comes back the same', () => {
    const map = mapOf(open(), 10);
    map.set('kept:0', 0);
    for (let index = 0; index < 50; index += 1) {
      map.set(`other:${index}`, index);
      expect(map.get('kept:0')).toBe(0);
      expect(map.size).toBeLessThanOrEqual(10);
    }
    map.flush();
    const again = mapOf(open(), 10);
    expect(again.get('kept:0')).toBe(0);
    expect(again.get('other:49')).toBe(49);
    expect(again.get('other:0')).toBeUndefined();
    expect(again.size).toBe(map.size);
  });

  it('is written anew when most of the file is out of date, with what changes meanwhile', async () => {
    const journal = open();
    const map = mapOf(journal, 10_000);
    for (let index = 0; index < 2000; index += 1) map.set(`k:${index}`, 0);
    for (let round = 1; journal.written < 14_000; round += 1) {
      for (let index = 0; index < 1000; index += 1) map.set(`k:${index}`, round);
      map.flush();
    }
    map.set('k:1', -1);
    map.delete('k:2');
    map.flush();
    await vi.waitFor(() => expect(readFileSync(path(), 'utf8').split('\n').length).toBeLessThan(4000));
    map.set('k:3', -3);
    map.flush();
    const again = mapOf(open(), 10_000);
    expect([again.get('k:1'), again.get('k:2'), again.get('k:3'), again.get('k:1999')]).toEqual([
      -1,
      undefined,
      -3,
      0,
    ]);
    expect(again.size).toBe(1999);
  });
});
