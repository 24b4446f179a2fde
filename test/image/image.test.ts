/** The image, without a container engine: what the Dockerfile does is done in empty folders, and what came of it runs. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { startSandbox } from '../support/sandbox.ts';
import { buildImage, DOCKERFILE, type Image, ofLast, PROJECT } from './build.ts';
import { bestIsolation, type Machine, prepare } from './container.ts';
import { pairsOf, readDockerfile, restsOf, wordsOf } from './dockerfile.ts';

const isolation = bestIsolation();
const SHOWN = {
  namespaces: 'process 1, a read-only root and the unprivileged user, as in a container',
  root: 'the unprivileged user in a root of its own; not shown: process 1, a read-only mount (no namespaces here)',
  folder:
    'its own command in a write-protected folder; not shown: another user, process 1, a root of its own (not root)',
}[isolation];
console.log(`the image is rehearsed with ${SHOWN}`);

let image: Image;
let braze: Awaited<ReturnType<typeof startSandbox>>;
let machine: Machine;
beforeAll(async () => {
  braze = await startSandbox({ apiKey: 'image-rest-key' });
  image = buildImage();
  machine = prepare(image, isolation, (path) =>
    stringify({
      http: { port: 0 },
      admin: { port: 0 },
      log: { path },
      sources: [{ id: 'shop', writeKey: 'image-write-key' }],
      destinations: [
        { id: 'braze', restEndpoint: braze.url, restApiKey: 'image-rest-key', start: 'beginning' },
      ],
    }),
  );
}, 240_000);
afterAll(async () => {
  image?.remove();
  await braze?.close();
});

function send(http: string, event: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from('image-write-key:').toString('base64')}`;
  const body = JSON.stringify({ userId: 'kim', event });
  return fetch(`${http}/v1/track`, { method: 'POST', headers: { authorization }, body });
}

const delivered = () => braze.sandbox.users().flatMap(({ events }) => events.map(({ name }) => name));

describe('the image', () => {
  it('takes an event, delivers it, ends with 0 on SIGTERM, and has its data when it is started again', async () => {
    for (const event of ['Lamp Lit', 'Lamp Out']) {
      const container = machine.start();
      const { http, admin } = await container.ready;
      expect((await send(http, event)).status).toBe(200);
      await vi.waitFor(() => expect(delivered()).toContain(event), { timeout: 60_000, interval: 50 });
      expect(machine.health(`${admin}/health/live`)).toBe(0);
      expect(machine.health(`${admin}/no-such-path`)).toBe(1);
      container.signal('SIGTERM');
      expect(await container.exited, container.stderr()).toBe(0);
      expect(machine.health(`${admin}/health/live`)).toBe(1);
    }
    expect(delivered()).toEqual(['Lamp Lit', 'Lamp Out']);
    expect(existsSync(join(image.root, 'var/lib/brazier/admin-token'))).toBe(true);
  });

  it.skipIf(isolation === 'folder')(
    'runs as a user who is nobody, with no capability and none to gain',
    async () => {
      const container = machine.start();
      await container.ready;
      const status = container.status();
      container.signal('SIGTERM');
      expect(await container.exited, container.stderr()).toBe(0);
      expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
      expect(status).toMatch(/^Gid:\t65532\t65532\t65532\t65532$/m);
      expect(status).toMatch(/^Groups:\s*$/m);
      expect(status).toMatch(/^CapEff:\t0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      if (isolation === 'namespaces') expect(status).toMatch(/^NSpid:.*\t1$/m);
    },
  );

  it.skipIf(process.getuid?.() === 0 && isolation === 'folder')('writes to its data alone', () => {
    const tried = ['/app/src/x', '/app/x', '/etc/x', '/x', '/var/lib/brazier/x'];
    const places = isolation === 'folder' ? tried.slice(0, 2).map((path) => join(image.root, path)) : tried;
    const text = `for (const p of ${JSON.stringify(places)}) try { fs.writeFileSync(p, ''); console.log(p) } catch {}`;
    const written = machine.evaluate(text).split('\n').filter(Boolean);
    expect(written).toEqual(isolation === 'folder' ? [] : ['/var/lib/brazier/x']);
  });
});

interface Component {
  readonly purl: string;
  readonly licenses?: readonly {
    readonly license?: { readonly id?: string };
    readonly expression?: string;
  }[];
}

interface Sbom {
  readonly components: readonly Component[];
}

const FREE = /^\(?(MIT|ISC|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|0BSD)( OR |$)/;
const isFree = ({ license, expression }: NonNullable<Component['licenses']>[number]) =>
  FREE.test(license?.id ?? expression ?? '');

/** Of every package in the folder, however deep, its package URL. */
function packagesIn(folder: string): string[] {
  const found = globSync('{,**/node_modules/}{@*/,}*/package.json', { cwd: folder }).flatMap((file) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const isRoot = file.endsWith(`${name}/package.json`) && version !== undefined;
    return isRoot ? [`pkg:npm/${name}@${version}`] : [];
  });
  return [...new Set(found)].sort();
}

