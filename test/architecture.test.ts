/** Holds the house to its plan: who may import whom, no cycles, and what may stand in one place only. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Path from the project's root → text. */
type Files = ReadonlyMap<string, string>;

interface Import {
  readonly specifier: string;
  /** `import type` leaves nothing behind at run time. */
  readonly isTypeOnly: boolean;
}

/** The modules a text names: import, export … from, import(), and worker files by `new URL(…, import.meta.url)`. */
function importsOf(text: string): Import[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const statements = code.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]/gm,
  );
  const others = code.matchAll(
    /\b(?:import|require)\(\s*['"]([^'"]+)['"]|\bnew URL\(\s*['"](\.[^'"]+)['"],\s*import\.meta/g,
  );
  return [
    ...[...statements].map(([, type, specifier = '']) => ({ specifier, isTypeOnly: type !== undefined })),
    ...[...others].map(([, dynamic, worker]) => ({ specifier: dynamic ?? worker ?? '', isTypeOnly: false })),
  ];
}

interface Edge extends Import {
  readonly from: string;
  /** A path of the project, or the specifier itself for packages and Node's own. */
  readonly to: string;
}

function edgesOf(files: Files): Edge[] {
  return [...files].flatMap(([from, text]) =>
    importsOf(text).map((found) => ({
      ...found,
      from,
      to: found.specifier.startsWith('.') ? normalize(join(dirname(from), found.specifier)) : found.specifier,
    })),
  );
}

/** `src/log/sqlite/x.ts` → `log`; files directly under src are a room of their own. */
function roomOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] === 'src') return parts[1] ?? '';
  return ['transformers', 'mappings'].includes(parts[0] ?? '') ? String(parts[0]) : 'package';
}

const ANY = null;

/** What each room may import of the others. A room that is not listed may import nothing of ours. */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | typeof ANY>> = {
  model: [],
  transformers: ['model', 'mappings'],
  mappings: [],
  log: ['model'],
  telemetry: ['model'],
  config: ['model'],
  // Schemas and routes in OpenAPI's words: the servers describe themselves with it.
  openapi: ['config/version.ts'],
  ingest: ['model', 'log/log.ts', 'config', 'telemetry', 'openapi'],
  // What is checked of an event does not depend on how it came.
  intake: [
    'model',
    'telemetry',
    'log/log.ts',
    'ingest/accept.ts',
    'ingest/content.ts',
    'ingest/counts.ts',
    'ingest/limits.ts',
    'ingest/parse.ts',
    'ingest/refusal.ts',
  ],
  memory: ['model'],
  braze: ['model'],
  delivery: ['model', 'braze'],
  // The transformers are pure and their interface is a function; of the log it knows the interface alone.
  pipeline: [
    'model',
    'config',
    'telemetry',
    'log/log.ts',
    'memory/memory.ts',
    'delivery',
    'braze',
    'transformers',
    'dead-letters',
  ],
  'dead-letters': ['model', 'log/log.ts'],
  explain: [
    'model',
    'config',
    'log/log.ts',
    'log/request-note.ts',
    'log/message-of.ts',
    'pipeline',
    'transformers',
    'dead-letters',
  ],
  alerts: ['model', 'config'],
  admin: ['model', 'config', 'telemetry', 'log/log.ts', 'dead-letters', 'explain', 'openapi'],
  sandbox: [],
  cli: ANY,
  // The composition root, and the part of it that puts one destination together.
  'app.ts': ANY,
  app: ANY,
  'destination.ts': ANY,
  entry: ['cli'],
  'main.ts': ['cli'],
};

function isAllowed(from: string, to: string): boolean {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === target || target === 'package') return true;
  const allowed = room in MAY_IMPORT ? MAY_IMPORT[room] : [];
  if (allowed === ANY) return true;
  return (allowed ?? []).some((entry) => (entry.includes('/') ? to === `src/${entry}` : entry === target));
}

