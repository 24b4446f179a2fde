import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../../src/config/load.ts';
import { renderConfig } from '../../../src/config/render.ts';
import { secretsOf } from '../../../src/config/secrets.ts';

const URL = 'https://hooks.example.com/services/canary-path';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'brazier-test-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  writeFileSync(file, text);
  return file;
}

function load(alerts?: object, env: Record<string, string> = {}) {
  const rest = {
    sources: [{ id: 'shop', writeKey: 'write-key' }],
    destinations: [{ id: 'braze', dataCenter: 'EU-01', restApiKey: 'rest-api-key' }],
  };
  return parseConfig('brazier.yaml', stringify(alerts ? { alerts, ...rest } : rest), env);
}

function good(alerts?: object, env?: Record<string, string>) {
  const loaded = load(alerts, env);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded;
}

function problems(...webhooks: object[]): string[] {
  const loaded = load({ webhooks });
  return loaded.ok ? [] : loaded.problems.map(({ path, message }) => `${path}: ${message}`);
}

it('without any there are no webhooks, and the times have their defaults', () => {
  expect(good().config.alerts).toMatchObject({
    name: 'brazier',
    runbookBaseUrl: null,
    webhooks: [],
    holdMs: 60_000,
    nothingDeliveredMs: 900_000,
    diskFreeRatio: 0.05,
    repeatMs: 14_400_000,
    maxPerHour: 30,
  });
});

it('takes the address and the keys from the file, from the environment, or as they stand there', () => {
  const urlFile = fileWith(`${URL}\n`);
  const { config } = good(
    {
      runbookBaseUrl: 'https://git.example.com/x/',
      webhooks: [
        { id: 'a', url: '$' + '{HOOK}', form: 'slack', minSeverity: 'critical' },
        { id: 'b', urlFile, signingKeyFile: fileWith('signing\n'), authorization: 'Bearer x' },
      ],
    },
    { HOOK: URL },
  );
  const [a, b] = config.alerts.webhooks;
  expect(a).toMatchObject({ id: 'a', form: 'slack', minSeverity: 'critical', readSigningKey: null });
  expect([a?.readUrl(), b?.readUrl(), b?.readSigningKey?.(), b?.readAuthorization?.()]).toEqual([
    URL,
    URL,
    'signing',
    'Bearer x',
  ]);
  expect(config.alerts.runbookBaseUrl).toBe('https://git.example.com/x');
});

it('reads the file anew each time, and never gives what is no address', () => {
  const urlFile = fileWith(URL);
  const read = good({ webhooks: [{ id: 'a', urlFile }] }).config.alerts.webhooks[0]?.readUrl;
  writeFileSync(urlFile, 'https://other.example.com/x');
  expect(read?.()).toBe('https://other.example.com/x');
  writeFileSync(urlFile, 'canary, not an address');
  expect(read).toThrow('found something that is not an http or https address');
  expect(read).not.toThrow('canary');
});

describe('its secrets', () => {
  const webhook = { id: 'a', url: URL, authorization: 'canary-authorization', signingKey: 'canary-key' };

  it('are masked when the configuration is printed', () => {
    const text = renderConfig(good({ webhooks: [webhook] }).effective);
    expect(text).toContain('url: "********"');
    expect(text).not.toContain('canary');
  });

  it('are among those that log lines are kept free of', () => {
    expect(secretsOf(good({ webhooks: [webhook] }).config)).toEqual(
      expect.arrayContaining([URL, 'canary-authorization', 'canary-key']),
    );
  });

  it('are in no problem', () => {
    const all = [
      ...problems(
        { ...webhook, url: 'canary' },
        { ...webhook, id: 'b', url: 'https://canary:canary@x.example.com' },
      ),
      ...problems({ ...webhook, authorization: 'canary\n', signingKey: '' }),
    ];
    expect(all.length).toBeGreaterThan(3);
    expect(all.join('\n')).not.toContain('canary');
  });
});

describe('a problem is', () => {
  it('an address that is none, or holds a password', () => {
    expect(problems({ id: 'a', url: 'hooks.example.com' })).toEqual([
      'alerts.webhooks[0].url: found something that is not an http or https address',
    ]);
    expect(problems({ id: 'a', url: 'https://u:p@hooks.example.com' })[0]).toContain('user name or password');
    expect(problems({ id: 'a', urlFile: fileWith('ftp://x') })[0]).toContain('alerts.webhooks[0].urlFile');
  });

  it('none of the address and its file, or both', () => {
    expect(problems({ id: 'a' })).toEqual([
      'alerts.webhooks[0]: found none of url and urlFile, expected exactly one',
    ]);
    expect(problems({ id: 'a', url: URL, urlFile: fileWith(URL) })).toHaveLength(1);
  });

  it('both of a key and its file', () => {
    const webhook = { id: 'a', url: URL, signingKey: 'secret', signingKeyFile: fileWith('secret') };
    expect(problems(webhook)).toEqual([
      'alerts.webhooks[0]: found both of signingKey and signingKeyFile, expected at most one',
    ]);
  });

  it('a file that cannot be read', () => {
    expect(problems({ id: 'a', urlFile: '/nowhere/url' })).toEqual([
      'alerts.webhooks[0].urlFile: found a file that cannot be used: cannot read /nowhere/url: no such file or folder',
    ]);
  });

  it('two of one id, and a form that there is not', () => {
    expect(problems({ id: 'a', url: URL }, { id: 'a', url: URL })[0]).toContain('found "a"');
    expect(problems({ id: 'a', url: URL, form: 'teams' })[0]).toContain('json, slack');
  });
});

it('warns of an address without encryption on another machine', () => {
  expect(good({ webhooks: [{ id: 'a', url: 'http://127.0.0.1:9/x' }] }).warnings).toEqual([]);
  expect(good({ webhooks: [{ id: 'a', url: 'HTTP://hooks.example.com/x' }] }).warnings).toEqual([
    expect.stringContaining('alerts.webhooks[0].url: found http to another machine'),
  ]);
});
