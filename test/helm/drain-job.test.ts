/** The Job that docs/operate/move-to-kafka.md makes of a release: its own command, on what the chart renders. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { objectsOf } from '../../scripts/helm/render.ts';
import { KUBERNETES_MINORS } from '../../scripts/helm/tools.ts';
import { createCheck } from './support/kubernetes.ts';
import { lacking } from './support/tools.ts';

const PAGE = join(import.meta.dirname, '../../docs/operate/move-to-kafka.md');
const hasJq = spawnSync('jq', ['--version']).status === 0;

interface PodSpec {
  readonly containers: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly volumeMounts: readonly { readonly name: string }[];
  }[];
  readonly volumes: readonly { readonly name: string }[];
  readonly [member: string]: unknown;
}
interface Workload {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly spec: PodSpec } };
  readonly [member: string]: unknown;
}

function jobOf(name: string): { server: PodSpec; job: Workload } {
  const [, program = ''] = /\| jq '([^']+)' > drain\.yaml/.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const rendered = objectsOf(readFileSync(join(import.meta.dirname, `rendered/${name}.yaml`), 'utf8'));
  const server = rendered.find(({ kind }) => kind === 'StatefulSet') as unknown as Workload;
  const job = JSON.parse(execFileSync('jq', [program], { input: JSON.stringify(server), encoding: 'utf8' }));
  return { server: server.spec.template.spec, job };
}

describe.skipIf(!hasJq)('the Job that drains a release', () => {
  it.each([
    ['default', { claimName: 'data-brazier-0' }],
    ['existing-secrets', { claimName: 'brazier-data' }],
  ])('is the server of it with another command, on its claim: %s', (name, persistentVolumeClaim) => {
    const { server, job } = jobOf(name);
    const { containers, volumes, restartPolicy, ...rest } = job.spec.template.spec;
    const [brazier] = server.containers;
    expect(containers).toEqual([
      { ...brazier, args: ['serve', '--drain', '--config', '/etc/brazier/brazier.yaml'] },
    ]);
    expect(volumes.filter((volume) => volume.name === 'data')).toEqual([
      { name: 'data', persistentVolumeClaim },
    ]);
    const { containers: _, volumes: __, ...ofServer } = server;
    expect([restartPolicy, rest]).toEqual(['OnFailure', ofServer]);
  });

  it.skipIf(lacking !== '').each(KUBERNETES_MINORS)('is valid strictly for Kubernetes %s', async (minor) => {
    const { job } = jobOf('default');
    expect(await createCheck(minor)(job)).toEqual([]);
  });
});
