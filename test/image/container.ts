/**
 * Runs what was built as nearly like a container as this machine allows. As root with namespaces: process 1 of its own,
 * in a root of its own that is read-only, as the image's user. As root without them: the same but for process 1 and the
 * read-only mount, in whose place the files are root's. As anybody else: the image's command in its folder, write-protected.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Image, ofLast } from './build.ts';
import { pairsOf, wordsOf } from './dockerfile.ts';

export type Isolation = 'namespaces' | 'root' | 'folder';

/** The closest that can be had here. */
export function bestIsolation(): Isolation {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'folder';
  const works = (...args: readonly string[]) => spawnSync('unshare', args).status === 0;
  if (works('--mount', '--pid', '--fork', '--kill-child', 'true')) return 'namespaces';
  return works('--root=/', '--wd=/', '--setgid=65532', '--setuid=65532', 'true') ? 'root' : 'folder';
}

/** Paths of the image that it may write to: its volume, and what is mounted as a temporary file system. */
const DATA = '/var/lib/brazier';
const CONFIG = '/etc/brazier/brazier.yaml';

export interface Container {
  /** The line that says it is ready; rejects with stderr when it ends before. */
  readonly ready: Promise<{ readonly http: string; readonly admin: string }>;
  /** Exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  stderr(): string;
  /** To the process that the entry point became. */
  signal(signal: NodeJS.Signals): void;
  /** What the kernel says of that process: /proc/<pid>/status. */
  status(): string;
}

export interface Machine {
  /** `docker run <image>`: the entry point and the command of the image. */
  start(): Container;
  /** Runs the health check; its exit code. */
  health(url: string): number | null;
  /** Runs Node in the image with this text; what it wrote. */
  evaluate(text: string): string;
}

/** Puts beside the image's files what its base image brings, and the configuration where one is mounted. */
export function prepare(image: Image, isolation: Isolation, config: (dataPath: string) => string): Machine {
  const { root } = image;
  const node = join(root, 'nodejs/bin/node');
  mkdirSync(dirname(node), { recursive: true });
  copyFileSync(process.execPath, node);
  for (const library of librariesOf(process.execPath)) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  for (const folder of ['tmp', 'proc', dirname(CONFIG)]) mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  writeFileSync(join(root, CONFIG), config(isolation === 'folder' ? join(root, DATA) : DATA));
  if (isolation === 'folder') execFileSync('chmod', ['-R', 'a-w', join(root, image.workdir)]);
  const launch = launcher(image, isolation);
  return {
    start: () => startContainer(launch, [...entryOf(image), ...commandOf(image, isolation)], isolation),
    health(url) {
      const words = wordsOf(ofLast(image, 'HEALTHCHECK')[0]?.replace(/^.*?CMD\s+/, '') ?? '');
      const { file, args, options } = launch(words, { BRAZIER_HEALTH_URL: url });
      return spawnSync(file, args, { ...options, timeout: 20_000 }).status;
    },
    evaluate(text) {
      const { file, args, options } = launch(['node', '--eval', text], {});
      return execFileSync(file, args, { ...options, encoding: 'utf8' });
    },
  };
}

const entryOf = (image: Image) => wordsOf(ofLast(image, 'ENTRYPOINT').at(-1) ?? '');

function commandOf(image: Image, isolation: Isolation): string[] {
  const words = wordsOf(ofLast(image, 'CMD').at(-1) ?? '');
  return words.map((word) =>
    isolation === 'folder' && word.startsWith('/') ? join(image.root, word) : word,
  );
}

/** The loader and the libraries that the program is linked with. */
function librariesOf(program: string): string[] {
  if (process.platform !== 'linux') return [];
  const text = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...text.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
}

interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> };
}

type Launcher = (words: readonly string[], env: Readonly<Record<string, string>>) => Launch;

/** Root's own mounts, of which this machine sees nothing: everything read-only but the data and /tmp. */
const MOUNTS = `
set -e
mount --bind "$ROOT" "$ROOT"
mount --bind "$ROOT$DATA" "$ROOT$DATA"
mount -t tmpfs tmpfs "$ROOT/tmp"
mount -t proc proc "$ROOT/proc"
mount -o remount,bind,ro "$ROOT"
exec "$@"`;

function launcher(image: Image, isolation: Isolation): Launcher {
  const { root, workdir } = image;
  const own = imageEnvironment(image, isolation === 'folder' ? join(root, 'nodejs/bin') : '/nodejs/bin');
  const [uid, gid] = (ofLast(image, 'USER').at(-1) ?? '').split(':');
  const within = ['unshare', `--root=${root}`, `--wd=${workdir}`, `--setgid=${gid}`, `--setuid=${uid}`, '--'];
  return (words, env) => {
    const options = { cwd: join(root, workdir), env: { ...own, ...env, ROOT: root, DATA } };
    if (isolation === 'folder') return { file: String(words[0]), args: words.slice(1), options };
    const confined = ['setpriv', '--no-new-privs', ...within, ...words];
    if (isolation === 'root') return { file: 'setpriv', args: confined.slice(1), options };
    const args = ['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', MOUNTS, 'sh', ...confined];
    return { file: 'unshare', args, options };
  };
}

/** What a container's process is given: what the image says, and nothing of this machine. */
function imageEnvironment(image: Image, nodeFolder: string): Record<string, string> {
  const base = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const pairs = ofLast(image, 'ENV').flatMap((rest) => [...pairsOf(rest)]);
  const said = pairs.map(([name, value]) => [
    name,
    value.replace(`\${PATH}`, base).replace('/nodejs/bin', nodeFolder),
  ]);
  return Object.fromEntries(said);
}

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

function startContainer(launch: Launcher, words: readonly string[], isolation: Isolation): Container {
  const { file, args, options } = launch(words, {});
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  alive.add(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => {
      alive.delete(child);
      resolve(code ?? signal ?? 'unknown');
    });
  });
  const ready = new Promise<{ http: string; admin: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => resolve(JSON.parse(line)));
    exited.then((code) => reject(new Error(`ended with ${code} before it was ready: ${stderr}`)));
  });
  ready.catch(() => undefined);
  // `unshare --fork` stays outside as the parent of the one that is process 1 inside.
  const inside = () => (isolation === 'namespaces' ? onlyChildOf(Number(child.pid)) : Number(child.pid));
  return {
    ready,
    exited,
    stderr: () => stderr,
    signal: (signal) => process.kill(inside(), signal),
    status: () => readFileSync(`/proc/${inside()}/status`, 'utf8'),
  };
}

function onlyChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}
