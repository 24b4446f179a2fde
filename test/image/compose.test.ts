/** compose.yaml, read by what Docker Compose reads it with; and what it gives to Brazier, held against Brazier. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KAFKA_VERSION } from '../support/kafka/jars.ts';
import { startProcess } from '../support/server-process.ts';
import { DOCKERFILE, PROJECT } from './build.ts';
import { readDockerfile, restsOf, wordsOf } from './dockerfile.ts';
import { canHave, GET_TIMEOUT_MS, toolPath } from './tools.ts';

interface Service {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly configs: readonly { readonly source: string; readonly target: string }[];
  readonly tmpfs: readonly string[];
  readonly ports: readonly { readonly host_ip: string; readonly target: number }[];
  readonly user: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly stop_grace_period: string;
}

interface Composition {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
}

const TEXT = readFileSync(join(PROJECT, 'compose.yaml'), 'utf8');
const SERVERS = ['ingest', 'worker'];

/** Defaults alone: what is set where the test runs does not count. */
const BARE = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };

describe.skipIf(!canHave('compose'))('compose.yaml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'brazier-compose-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  let compose: string;
  let composition: Composition;
  beforeAll(() => {
    compose = toolPath('compose');
    composition = JSON.parse(load(TEXT).stdout) as Composition;
  }, GET_TIMEOUT_MS);

  /** As `docker compose config` would: merged, variables put in, checked. */
  function load(text: string) {
    const file = join(folder, 'compose.yaml');
    writeFileSync(file, text);
    return spawnSync(compose, [file], { encoding: 'utf8', env: BARE, cwd: folder });
  }

  const service = (name: string) => {
    const found = composition.services[name];
    if (found === undefined) throw new Error(`there is no service ${name}`);
    return found;
  };

  it('is a composition without a fault', () => {
    expect(load(TEXT)).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    [
      'a key that is not known',
      TEXT.replace('restart: unless', 'restarts: unless'),
      /services\.\w+\.restarts/,
    ],
    ['a value of the wrong type', TEXT.replace('retries: 20', 'retries: [20]'), /retries.*must be a/],
    [
      'a service that is not there',
      TEXT.replace('sandbox: { condition', 'x: { condition'),
      /undefined service "x"/,
    ],
    ['a configuration that is not there', TEXT.replace('source: brazier', 'source: x'), /undefined config x/],
    ['a volume that is not there', TEXT.replace('"kafka:/var', '"lake:/var'), /undefined volume lake/],
  ])('would be refused with %s', (_, broken, fault) => {
    expect(broken).not.toBe(TEXT);
    const { status, stderr } = load(broken);
    expect(stderr).toMatch(fault);
    expect(status).toBe(1);
  });

  describe.each(SERVERS)('gives to %s', (name) => {
    it('a configuration that `brazier check` takes, in the role it is for', async () => {
      const { command, configs, environment } = service(name);
      const [config] = configs;
      const file = join(PROJECT, String(composition.configs[config!.source]?.file).slice(folder.length));
      const [serve, ...args] = command.map((word) => (word === config!.target ? file : word));
      expect(serve).toBe('serve');
      expect(args).toEqual(['--config', file, '--role', name]);
      const check = startProcess(['check', ...args], environment);
      expect(await check.exited, check.stderr()).toBe(0);
    });

    it('the place that its image reads, and a data folder that it may write to', () => {
      const { configs, tmpfs } = service(name);
      const last = readDockerfile(DOCKERFILE).at(-1)!;
      expect(wordsOf(restsOf(last, 'CMD')[0]!)).toContain(configs[0]?.target);
      const [uid, gid] = restsOf(last, 'USER')[0]!.split(':');
      expect(tmpfs).toContain(`${configured.log.path}:uid=${uid},gid=${gid},mode=0700`);
    });

    it('a health check that asks the admin API', () => {
      const url = new URL(service(name).environment.BRAZIER_HEALTH_URL!);
      expect([url.port, url.pathname]).toEqual([String(configured.admin.port), '/health/ready']);
    });
  });

  const configured = parse(readFileSync(join(PROJECT, 'examples/compose-brazier.yaml'), 'utf8')) as {
    http: { port: number };
    admin: { port: number };
    log: { path: string; brokers: string[] };
  };

  it('starts the sandbox with options that it has', async () => {
    const args = service('sandbox').command.map(
      (word) => ({ '4800': '0', '0.0.0.0': '127.0.0.1' })[word] ?? word,
    );
    const sandbox = startProcess(args);
    const { url } = (await sandbox.ready) as unknown as { url: string };
    const { pathname } = new URL(service('sandbox').environment.BRAZIER_HEALTH_URL!);
    const answer = await fetch(`${url}${pathname}`);
    sandbox.kill('SIGTERM');
    expect(answer.status).toBe(200);
    expect(await sandbox.exited).toBe(0);
  });

  it.each(['ingest', 'worker', 'sandbox'])('lets %s do no more than it must', (name) => {
    const { user, read_only, cap_drop, ports = [], stop_grace_period } = service(name);
    expect({ user, read_only, cap_drop }).toEqual({
      user: '65532:65532',
      read_only: true,
      cap_drop: ['ALL'],
    });
    expect(ports.filter(({ host_ip }) => host_ip !== '127.0.0.1')).toEqual([]);
    // What is under way is given 25 s to end.
    expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(25);
  });

  it('publishes the port of the events and no admin port', () => {
    expect(service('ingest').ports.map(({ target }) => target)).toEqual([configured.http.port]);
    expect(service('worker').ports ?? []).toEqual([]);
  });

  it('runs the Kafka that the tests run on, at the address that Brazier is given', () => {
    const { image, environment } = service('kafka');
    expect(image).toBe(`apache/kafka:${KAFKA_VERSION}`);
    expect(environment.KAFKA_ADVERTISED_LISTENERS).toBe(`PLAINTEXT://${configured.log.brokers[0]}`);
  });
});
