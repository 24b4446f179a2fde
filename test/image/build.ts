/** Does what the Dockerfile does: each stage is an empty folder, and its COPY and RUN are done one after the other. */
import { execFileSync } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { type Instruction, readDockerfile, restsOf, type Stage } from './dockerfile.ts';

export const PROJECT = join(import.meta.dirname, '../..');
export const DOCKERFILE = join(PROJECT, 'Dockerfile');

export interface Image {
  /** The last stage's files; what its base image brings is not among them. */
  readonly root: string;
  readonly last: Stage;
  /** Of the last stage. */
  readonly workdir: string;
  remove(): void;
}

interface Built {
  readonly name: string | null;
  readonly root: string;
}

/** Throws when a step fails. */
export function buildImage(): Image {
  const folder = mkdtempSync(join(tmpdir(), 'brazier-image-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const built: Built[] = [];
  const stages = readDockerfile(DOCKERFILE);
  try {
    for (const stage of stages) {
      const root = join(folder, `stage-${built.length}`);
      mkdirSync(root);
      for (const instruction of stage.instructions) {
        const place = { root, cwd: join(root, workdirOf(stage)) };
        mkdirSync(place.cwd, { recursive: true });
        if (instruction.keyword === 'COPY') copy(instruction, place, built);
        if (instruction.keyword === 'RUN') run(instruction.rest, place.cwd);
      }
      built.push({ name: stage.name, root });
    }
  } catch (error) {
    remove();
    throw error;
  }
  const [last, files] = [stages.at(-1), built.at(-1)];
  if (last === undefined || files === undefined) throw new Error('the Dockerfile has no stage');
  return { root: files.root, last, workdir: workdirOf(last), remove };
}

/** It stands once in a stage, before anything that goes by it. */
function workdirOf({ instructions }: Stage): string {
  const at = instructions.findIndex(({ keyword }) => keyword === 'WORKDIR');
  const first = instructions.findIndex(({ keyword }) => ['COPY', 'RUN'].includes(keyword));
  const count = instructions.filter(({ keyword }) => keyword === 'WORKDIR').length;
  if (count !== 1 || at > first) throw new Error('expected one WORKDIR at the beginning of each stage');
  return instructions[at]?.rest ?? '/';
}

interface Place {
  readonly root: string;
  readonly cwd: string;
}

function copy({ rest, flags }: Instruction, { root, cwd }: Place, built: readonly Built[]): void {
  const words = rest.split(/\s+/);
  const sources = words.slice(0, -1);
  const target = words.at(-1) ?? '';
  const from = flags.from === undefined ? null : built.find(({ name }) => name === flags.from);
  if (from === undefined) throw new Error(`COPY from a stage that is not there: ${flags.from}`);
  for (const source of sources) {
    const path = from === null ? inContext(source) : join(from.root, source);
    const place = target.startsWith('/') ? join(root, target) : join(cwd, target);
    // Of a folder its contents are copied; a file goes into a place that ends with a slash.
    const to = statSync(path).isFile() && target.endsWith('/') ? join(place, basename(source)) : place;
    mkdirSync(dirname(to), { recursive: true });
    cpSync(path, to, { recursive: true, verbatimSymlinks: true });
    if (flags.chown !== undefined) giveTo(flags.chown, to);
  }
}

/** Where a file of the build's context stands; throws when .dockerignore keeps it from the builder. */
function inContext(source: string): string {
  const lines = readFileSync(join(PROJECT, '.dockerignore'), 'utf8').split('\n');
  const [everything, ...allowed] = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (everything !== '*')
    throw new Error('.dockerignore is expected to begin with *, and to name what is let in');
  if (!allowed.includes(`!${source}`)) throw new Error(`.dockerignore keeps ${source} from the builder`);
  return join(PROJECT, source);
}

/** Only root can give something away. */
function giveTo(owner: string, path: string): void {
  const [uid, gid] = owner.split(':').map(Number);
  if (process.getuid?.() === 0 && uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}

/** A step runs beside this machine's own files, not within its image: an absolute path would be one of this machine. */
function run(command: string, cwd: string): void {
  if (/(^|[\s='"])\/\w/.test(command)) throw new Error(`RUN with an absolute path is not tried: ${command}`);
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  execFileSync('/bin/sh', ['-c', command], {
    cwd,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 180_000,
  });
}

/** Texts of the last stage's instructions of this kind. */
export const ofLast = ({ last }: Image, keyword: Instruction['keyword']) => restsOf(last, keyword);
