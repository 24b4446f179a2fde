/** What of the memory belongs into a backup, and how it comes back: what was linked, not what was sent. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../model/json.ts';
import type { KeptFile } from '../model/kept-file.ts';
import { parseLine, textOf } from './journal.ts';

/**
 * The attributes that Braze has are not among them: a memory older than Braze would leave out what changed since. To be
 * read after the log was copied: then nothing is missing that the log's progress relies on.
 */
const KEPT = /^[\w.-]+\.(links|anonymous)$/;

/** Of all destinations; none where nothing is remembered. */
export function readKeptFiles(dataPath: string): readonly KeptFile[] {
  const folder = join(dataPath, 'memory');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => KEPT.test(name))
    .map((name) => ({ name, data: readFileSync(join(folder, name)) }));
}

/** Into a folder that has no memory; files of other names are passed over. They are on the disk when it returns. */
export function writeKeptFiles(dataPath: string, files: readonly KeptFile[]): void {
  const folder = join(dataPath, 'memory');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { name, data } of files) {
    if (!KEPT.test(name)) continue;
    const file = openSync(join(folder, name), 'wx', 0o600);
    writeSync(file, data);
    writeSync(file, distrust(data));
    fsyncSync(file);
    closeSync(file);
  }
}

/** Lines after which a journal is no longer taken for complete: Braze has heard of more since. */
function distrust(data: Uint8Array): string {
  const lines = Buffer.from(data).toString('utf8').split('\n');
  const head = lines.findLast((line) => line.slice(9).startsWith('["head",'));
  const value = parseLine(head ?? '')?.[1];
  return isObject(value) ? `\n${textOf([['head', { ...value, boot: null }]])}` : '';
}
