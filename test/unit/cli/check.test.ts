import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { askBraze } from '../../../src/cli/ask-braze.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { DestinationSettings } from '../../../src/model/settings.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'brazier-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Seen {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A Braze that gives each path the status it is told to. */
async function startBraze(status: (path: string) => number) {
  const seen: Seen[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const path = request.url ?? '';
    seen.push({ path, authorization: request.headers.authorization, body });
    response.writeHead(status(path), { location: '/elsewhere' }).end('{"message":"x"}');
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function yamlFor(restEndpoint: string): string {
  return `sources: [{ id: shop, writeKey: write-secret }]
destinations: [{ id: braze, restEndpoint: "${restEndpoint}", restApiKey: api-secret, appKey: x }]
`;
}

function destinationAt(restEndpoint: string, settings: DestinationSettings = {}) {
  const loaded = parseConfig('test.yaml', yamlFor(restEndpoint), {});
  if (!loaded.ok) throw new Error('the test configuration is wrong');
  return { ...loaded.config.destinations[0]!, settings };
}

async function ask(status: (path: string) => number, settings?: DestinationSettings) {
  const { url, seen } = await startBraze(status);
  const { good, lines } = await askBraze(destinationAt(url, settings));
  return { good, text: lines.join('\n'), seen };
}

describe('askBraze', () => {
  test('400 from every endpoint is a good key; empty objects are all that is sent', async () => {
    const { good, seen } = await ask(() => 400);
    expect(good).toBe(true);
    expect(seen).toEqual(
      ['/users/track', '/users/identify', '/users/alias/new'].map((path) => ({
        path,
        authorization: 'Bearer api-secret',
        body: '{}',
      })),
    );
  });

  test.each<[DestinationSettings, string[]]>([
    [{ aliasCall: 'alias', linkCall: 'identify' }, ['/users/alias/new']],
    [{ aliasCall: 'merge' }, ['/users/merge']],
    [{ linkCall: 'auto' }, ['/users/alias/new', '/users/merge']],
    [{ enableSubscriptionGroupInGroupCall: true }, ['/users/alias/new', '/v2/subscription/status/set']],
  ])('asks for what the settings need: %j', async (settings, more) => {
    const { seen } = await ask(() => 400, settings);
    expect(seen.map(({ path }) => path)).toEqual(['/users/track', '/users/identify', ...more]);
  });

  test("names the permissions of merges and of subscription groups as Braze's console does", async () => {
    const { text } = await ask(() => 403, { aliasCall: 'merge', enableSubscriptionGroupInGroupCall: true });
    expect(text).toContain('permission users.merge');
    expect(text).toContain('permission subscription.status.set');
  });

  test('401 is a bad key or the wrong instance, asked once', async () => {
    const { good, text, seen } = await ask(() => 401);
    expect(good).toBe(false);
    expect(text).toMatch(/does not take the key \(401\).*another instance/);
    expect(text).not.toContain('api-secret');
    expect(seen).toHaveLength(1);
  });

  test('403 names each permission that is missing', async () => {
    const { good, text } = await ask((path) => (path === '/users/track' ? 400 : 403));
    expect(good).toBe(false);
    expect(text).toContain('permission users.identify');
    expect(text).toContain('permission users.alias.new');
    expect(text).not.toContain('users.track');
  });

  test('404 is the wrong host', async () => {
    expect(await ask(() => 404)).toMatchObject({
      good: false,
      text: expect.stringContaining('not the host'),
    });
  });

  test.each([302, 429, 500])(
    '%i says nothing about the key, is not followed and not repeated',
    async (status) => {
      const { good, text, seen } = await ask(() => status);
      expect(good).toBe(false);
      expect(text).toContain(`answered ${status}`);
      expect(seen).toHaveLength(1);
    },
  );

  test('nobody listening is said in plain words', async () => {
    const { url } = await startBraze(() => 400);
    await new Promise((closed) => servers.pop()?.close(closed));
    const { good, lines } = await askBraze(destinationAt(url));
    expect(good).toBe(false);
    expect(lines.join('\n')).toContain('nothing listens there');
  });

  test('a key file that cannot be read is named', async () => {
    const { url } = await startBraze(() => 400);
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, 'k\n');
    const text = yamlFor(url).replace('restApiKey: api-secret', `restApiKeyFile: ${keyFile}`);
    const loaded = parseConfig('test.yaml', text, {});
    if (!loaded.ok) throw new Error('the test configuration is wrong');
    rmSync(keyFile);
    const { good, lines } = await askBraze(loaded.config.destinations[0]!);
    expect({ good, lines }).toEqual({
      good: false,
      lines: [expect.stringContaining(`cannot read ${keyFile}`)],
    });
  });
});

describe('brazier check', () => {
  function check(text: string, ...flags: string[]) {
    const file = join(folder, 'brazier.yaml');
    writeFileSync(file, text);
    return new Promise<{ code: number; stdout: string; stderr: string }>((ended) => {
      execFile(process.execPath, [MAIN, 'check', '--config', file, ...flags], (error, stdout, stderr) =>
        ended({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
    });
  }

  test('prints what was understood without secrets, warnings on stderr, exit code 0', async () => {
    const { code, stdout, stderr } = await check(yamlFor('http://127.0.0.1:1'));
    expect(code).toBe(0);
    expect(stdout).toContain('lingerMs: 50');
    expect(stdout + stderr).not.toMatch(/write-secret|api-secret/);
    expect(stderr).toMatch(/^warning: .*brazier\.yaml:2: destinations\[0\]\.appKey: .*no effect/);
  });

  test('prints every problem on a line of its own and exits with 2', async () => {
    const { code, stdout, stderr } = await check('sources: []\ndestinations: []\nhttpp: {}\n');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/brazier\.yaml:1: sources: /),
      expect.stringMatching(/brazier\.yaml:2: destinations: /),
      expect.stringMatching(/brazier\.yaml:3: httpp: found an unknown key, did you mean http\?/),
    ]);
  });

  test.each([
    [['check'], 'say what to check'],
    [['check', '--config', 'x', '--allow-unserved'], '--allow-unserved is about --workspace-config'],
    [['serve', '--allow-unserved'], '--allow-unserved is about --workspace-config'],
    [['serve', '--role', 'worker'], '--role worker is about a configuration'],
    [['serve', '--role', 'worker', '--allow-unserved'], '--role worker is about a configuration'],
    [['check', '--role', 'wroker', '--config', 'x'], 'Allowed choices are all, ingest, worker'],
  ])('%j is asked wrongly: exit code 2', async (args, expected) => {
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((ended) => {
      execFile(process.execPath, [MAIN, ...args], (error, _stdout, text) =>
        ended({ code: error?.code, stderr: text }),
      );
    });
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
  });

  test.each(['ingest', 'worker'])('--role %s on the embedded log is one line, exit code 2', async (role) => {
    const { code, stdout, stderr } = await check(yamlFor('http://127.0.0.1:1'), '--role', role);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining(`log.kind: found embedded, expected kafka: with --role ${role}`),
    ]);
  });

  test('--connect exits with 0 when Braze takes every key and with 1 when not', async () => {
    const good = await startBraze(() => 400);
    expect(await check(yamlFor(good.url), '--connect')).toMatchObject({ code: 0 });
    const bad = await startBraze(() => 401);
    const { code, stderr } = await check(yamlFor(bad.url), '--connect');
    expect(code).toBe(1);
    expect(stderr).toContain('1 of 1 destinations cannot be delivered to');
    expect(stderr).not.toContain('    at ');
  });
});
