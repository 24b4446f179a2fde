/** Starts the real process with a configuration of its own, and ends only what it started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** Started processes that nobody ended: ended with the test run. */
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export interface Ready {
  readonly ready: true;
  readonly pid: number;
  readonly http: string;
  readonly admin: string;
}

export interface ServerProcess {
  /** Rejects with the process's stderr when it ends before it is ready. */
  readonly ready: Promise<Ready>;
  /** Exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
}

/** `node src/main.ts <args>`; `env` is added to this process's environment. */
export function startProcess(args: readonly string[], env: Record<string, string> = {}): ServerProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  alive.add(child);
  const output = { stdout: '', stderr: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const exited = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => {
      alive.delete(child);
      resolve(code ?? signal ?? 'unknown');
    });
  });
  const ready = new Promise<Ready>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.stdout += `${line}\n`;
      if (line.startsWith('{"ready":true')) resolve(JSON.parse(line));
    });
    exited.then((code) => reject(new Error(`ended with ${code} before it was ready: ${output.stderr}`)));
  });
  ready.catch(() => undefined);
  return {
    ready,
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    kill: (signal) => child.kill(signal),
  };
}

/** All folders of `makeFolder` begin so, within the system's temporary folder. */
export const FOLDER_PREFIX = 'brazier-test-';

export interface ServerFolder {
  /** The data folder. */
  readonly data: string;
  readonly configFile: string;
  readonly writeKey: string;
  /** The admin token, once the server has run. */
  readonly tokenFile: string;
  remove(): void;
}

/** A temporary folder with a configuration: free ports, one source `shop`, one destination `braze` at `restEndpoint`. */
export function makeFolder(
  restEndpoint: string,
  destination: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): ServerFolder {
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  const data = join(folder, 'data');
  const configFile = join(folder, 'brazier.yaml');
  const writeKey = 'test-write-key';
  const config = {
    http: { port: 0 },
    admin: { port: 0 },
    sources: [{ id: 'shop', writeKey }],
    destinations: [
      { id: 'braze', restEndpoint, restApiKey: 'test-rest-key', start: 'beginning', ...destination },
    ],
    ...more,
    log: { path: data, ...(more.log as object | undefined) },
  };
  writeFileSync(configFile, stringify(config));
  return {
    data,
    configFile,
    writeKey,
    tokenFile: join(data, 'admin-token'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
