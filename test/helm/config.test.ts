/** The configuration that a release mounts: no secret stands in it, and Brazier's own commands take it as it is. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { secretKeys } from '../../scripts/helm/config-schema.ts';
import { CI_NAMES, ciFile, notes, type Rendered } from '../../scripts/helm/render.ts';
import { HELM_VERSIONS } from '../../scripts/helm/tools.ts';
import { startSandbox } from '../support/sandbox.ts';
import { startProcess } from '../support/server-process.ts';
import { configTextOf, layOut, type ReleaseFiles, secretsOf } from './support/release.ts';
import { rendered } from './support/rendered.ts';
import { lacking } from './support/tools.ts';

const HELM = HELM_VERSIONS[1];
const WORKSPACE = join(import.meta.dirname, '../../examples/workspaceConfig.json');

const undo: (() => unknown)[] = [];
afterAll(async () => {
  for (const act of undo.reverse()) await act();
});

interface PodSpec {
  readonly containers: readonly [{ readonly command?: readonly string[]; readonly args: readonly string[] }];
}

function laidOut(objects: readonly Rendered[]): ReleaseFiles {
  const release = layOut(objects);
  undo.push(release.remove);
  return release;
}

/** `serve`'s arguments of the first container that runs it, its paths as they are here. */
function argumentsOf(objects: readonly Rendered[], release: ReleaseFiles): string[] {
  const workload = objects.find(({ kind }) => ['StatefulSet', 'Deployment'].includes(kind));
  const { template: pods } = workload!.spec as { readonly template: { readonly spec: PodSpec } };
  const [{ args }] = pods.spec.containers;
  const places: Readonly<Record<string, string>> = {
    '/etc/brazier/brazier.yaml': release.configFile,
    '/run/brazier/workspace/workspaceConfig.json': WORKSPACE,
  };
  return args.map((argument) => places[argument] ?? argument);
}

