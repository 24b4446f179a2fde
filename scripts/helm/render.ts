/** Runs a real Helm on the chart: what it renders, as text and as objects, or what it refuses. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { helmPath, KUBERNETES_MINORS } from './tools.ts';

export const CHART = join(import.meta.dirname, '../../helm/brazier');

/** Names of the values files: `kafka-tls-sasl` is `ci/kafka-tls-sasl-values.yaml`. */
export const CI_NAMES: readonly string[] = readdirSync(join(CHART, 'ci'))
  .map((file) => basename(file, '-values.yaml'))
  .sort();

export const ciFile = (name: string): string => join(CHART, 'ci', `${name}-values.yaml`);

/** A Helm that was built without a version of Kubernetes of its own would say 1.20. */
const KUBERNETES = `${KUBERNETES_MINORS.at(-1)}.0`;

/** One object of a release, as far as all of them are alike. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

export interface HelmAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of the release `brazier` in the namespace `events`. The user's own settings of Helm are left out. */
export function runHelm(version: string, args: readonly string[]): HelmAnswer {
  const { status, stdout, stderr, error } = spawnSync(helmPath(version), args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
    env: { HOME: '/nonexistent', PATH: process.env.PATH ?? '', KUBECONFIG: '/nonexistent' },
  });
  if (error) throw error;
  return { ok: status === 0, stdout, stderr };
}

export function template(
  version: string,
  valuesFiles: readonly string[],
  more: readonly string[] = [],
): HelmAnswer {
  const files = valuesFiles.flatMap((file) => ['--values', file]);
  const release = ['brazier', CHART, '--namespace', 'events', '--kube-version', KUBERNETES];
  return runHelm(version, ['template', ...release, ...files, ...more]);
}

/** With the subcommand `lint --strict`: warnings are failures. */
export function lint(version: string, valuesFile: string): HelmAnswer {
  return runHelm(version, ['lint', '--strict', '--kube-version', KUBERNETES, CHART, '--values', valuesFile]);
}

/** What a user reads after the installation, of a chart that is not installed. */
export function notes(version: string, valuesFile: string): string {
  const args = [
    'install',
    'brazier',
    CHART,
    '--namespace',
    'events',
    '--dry-run=client',
    '--values',
    valuesFile,
  ];
  const { ok, stdout, stderr } = runHelm(version, args);
  if (!ok) throw new Error(stderr);
  return stdout.slice(stdout.indexOf('NOTES:'));
}

export function objectsOf(text: string): Rendered[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const value = document.toJS();
    return value === null ? [] : [value as Rendered];
  });
}

/** Throws with Helm's own words when it refuses. */
export function render(version: string, name: string, more: readonly string[] = []): Rendered[] {
  const { ok, stdout, stderr } = template(version, [ciFile(name)], more);
  if (!ok) throw new Error(`${name}: ${stderr}`);
  return objectsOf(stdout);
}
