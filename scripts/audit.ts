/**
 * `npm run -s audit`: known vulnerabilities of every package in package-lock.json. Exits with 1 when there is one. A
 * registry that has no such service, or cannot be reached, is told and is no failure: it says nothing about the packages.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '..');

/** npm asks again by itself; a registry that does not answer must not hold up CI. */
const TIMEOUT_MS = 60_000;

interface Report {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
  readonly metadata?: { readonly dependencies?: { readonly total?: number } };
  /** Of a registry that does not answer as expected. */
  readonly message?: string;
}

function reportOf(text: string): Report {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return { message: 'npm audit gave no report' };
  }
}

const { stdout } = spawnSync('npm', ['audit', '--json'], {
  cwd: PROJECT,
  encoding: 'utf8',
  timeout: TIMEOUT_MS,
  stdio: ['ignore', 'pipe', 'ignore'],
});
const { vulnerabilities, metadata, message = 'no reason given' } = reportOf(stdout);
if (vulnerabilities === undefined) {
  console.warn(`NOT CHECKED for known vulnerabilities: ${message}`);
} else {
  const found = Object.entries(vulnerabilities);
  for (const [name, { severity, range }] of found) console.error(`${severity}: ${name} ${range}`);
  console.log(`${metadata?.dependencies?.total ?? 0} packages, ${found.length} with a known vulnerability`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
