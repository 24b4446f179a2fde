import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { changedFixedKeys } from '../../../src/app/reload.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { renderConfig } from '../../../src/config/render.ts';
import { secretsOf } from '../../../src/config/secrets.ts';

const REST = {
  sources: [{ id: 'shop', writeKey: 'write-key-0123' }],
  destinations: [{ id: 'braze', dataCenter: 'EU-01', restApiKey: 'rest-key-0123456789' }],
};

const load = (tracing: unknown, env: Record<string, string> = {}) =>
  parseConfig('brazier.yaml', stringify({ ...REST, tracing }), env);

function loaded(tracing: unknown, env: Record<string, string> = {}) {
  const result = load(tracing, env);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

function problems(tracing: unknown): string[] {
  const result = load(tracing);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe('tracing', () => {
  it.each([undefined, {}, { endpoint: '' }])('is off with %j', (tracing) => {
    const { config } = loaded(tracing);
    expect(config.tracing).toEqual({ endpoint: null, serviceName: 'brazier', sampleRatio: 1, headers: [] });
  });

  it.each([
    ['http://127.0.0.1:4318', 'http://127.0.0.1:4318/v1/traces'],
    ['http://127.0.0.1:4318/', 'http://127.0.0.1:4318/v1/traces'],
    ['https://otel.example.com/v1/traces', 'https://otel.example.com/v1/traces'],
    ['https://otel.example.com/tenant/', 'https://otel.example.com/tenant/v1/traces'],
  ])('sends to %s as %s', (endpoint, url) => {
    expect(loaded({ endpoint }).config.tracing.endpoint).toBe(url);
  });

  it('takes its endpoint from the environment, and is off where there is none', () => {
    const tracing = { endpoint: `\${OTEL_EXPORTER_OTLP_ENDPOINT:-}` };
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' };
    expect(loaded(tracing, env).config.tracing.endpoint).toBe('http://localhost:4318/v1/traces');
    expect(loaded(tracing).config.tracing.endpoint).toBeNull();
  });

  it('reads a header from a file as it is now, masks it and never prints it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'brazier-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const valueFile = join(folder, 'key');
    writeFileSync(valueFile, 'Bearer first-canary\n');
    const { config, effective } = loaded({
      endpoint: 'https://otel.example.com',
      headers: [
        { name: 'Authorization', valueFile },
        { name: 'x-team', value: 'inline-canary' },
      ],
    });
    const [first, second] = config.tracing.headers;
    expect([first?.name, first?.readValue()]).toEqual(['authorization', 'Bearer first-canary']);
    expect([second?.name, second?.readValue()]).toEqual(['x-team', 'inline-canary']);
    expect(secretsOf(config)).toEqual(expect.arrayContaining(['Bearer first-canary', 'inline-canary']));
    writeFileSync(valueFile, 'Bearer second-canary\n');
    expect(first?.readValue()).toBe('Bearer second-canary');
    expect(renderConfig(effective)).toContain(valueFile);
    expect(renderConfig(effective)).not.toContain('canary');
  });

  it('warns where a header would travel unencrypted', () => {
    const headers = [{ name: 'x-key', value: 'header-key-0123' }];
    const warned = (endpoint: string) => loaded({ endpoint, headers }).warnings.join();
    expect(warned('http://otel.example.com')).toContain('tracing.endpoint: found http to another machine');
    expect(warned('http://127.0.0.1:4318')).toBe('');
    expect(loaded({ endpoint: 'http://otel.example.com' }).warnings).toEqual([]);
  });

  it.each([
    ['canary', 'found something that is not an http or https address'],
    ['ftp://canary', 'found something that is not an http or https address'],
    ['https://canary@otel.example.com', 'found a user name, query or fragment in the address'],
    ['https://otel.example.com/?key=canary', 'found a user name, query or fragment in the address'],
  ])('refuses the endpoint %s without repeating it', (endpoint, message) => {
    const [only = '', ...others] = problems({ endpoint });
    expect(others).toEqual([]);
    expect(only).toContain(`tracing.endpoint: ${message}`);
    expect(only).not.toContain('canary');
  });

  it.each([
    [{ sampleRatio: 1.5 }, 'tracing.sampleRatio: found 1.5, expected a number from 0 to 1'],
    [
      { headers: [{ name: 'a' }] },
      'tracing.headers[0]: found none of value and valueFile, expected exactly one',
    ],
    [
      { headers: [{ name: 'a b', value: 'c' }] },
      'tracing.headers[0].name: found "a b", expected the name of a header',
    ],
    [
      { headers: [{ name: 'a', value: 'c\nd' }] },
      'tracing.headers[0].value: found a string (not shown), expected the value of a header: printable characters',
    ],
    [
      {
        headers: [
          { name: 'a', value: 'value-01' },
          { name: 'A', value: 'value-02' },
        ],
      },
      'tracing.headers[1].name: found "a" twice, expected it once',
    ],
    [{ endpoints: 'x' }, 'tracing.endpoints: found an unknown key, did you mean endpoint?'],
  ])('refuses %j', (tracing, problem) => {
    expect(problems(tracing)).toEqual([problem]);
  });

  it('is fixed at the start', () => {
    const of = (tracing: unknown) => loaded(tracing).config;
    const before = of({ endpoint: 'http://localhost:4318' });
    expect(changedFixedKeys(before, of({ endpoint: 'http://localhost:4318' }))).toEqual([]);
    expect(changedFixedKeys(before, of({ endpoint: 'http://localhost:4319', sampleRatio: 0.5 }))).toEqual([
      'tracing.endpoint',
      'tracing.sampleRatio',
    ]);
  });
});
