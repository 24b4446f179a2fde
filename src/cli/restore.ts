/** `brazier restore`: a backup becomes the log of a data folder that has none; what stood there is never deleted. */
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { NOT_ONE_FILE } from '../admin/backup-route.ts';
import type { Summary } from '../log/sqlite/sealed-copy.ts';
import { writeKeptFiles } from '../memory/kept-files.ts';
import { expected, syncEntry } from './backup.ts';
import { showSummary } from './backup-shown.ts';
import { CommandError } from './command-error.ts';
import { runningServer } from './letters-access.ts';
import { type StoreFlags, storeOf, withStoreOptions } from './letters-options.ts';
import { type Move, moveAll } from './move-all.ts';

const EXAMPLES = `
Examples:
  $ npm run -s brazier -- restore brazier-monday.db --check
      is it whole, and what is in it? Nothing is changed
  $ npm run -s brazier -- restore brazier-monday.db --config brazier.yaml
  $ npm run -s brazier -- restore - --config brazier.yaml --set-aside < brazier-monday.db

The server must be stopped. What is in the backup as not delivered is sent after the next start, also what was delivered
since the backup was made: it counts twice. docs/operate/backup.md says what lessens it. Exit codes: 0 done, 1 failed, 2
usage or configuration.`;

interface RestoreFlags extends StoreFlags {
  readonly check?: boolean;
  readonly setAside?: boolean;
  readonly json?: boolean;
}

/** What a log consists of in the data folder; the tokens beside it are none of a backup's. */
const PARTS = ['brazier.db', 'brazier.db-wal', 'memory'];

export function restoreCommand(): Command {
  const command = new Command('restore')
    .description('Make a backup the log of the data folder, while no server runs')
    .argument('<file>', 'made by `brazier backup`; - reads it from stdin');
  return withStoreOptions(command)
    .option('--check', 'only say whether it is whole, and what is in it')
    .option('--set-aside', 'rename the log that is there, instead of refusing')
    .addHelpText('after', EXAMPLES)
    .action(restore);
}

async function restore(file: string, flags: RestoreFlags): Promise<void> {
  const { path, log } = await storeOf(flags);
  if (log.kind === 'kafka') throw new CommandError(NOT_ONE_FILE, 2);
  try {
    const summary = flags.check === true ? await check(file) : await restoreInto(path, file, flags);
    showSummary(file, summary, { ...(flags.json !== undefined && { json: flags.json }), to: process.stdout });
    if (flags.check !== true) process.stderr.write(advice(path, summary));
  } catch (error) {
    throw expected(error);
  }
}

async function check(file: string): Promise<Summary> {
  const { unsealCopy } = await import('../log/sqlite/sealed-copy.ts');
  const folder = mkdtempSync(join(tmpdir(), 'brazier-restore-'));
  try {
    return unsealCopy(await takeIn(file, folder)).summary;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function restoreInto(path: string, file: string, flags: RestoreFlags): Promise<Summary> {
  const { makeFolders } = await import('../log/sqlite/schema.ts');
  const { unsealCopy } = await import('../log/sqlite/sealed-copy.ts');
  makeFolders(path);
  await checkFree(path, flags);
  const own = join(path, 'restore.partial');
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { mode: 0o700 });
  try {
    const copy = await takeIn(file, own);
    const { summary, files } = unsealCopy(copy);
    writeKeptFiles(own, files);
    syncEntry(join(own, 'memory'));
    // All that may want for room has been done: the log that is there makes way only now, and comes back if this fails.
    moveAll([
      ...asideOf(path, new Date()),
      [join(own, 'memory'), join(path, 'memory')],
      [copy, join(path, 'brazier.db')],
    ]);
    syncEntry(path);
    return summary;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function checkFree(path: string, { setAside }: RestoreFlags): Promise<void> {
  if ((await runningServer(path)) !== undefined) {
    throw new CommandError(`a server has the data folder ${path}: stop it first`);
  }
  const there = PARTS.filter((part) => existsSync(join(path, part)));
  if (there.length === 0) return;
  if (setAside !== true) {
    throw new CommandError(
      `${path} has ${there.join(', ')} already, nothing was done: --set-aside renames what is there, or take another folder (log.path)`,
    );
  }
  const { checkUnused } = await import('../log/sqlite/sealed-copy.ts');
  if (there.includes('brazier.db')) checkUnused(join(path, 'brazier.db'), path);
}

/** A copy of our own, which may be changed, under no name that a server would look at. */
async function takeIn(file: string, folder: string): Promise<string> {
  const copy = join(folder, 'taken-in.db');
  closeSync(openSync(copy, 'w', 0o600));
  const from = file === '-' ? process.stdin : createReadStream(file);
  await pipeline(from, createWriteStream(copy));
  return copy;
}

/** The database and its WAL keep names that belong together. */
function asideOf(path: string, at: Date): Move[] {
  const stamp = `before-${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const moves = [
    ['brazier.db-wal', `brazier.db.${stamp}-wal`],
    ['brazier.db', `brazier.db.${stamp}`],
    ['memory', `memory.${stamp}`],
  ] as const;
  return moves
    .filter(([part]) => existsSync(join(path, part)))
    .map(([part, aside]) => [join(path, part), join(path, aside)]);
}

function advice(path: string, { undelivered }: Summary): string {
  const count = undelivered.reduce((sum, { events }) => sum + events, 0);
  const again =
    count === 0
      ? 'nothing is sent again'
      : `what waited then is sent at the next start, also what was delivered since`;
  return `${path} has the log of the backup: ${again}; what came after the backup is not in it\n`;
}