describe('the files of the image', () => {
  const { dependencies, devDependencies, version } = JSON.parse(
    readFileSync(join(PROJECT, 'package.json'), 'utf8'),
  ) as { dependencies: object; devDependencies: object; version: string };
  const inApp = (path: string) => existsSync(join(image.root, image.workdir, path));

  it('have all dependencies of production and none of development', () => {
    const here = (names: object) => Object.keys(names).filter((name) => inApp(`node_modules/${name}`));
    expect(here(dependencies)).toEqual(Object.keys(dependencies));
    expect(here(devDependencies)).toEqual([]);
  });

  it('have no tests, no documents and nothing that was made for one kind of processor', () => {
    expect(globSync('*', { cwd: join(image.root, image.workdir) }).sort()).toEqual([
      ...['LICENSE', 'mappings', 'node_modules', 'package.json', 'sbom.cdx.json', 'src', 'transformers'],
    ]);
    expect(globSync('**/*.{node,so,dylib,exe}', { cwd: join(image.root, image.workdir) })).toEqual([]);
  });

  it('name every package among them, each under a licence that binds nobody who runs it', () => {
    const { components } = JSON.parse(
      readFileSync(join(image.root, image.workdir, 'sbom.cdx.json'), 'utf8'),
    ) as Sbom;
    const named = components.map(({ purl }) => decodeURIComponent(purl));
    expect([...new Set(named)].sort()).toEqual(packagesIn(join(image.root, image.workdir, 'node_modules')));
    const others = components.filter(({ licenses = [] }) => !licenses.some(isFree));
    expect(others.map(({ purl }) => purl)).toEqual([]);
  });

  it('say which version they are', () => {
    expect(machine.evaluate("console.log(require('./package.json').version)").trim()).toBe(version);
  });
});

describe('the Dockerfile', () => {
  const stages = readDockerfile(DOCKERFILE);

  it('installs in a stage of its own, on the Node.js of package.json, and runs nothing in the last', () => {
    expect(stages.map(({ base }) => base)).toEqual([
      expect.stringMatching(/^node:24-/),
      expect.stringMatching(/^gcr\.io\/distroless\/nodejs24-.*:nonroot$/),
    ]);
    expect(ofLast(image, 'RUN')).toEqual([]);
  });

  it('runs no scripts of packages', () => {
    const steps = stages.flatMap((stage) => restsOf(stage, 'RUN')).flatMap((rest) => rest.split(' && '));
    const installs = steps.filter((step) => /npm (?!sbom|pkg)/.test(step));
    expect(installs.map((step) => step.trim())).toEqual(['npm ci --omit=dev --ignore-scripts']);
  });

  it('labels the image', () => {
    const labels = ofLast(image, 'LABEL').flatMap((rest) => [...pairsOf(rest).keys()]);
    const names = ['title', 'description', 'licenses', 'version', 'revision'];
    expect(labels).toEqual(names.map((name) => `org.opencontainers.image.${name}`));
  });

  it('names its user by number, which runAsNonRoot needs', () => {
    expect(ofLast(image, 'USER')).toEqual(['65532:65532']);
  });

  it('is the image that the chart expects', () => {
    const values = parse(readFileSync(join(PROJECT, 'helm/brazier/values.yaml'), 'utf8')) as {
      readonly podSecurityContext: { readonly runAsUser: number; readonly runAsGroup: number };
      readonly persistence: { readonly mountPath: string };
      readonly config: Readonly<Record<'http' | 'admin', { readonly port: number }>>;
    };
    const { podSecurityContext: user, persistence, config } = values;
    expect(ofLast(image, 'USER')).toEqual([`${user.runAsUser}:${user.runAsGroup}`]);
    expect(wordsOf(ofLast(image, 'VOLUME')[0] ?? '')).toEqual([persistence.mountPath]);
    expect(ofLast(image, 'EXPOSE')).toEqual([`${config.http.port} ${config.admin.port}`]);
    expect(ofLast(image, 'HEALTHCHECK')[0]).toContain(`127.0.0.1:${config.admin.port}/health/live`);
  });
});