/** Only these may name a concrete thing, the rest gets it handed in: which of these rules the import breaks. */
function brokenPrivilege({ from, to, isTypeOnly }: Edge): string | null {
  const isTypeForCli = isTypeOnly && roomOf(from) === 'cli';
  if (to === 'src/app.ts' && from !== 'src/cli/serve.ts' && !isTypeForCli)
    return 'only cli/serve loads app.ts';
  if (to === 'src/destination.ts' && !['app.ts', 'app'].includes(roomOf(from)))
    return 'only app.ts imports destination.ts';
  if (roomOf(to) === 'app' && !['app.ts', 'app', 'destination.ts'].includes(roomOf(from)) && !isTypeForCli)
    return 'only app.ts imports its parts';
  if (roomOf(to) === 'sandbox' && !['sandbox', 'cli', 'app.ts'].includes(roomOf(from))) {
    return 'only cli and app.ts import the sandbox';
  }
  if (roomOf(to) === 'cli' && !['cli', 'entry', 'main.ts'].includes(roomOf(from)))
    return 'nobody imports cli';
  return null;
}

function importFaults(files: Files): string[] {
  return edgesOf(files).flatMap((edge) => {
    const { from, to } = edge;
    const special = brokenPrivilege(edge);
    if (special !== null) return [`${from} imports ${to}: ${special}`];
    return isAllowed(from, to) ? [] : [`${from} imports ${to}: ${roomOf(from)} may not import ${roomOf(to)}`];
  });
}

