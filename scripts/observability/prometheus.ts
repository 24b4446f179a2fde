/**
 * The real Prometheus and promtool, for the tests of alerts and dashboard: those of the machine, or Debian's package,
 * unpacked into a folder outside the project. Nothing is installed and no service is started.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The package is 19 MB; its lists of packages are as much again. */
const FETCH_TIMEOUT_MS = 3 * 60_000;

const CACHE = process.env.BRAZIER_TOOLS ?? join(homedir(), '.cache', 'brazier-tools');
const FOLDER = join(CACHE, 'prometheus-debian');

/** Where the program is, or undefined when it is not here. */
export function programPath(name: 'prometheus' | 'promtool'): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(FOLDER, 'usr/bin')];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

export function isPrometheusHere(): boolean {
  return programPath('prometheus') !== undefined && programPath('promtool') !== undefined;
}

/** Gets them; throws with what apt-get said when the package cannot be had, and leaves nothing half. */
export function fetchPrometheus(): void {
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, 'draft-'));
  try {
    download(draft);
    const [file] = readdirSync(draft).filter((name) => name.endsWith('.deb'));
    if (file === undefined) throw new Error('apt-get download prometheus brought no package');
    run('dpkg-deb', ['-x', file, 'root'], draft);
    renameSync(join(draft, 'root'), FOLDER);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** A new machine has no lists of packages yet, or old ones: then they are fetched, which only root may do. */
function download(folder: string): void {
  try {
    run('apt-get', ['download', 'prometheus'], folder);
  } catch {
    run('apt-get', ['update'], folder);
    run('apt-get', ['download', 'prometheus'], folder);
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, timeout: FETCH_TIMEOUT_MS, stdio: ['ignore', 'ignore', 'pipe'] });
}