describe.skipIf(lacking !== '')('the configuration in the ConfigMap', () => {
  it.each(CI_NAMES)('of %s is good for `brazier check`', async (name) => {
    const objects = rendered(name);
    const release = laidOut(objects);
    const [, ...options] = argumentsOf(objects, release);
    const role = options.indexOf('--role');
    const files = role === -1 ? options : options.toSpliced(role, 2);
    const check = startProcess(['check', ...files], release.env);
    expect(await check.exited, check.stderr()).toBe(0);
    expect(check.stdout()).toContain(`kind: ${release.text.includes('kind: kafka') ? 'kafka' : 'embedded'}`);
  });

  it('has large numbers as numbers', () => {
    expect(configTextOf(rendered('full'))).toContain('maxBytes: 53687091200');
  });

  it('keeps a reference to the environment, which is no secret', () => {
    const objects = rendered('minimal');
    expect(configTextOf(objects)).toContain(`restApiKey: \${BRAZE_REST_API_KEY}`);
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  it('names for each secret the file that its volume brings', () => {
    const objects = rendered('full');
    const { text } = laidOut(objects);
    const named = [...text.matchAll(/\/run\/brazier\/secrets\/(\S+)/g)].map((match) => match[1]);
    const workload = objects.find(({ kind }) => kind === 'StatefulSet');
    const brought = [...JSON.stringify(workload).matchAll(/"path":"([\w.-]+)"\}/g)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(6);
    expect(brought).toEqual(expect.arrayContaining(named));
  });
});

/** A value for every key that holds a secret, in the places where it may stand. */
const CANARIES = {
  mode: 'kafka',
  config: {
    log: {
      brokers: ['kafka:9092'],
      ssl: { certFile: '/c', keyFile: '/k', passphrase: 'canary-passphrase' },
      sasl: { mechanism: 'plain', username: 'u', password: 'canary-password' },
    },
    alerts: {
      webhooks: [
        {
          id: 'team',
          url: 'canary-url',
          authorization: 'canary-authorization',
          signingKey: 'canary-signing-key',
        },
      ],
    },
    tracing: { endpoint: 'https://otel:4318', headers: [{ name: 'key', value: 'canary-header' }] },
    sources: [
      { id: 'shop', writeKey: 'canary-write-key' },
      { id: 'app', writeKey: ['canary-old', 'canary-new'] },
    ],
    destinations: [
      {
        id: 'braze',
        dataCenter: 'EU-01',
        restApiKey: 'canary-rest-api-key',
        mappings: { attributes: [{ from: 'email', convert: 'sha256', salt: 'canary-salt' }] },
      },
    ],
  },
};
const CANARIES_OF_TOKENS = {
  mode: 'kafka',
  config: {
    log: {
      brokers: ['kafka:9092'],
      sasl: {
        mechanism: 'oauthbearer',
        tokenEndpoint: 'https://a.example.com',
        clientId: 'c',
        clientSecret: 'canary-client-secret',
      },
    },
  },
};

describe.skipIf(lacking !== '')('a secret', () => {
  const releases = () => [
    ...CI_NAMES.map((name) => ({ name, objects: rendered(name), values: '' })),
    { name: 'canaries', objects: rendered('default', CANARIES), values: JSON.stringify(CANARIES) },
    {
      name: 'tokens',
      objects: rendered('default', CANARIES_OF_TOKENS),
      values: JSON.stringify(CANARIES_OF_TOKENS),
    },
  ];

  it('stands in no object but a Secret, and there encoded', () => {
    for (const { name, objects } of releases()) expect(JSON.stringify(objects), name).not.toContain('canary');
  });

  it('arrives in the Secret as it was written', () => {
    for (const { objects, values } of releases()) {
      const written = [...values.matchAll(/canary-[\w-]+/g)].map(([canary]) => canary);
      expect([...secretsOf(objects).values()]).toEqual(expect.arrayContaining(written));
    }
  });

  it('was tried for every key that the configuration knows as one', () => {
    const text = JSON.stringify([CANARIES, CANARIES_OF_TOKENS]);
    const tried = [...text.matchAll(/"(\w+)":\[?"canary/g)].map((match) => match[1]);
    expect(new Set(tried)).toEqual(secretKeys());
  });

  it('is not told in the notes', () => {
    expect(notes(HELM, ciFile('full'))).not.toContain('canary');
  });
});

describe.skipIf(lacking !== '')('a release', () => {
  /** The rendered release as a process: its arguments, its configuration, its secrets; free ports of loopback. */
  async function startRelease() {
    const sandbox = await startSandbox();
    undo.push(sandbox.close);
    const objects = rendered('default', {
      config: {
        sources: [{ id: 'shop', writeKey: 'canary-write-key' }],
        destinations: [
          { id: 'braze', restEndpoint: sandbox.url, restApiKey: 'canary-rest-api-key', start: 'beginning' },
        ],
      },
    });
    const release = laidOut(objects);
    const here = execFileSync('sed', [
      '-e',
      's/0\\.0\\.0\\.0/127.0.0.1/; s/port: 80.*/port: 0/',
      release.configFile,
    ]);
    writeFileSync(release.configFile, here);
    const server = startProcess(argumentsOf(objects, release));
    undo.push(() => {
      server.kill('SIGTERM');
      return server.exited;
    });
    return { objects, release, server, sandbox, ...(await server.ready) };
  }

  it('serves from what was rendered, passes its own `helm test`, and the curl of its notes works', async () => {
    const { objects, release, http, admin, sandbox } = await startRelease();
    const pod = objects.find(({ kind }) => kind === 'Pod');
    const [{ command = [], args: script }] = (pod!.spec as PodSpec).containers;
    const [program, ...args] = [...command, ...script];
    expect(program).toBe('node');
    const env = { HTTP_URL: http, ADMIN_URL: admin };
    const key = release.placeOf('/run/brazier/secrets/sources.shop.writeKey');
    const said = execFileSync(process.execPath, args, {
      env: { ...env, WRITE_KEY_FILE: key },
      encoding: 'utf8',
    });
    expect(said).toBe('accepted: {"success":true,"accepted":1}\nok\n');
    expect(sandbox.sandbox.requests()).toEqual([]);

    const text = notes(HELM, ciFile('default'));
    const curl = /^ +(curl -u .*)$/m.exec(text)?.[1] ?? '';
    expect(curl).toContain('http://127.0.0.1:8080/');
    const answer = execFileSync('bash', ['-c', curl.replace('http://127.0.0.1:8080', http)], {
      env: { PATH: process.env.PATH ?? '', WRITE_KEY: 'canary-write-key' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(JSON.parse(answer)).toEqual({ success: true, accepted: 1 });
    expect(text).toContain(answer.trim());
  });

  it.each([
    ['default', 'service/brazier-admin'],
    ['kafka-all', 'service/brazier-admin'],
    ['kafka-tls-sasl', 'deployment/brazier-worker'],
  ])('of %s asks in its notes who delivers: %s', (name, target) => {
    const text = notes(HELM, ciFile(name));
    expect(text).toContain(`kubectl -n events port-forward ${target} 8081 &\n   curl -s --retry 5 `);
    const [kind, to = ''] = target.split('/');
    const found = rendered(name).find(
      (object) => object.kind.toLowerCase() === kind && object.metadata.name === to,
    );
    expect(JSON.stringify(found?.spec)).toContain('"name":"admin"');
  });

  it('tells the write key of its notes by the command for it', () => {
    const text = notes(HELM, ciFile('default'));
    expect(text).toContain(
      `kubectl -n events get secret brazier-keys -o go-template='{{index .data "shop-write-key" | base64decode}}'`,
    );
  });
});
