/**
 * The tools that check the chart: two Helms, strict schemas of four Kubernetes minors, and validators of the operators'
 * own kinds. Built or fetched once into a folder outside the project, each with its version pinned.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * Both lines that are maintained: charts must work with either. These two are made of the same Kubernetes libraries, so
 * that the second costs a fraction of the first to build.
 */
export const HELM_VERSIONS = ['v3.22.0', 'v4.3.0'] as const;

/** The latest four, as kubernetes-validate 1.37.0 has them. */
export const KUBERNETES_MINORS = ['1.34', '1.35', '1.36', '1.37'] as const;

const SCHEMAS_PACKAGE = 'kubernetes-validate==1.37.0';

/** Made from the CustomResourceDefinitions of the Prometheus operator, the Gateway API and KEDA. */
const KINDS_PACKAGES = [
  '@kubernetes-models/prometheus-operator@6.0.0',
  '@kubernetes-models/gateway-api@2.0.0',
  '@kubernetes-models/keda@2.0.0',
];

/** The first takes 5 minutes of one core, the second a fraction of it; a busy machine takes several times as long. */
const BUILD_TIMEOUT_MS = 30 * 60_000;
const FETCH_TIMEOUT_MS = 3 * 60_000;

const CACHE = process.env.BRAZIER_TOOLS ?? join(homedir(), '.cache', 'brazier-tools');
const NODE_BIN = join(import.meta.dirname, '../../node_modules/.bin');

export const helmPath = (version: string): string => join(CACHE, `helm-${version}`, 'helm');

const SCHEMAS_FOLDER = join(CACHE, SCHEMAS_PACKAGE.replace('==', '-'));

/** All kinds of one minor, unknown keys refused. */
export const definitionsPath = (minor: string): string =>
  join(
    SCHEMAS_FOLDER,
    'kubernetes_validate/kubernetes-json-schema',
    `v${minor}.0-local-strict`,
    '_definitions.json',
  );

export const KINDS_FOLDER = join(CACHE, 'kinds-1');

interface Tool {
  readonly name: string;
  /** Where it is kept, once it is whole. */
  readonly folder: string;
  /** Fills an empty folder, or throws. */
  readonly fill: (folder: string) => void;
}

const TOOLS: readonly Tool[] = [
  ...HELM_VERSIONS.map((version) => ({
    name: `helm ${version}`,
    folder: join(CACHE, `helm-${version}`),
    fill: (folder: string) => buildHelm(version, folder),
  })),
  { name: 'Kubernetes schemas', folder: SCHEMAS_FOLDER, fill: fetchSchemas },
  { name: "validators of the operators' kinds", folder: KINDS_FOLDER, fill: fetchKinds },
];

/** Names of the tools that are not here yet. */
export function missingTools(): string[] {
  return TOOLS.filter(({ folder }) => !existsSync(folder)).map(({ name }) => name);
}

/** Gets what is missing, one after the other; a build that fails or takes too long throws and leaves nothing half. */
export function getTools(say: (line: string) => void): void {
  mkdirSync(CACHE, { recursive: true });
  for (const { name, folder, fill } of TOOLS.filter((tool) => !existsSync(tool.folder))) {
    const begun = performance.now();
    const draft = mkdtempSync(join(CACHE, 'draft-'));
    try {
      fill(draft);
      renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
    say(`${name}: ${Math.round((performance.now() - begun) / 1000)} s`);
  }
}

function buildHelm(version: string, folder: string): void {
  const major = version.slice(0, version.indexOf('.'));
  run('go', ['install', '-trimpath', '-ldflags=-s -w', `helm.sh/helm/${major}/cmd/helm@${version}`], {
    timeout: BUILD_TIMEOUT_MS,
    env: { GOBIN: folder, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '' },
  });
}

function fetchSchemas(folder: string): void {
  const timeout = FETCH_TIMEOUT_MS;
  run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, SCHEMAS_PACKAGE], {
    timeout,
  });
  const wanted = KUBERNETES_MINORS.map((minor) => `v${minor}.0-local-strict/_definitions.json`);
  run('python3', ['-c', UNPACK, folder, ...wanted], { timeout });
}

const UNPACK = `
import glob, os, sys, zipfile
folder, wanted = sys.argv[1], sys.argv[2:]
(wheel,) = glob.glob(os.path.join(folder, '*.whl'))
with zipfile.ZipFile(wheel) as archive:
    for end in wanted:
        (name,) = [each for each in archive.namelist() if each.endswith('/' + end)]
        archive.extract(name, folder)
os.remove(wheel)
`;

function fetchKinds(folder: string): void {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  run('npm', ['install', '--prefix', folder, ...flags, ...KINDS_PACKAGES], { timeout: FETCH_TIMEOUT_MS });
}

interface RunOptions {
  readonly timeout: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Throws with what the command said on stderr. */
function run(command: string, args: readonly string[], { timeout, env }: RunOptions): void {
  const PATH = `${NODE_BIN}${delimiter}${process.env.PATH ?? ''}`;
  execFileSync(command, args, {
    timeout,
    env: { ...process.env, PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}