/** Types may refer to one another; what is loaded may not go in a circle. */
function cycleFaults(files: Files): string[] {
  const edges = edgesOf(files).filter(({ to, isTypeOnly }) => files.has(to) && !isTypeOnly);
  const next = Map.groupBy(edges, ({ from }) => from);
  const done = new Set<string>();
  const faults: string[] = [];
  function visit(path: string, above: readonly string[]): void {
    if (above.includes(path)) {
      faults.push(`cycle: ${[...above.slice(above.indexOf(path)), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const { to } of next.get(path) ?? []) visit(to, [...above, path]);
    done.add(path);
  }
  for (const path of files.keys()) visit(path, []);
  return faults;
}

/** Everything that is loaded when `start` is: files and packages. */
function reachedFrom(start: string, files: Files): ReadonlySet<string> {
  const next = Map.groupBy(
    edgesOf(files).filter(({ isTypeOnly }) => !isTypeOnly),
    ({ from }) => from,
  );
  const reached = new Set([start]);
  for (const path of reached) for (const { to } of next.get(path) ?? []) reached.add(to);
  return reached;
}

/** What may stand in one place only. */
const PLACES = [
  {
    what: 'process.env',
    pattern: /\bprocess\.env\b|\bimport\b.*\benv\b.*['"](node:)?process['"]/,
    only: /^src\/config\/environment\.ts$/,
  },
  { what: 'kafkajs', pattern: /['"]kafkajs['"]/, only: /^src\/log\/kafka\// },
  { what: 'node:sqlite', pattern: /['"]node:sqlite['"]/, only: /^src\/log\/sqlite\// },
  { what: 'OpenTelemetry', pattern: /['"]@opentelemetry\//, only: /^src\/telemetry\/tracing-[a-z]+\.ts$/ },
];

function placeFaults(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    return PLACES.filter(({ pattern, only }) => pattern.test(code) && !only.test(path)).map(
      ({ what }) => `${path} uses ${what}, which has one place`,
    );
  });
}

const PURE_FORBIDDEN =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandom(?:Bytes|UUID|Int)\b|['"]node:(?!crypto['"])/;

const MAX_LINES = 260;

/** A file is short enough to be read in one go. */
function lengthFaults(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    const lines = text.split('\n').length - 1;
    return lines > MAX_LINES ? [`${path} has ${lines} lines, at most ${MAX_LINES}`] : [];
  });
}

/** A transformer gives the same for the same: no clock, no dice, nothing of Node's but hashes. */
function transformerFaults(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    if (!path.startsWith('transformers/')) return [];
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    return PURE_FORBIDDEN.test(code) ? [`${path} is not pure`] : [];
  });
}

function filesUnder(...folders: string[]): Files {
  const root = join(import.meta.dirname, '..');
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  // main.ts is a link to entry/main.ts and would resolve its imports from the wrong folder.
  const own = paths.filter((path) => path.endsWith('.ts') && path !== 'src/main.ts');
  return new Map(own.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

describe('the project', () => {
  const files = filesUnder('src', 'transformers');

  test('is found', () => {
    expect(files.size).toBeGreaterThan(20);
    expect(edgesOf(files).length).toBeGreaterThan(100);
  });

  test('every import of a file of ours leads to a file', () => {
    const missing = edgesOf(files).filter(
      ({ to }) => to.endsWith('.ts') && /^(src|transformers)\//.test(to) && !files.has(to),
    );
    expect(missing.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  test('imports flow one way', () => expect(importFaults(files)).toEqual([]));
  test('nothing is loaded in a circle', () => expect(cycleFaults(files)).toEqual([]));
  test('environment, Kafka, SQLite and OpenTelemetry have one place each', () =>
    expect(placeFaults(files)).toEqual([]));
  test('transform starts without the servers', () => {
    const reached = reachedFrom('src/cli/transform.ts', files);
    expect([...reached]).toContain('transformers/transform.ts');
    expect(
      [...reached].filter((path) => ['express', 'got', 'winston', 'node:sqlite'].includes(path)),
    ).toEqual([]);
  });
  test('serve starts without OpenTelemetry: one file loads it, when tracing is on', () => {
    const loaded = edgesOf(files).filter(({ to }) => to === 'src/telemetry/tracing-sdk.ts');
    expect(loaded.map(({ from }) => from)).toEqual(['src/app/tracing.ts']);
    expect(files.get('src/app/tracing.ts')).toMatch(/ await import\('[^']*tracing-sdk\.ts'\)/);
  });
  test('transformers are pure', () => expect(transformerFaults(files)).toEqual([]));
  test('files are short', () => expect(lengthFaults(files)).toEqual([]));
});

describe('the rules fail on a violation:', () => {
  const files = (...entries: [string, string][]): Files => new Map(entries);

  test.each([
    ['src/model/a.ts', "import { b } from '../config/b.ts';"],
    ['src/model/a.ts', "import type { B } from '../config/b.ts';"],
    ['src/model/a.ts', "export * from '../log/log.ts';"],
    ['src/model/a.ts', "const b = await import('../braze/b.ts');"],
    ['src/log/a.ts', "new Worker(new URL('../delivery/b.ts', import.meta.url));"],
    ['src/ingest/a.ts', "import {\n  type A,\n  b,\n} from '../log/sqlite/log.ts';"],
    ['src/pipeline/a.ts', "import { createSqliteLog } from '../log/sqlite/log.ts';"],
    ['src/pipeline/a.ts', "import '../ingest/b.ts';"],
    ['src/intake/a.ts', "import '../ingest/server.ts';"],
    ['src/intake/a.ts', "import '../log/kafka/session.ts';"],
    ['src/ingest/a.ts', "import '../intake/b.ts';"],
    ['src/sandbox/a.ts', "import { b } from '../model/b.ts';"],
    ['src/delivery/a.ts', "import { b } from '../sandbox/b.ts';"],
    ['src/telemetry/a.ts', "import { b } from '../config/b.ts';"],
    ['src/cli/check.ts', "import { b } from '../app.ts';"],
    ['src/cli/demo.ts', "await import('../app.ts');"],
    ['src/cli/serve.ts', "import { b } from '../destination.ts';"],
    ['src/app.ts', "import { b } from './cli/b.ts';"],
    ['src/cli/serve.ts', "import { b } from '../app/b.ts';"],
    ['src/unheard-of/a.ts', "import { b } from '../model/b.ts';"],
    ['transformers/a.ts', "import { b } from '../src/config/b.ts';"],
    ['src/braze/a.ts', "import { b } from '../../transformers/b.ts';"],
  ])('%s with %j', (path, text) => {
    expect(importFaults(files([path, text]))).toHaveLength(1);
  });

  test.each([
    ['src/ingest/a.ts', "import type { EventLog } from '../log/log.ts';"],
    ['src/cli/serve.ts', "const { b } = await import('../app.ts');"],
    ['src/cli/demo.ts', "import type { App } from '../app.ts';"],
    ['src/cli/sandbox.ts', "import { b } from '../sandbox/b.ts';"],
    ['src/app.ts', "import { b } from './log/sqlite/b.ts';"],
    ['transformers/a.ts', "import m from '../mappings/m.json' with { type: 'json' };"],
    ['src/model/a.ts', "import { b } from './b.ts';\nimport { join } from 'node:path';"],
    ['src/model/a.ts', "/* import { b } from '../config/b.ts'; */\n// import '../config/b.ts'"],
  ])('but not on %s with %j', (path, text) => {
    expect(importFaults(files([path, text]))).toEqual([]);
  });

  test('a cycle, also through a dynamic import', () => {
    const cycle = files(
      ['src/model/a.ts', "import { b } from './b.ts';"],
      ['src/model/b.ts', "export { c } from './c.ts';"],
      ['src/model/c.ts', "await import('./a.ts');"],
    );
    expect(cycleFaults(cycle)).toEqual([
      'cycle: src/model/a.ts → src/model/b.ts → src/model/c.ts → src/model/a.ts',
    ]);
    const types = files(
      ['src/model/a.ts', "import { b } from './b.ts';"],
      ['src/model/b.ts', "import type { A } from './a.ts';"],
    );
    expect(cycleFaults(types)).toEqual([]);
  });

  test.each([
    ['src/cli/a.ts', 'const port = process.env.PORT;'],
    ['src/config/load.ts', "process.env['PORT'];"],
    ['src/cli/a.ts', "import { env } from 'node:process';"],
    ['src/app.ts', "import { Kafka } from 'kafkajs';"],
    ['src/log/kafka-log.ts', "await import('kafkajs');"],
    ['src/dead-letters/a.ts', "import { DatabaseSync } from 'node:sqlite';"],
    ['src/telemetry/tracing.ts', "import { trace } from '@opentelemetry/api';"],
    ['src/app/tracing.ts', "await import('@opentelemetry/sdk-trace');"],
  ])('a thing out of its place: %s with %j', (path, text) => {
    expect(placeFaults(files([path, text]))).toHaveLength(1);
  });

  test('a thing in its place, or in a comment, is fine', () => {
    const fine = files(
      ['src/config/environment.ts', 'return process.env;'],
      ['src/log/kafka/a.ts', "import { Kafka } from 'kafkajs';"],
      ['src/log/sqlite/a.ts', "import { DatabaseSync } from 'node:sqlite';"],
      ['src/telemetry/tracing-sdk.ts', "import { trace } from '@opentelemetry/api';"],
      ['src/cli/a.ts', '// process.env is read in config'],
    );
    expect(placeFaults(fine)).toEqual([]);
  });

  test.each([
    ['const at = Date.now();'],
    ['const at = new Date();'],
    ['const dice = Math.random();'],
    ["import { readFileSync } from 'node:fs';"],
    ["import { randomUUID } from 'node:crypto';"],
  ])('a transformer with %j', (text) => {
    expect(transformerFaults(files(['transformers/a.ts', text]))).toHaveLength(1);
  });

  test('a file that is long', () => {
    expect(lengthFaults(files(['src/model/a.ts', '\n'.repeat(261)]))).toHaveLength(1);
    expect(lengthFaults(files(['src/model/a.ts', '\n'.repeat(260)]))).toEqual([]);
  });
});
