/** `brazier backup`: a checked copy of the embedded log in one file, made beside the running server or without one. */
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import got from 'got';
import { NOT_ONE_FILE } from '../admin/backup-route.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { LogError } from '../log/log.ts';
import type { Summary } from '../log/sqlite/sealed-copy.ts';
import { readKeptFiles } from '../memory/kept-files.ts';
import { showSummary } from './backup-shown.ts';
import { CommandError } from './command-error.ts';
import { type LetterStore, runningServer } from './letters-access.ts';
import { type StoreFlags, storeOf, withStoreOptions } from './letters-options.ts';
import { withOfflineLog } from './offline-log.ts';

const EXAMPLES = `
Examples:
  $ npm run -s brazier -- backup /backup/brazier-monday.db --config brazier.yaml
  $ npm run -s brazier -- backup - --config brazier.yaml | ssh vault 'cat > brazier-monday.db'
  $ kubectl exec brazier-0 -- node src/main.ts backup - --config /etc/brazier/brazier.yaml > brazier-monday.db

The server goes on meanwhile. The copy is first made in the data folder, whose disk must have room for it, checked, and
then brought to FILE: whole or not at all. It holds what people did, so only its owner may read it. Not in it: the
configuration, and secrets. \`brazier restore\` puts it back. Exit codes: 0 done, 1 failed, 2 usage or configuration.`;

interface BackupFlags extends StoreFlags {
  readonly force?: boolean;
  readonly json?: boolean;
}

export function backupCommand(): Command {
  const command = new Command('backup')
    .description('Copy the embedded log, while the server runs, into one file; `-` is stdout')
    .argument('<file>', 'where to; - writes it to stdout');
  return withStoreOptions(command)
    .option('--force', 'put it in the place of a file that exists')
    .addHelpText('after', EXAMPLES)
    .action(backUp);
}

async function backUp(file: string, flags: BackupFlags): Promise<void> {
  const store = await storeOf(flags);
  if (store.log.kind === 'kafka') throw new CommandError(NOT_ONE_FILE, 2);
  checkTarget(file, flags);
  const at = Date.now();
  const copy = await copyOf(store);
  try {
    const { sealCopy } = await import('../log/sqlite/sealed-copy.ts');
    const summary = sealCopy(copy, at, readKeptFiles(store.path));
    await deliver(copy, file, flags);
    tell(file, summary, flags);
  } catch (error) {
    throw expected(error);
  } finally {
    rmSync(copy, { force: true });
  }
}

/** Before the server is put to work. */
function checkTarget(file: string, { force }: BackupFlags): void {
  if (file === '-') {
    if (process.stdout.isTTY) throw new CommandError('a backup is no text: send stdout to a file', 2);
    return;
  }
  if (existsSync(file) && force !== true) {
    throw new CommandError(
      `${file} exists: choose another name, or put the new one in its place with --force`,
    );
  }
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw expected(error);
  }
}

/** In the data folder, whoever made it. */
async function copyOf(store: LetterStore): Promise<string> {
  const url = await runningServer(store.path);
  const path = url === undefined ? await copyAlone(store) : await askServer(url, store.tokenFile);
  // A server in a container may know the folder by another name.
  return join(store.path, basename(path));
}

async function askServer(url: string, tokenFile: string): Promise<string> {
  const { statusCode, body } = await got
    .post<{ readonly path?: string; readonly message?: string }>(`${url}/backup`, {
      headers: { authorization: `Bearer ${readSecretFile(tokenFile)}` },
      retry: { limit: 0 },
      throwHttpErrors: false,
      responseType: 'json',
    })
    .catch((error: unknown) => {
      throw new CommandError(`the server's admin API does not answer: ${(error as Error).message}`);
    });
  if (statusCode === 200 && body.path !== undefined) return body.path;
  throw new CommandError(body.message ?? `the server's admin API answered ${statusCode}`);
}

async function copyAlone(store: LetterStore): Promise<string> {
  const { DATABASE_FILE } = await import('../log/sqlite/schema.ts');
  if (!existsSync(join(store.path, DATABASE_FILE)))
    throw new CommandError(`there is no log in ${store.path}`);
  return withOfflineLog(store, async ({ backup }) => (await backup.copy(new AbortController().signal)).path);
}

async function deliver(copy: string, file: string, { force }: BackupFlags): Promise<void> {
  if (file === '-') return pipeline(createReadStream(copy), process.stdout, { end: false });
  const target = resolve(file);
  if (existsSync(target) && force !== true)
    throw new CommandError(`${file} exists by now: nothing was written`);
  if (!movedTo(target, copy)) copyTo(target, copy);
  syncEntry(dirname(target));
}

/** False where it is another disk. */
function movedTo(target: string, copy: string): boolean {
  try {
    renameSync(copy, target);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EXDEV') return false;
    throw error;
  }
}

function copyTo(target: string, copy: string): void {
  const aside = `${target}.partial`;
  try {
    closeSync(openSync(aside, 'w', 0o600));
    copyFileSync(copy, aside);
    syncEntry(aside);
    renameSync(aside, target);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

/** A file's content, or a folder's names. */
export function syncEntry(path: string): void {
  const opened = openSync(path, 'r');
  fsyncSync(opened);
  closeSync(opened);
}

function tell(file: string, summary: Summary, { json }: BackupFlags): void {
  if (file === '-') showSummary('stdout', summary, { json: false, to: process.stderr });
  else showSummary(file, summary, { ...(json !== undefined && { json }), to: process.stdout });
}

/** What the file system or the log refuses is the operator's to mend. */
export function expected(error: unknown): unknown {
  const isKnown = error instanceof LogError || (error instanceof Error && 'syscall' in error);
  return isKnown ? new CommandError((error as Error).message) : error;
}
