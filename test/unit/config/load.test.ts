import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../../src/config/environment.ts';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import { formatProblem } from '../../../src/config/problem.ts';
import { renderConfig } from '../../../src/config/render.ts';
import { secretsOf } from '../../../src/config/secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'brazier-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function problemsOf(text: string, env: Environment = {}): string[] {
  const loaded = parseConfig('b.yaml', text, env);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function goodConfig(text: string, env: Environment = {}) {
  const loaded = parseConfig('b.yaml', text, env);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded;
}

const SOURCES = 'sources: [{ id: shop, writeKey: write-key }]\n';
const DESTINATIONS = 'destinations: [{ id: braze, dataCenter: EU-01, restApiKey: rest-key }]\n';
const MINIMAL = SOURCES + DESTINATIONS;

const withDestination = (members: string) =>
  `${SOURCES}destinations:\n  - id: braze\n    restApiKey: rest-key\n${members.replaceAll(/^/gm, '    ')}\n`;
const withSource = (members: string) =>
  `${DESTINATIONS}sources:\n  - id: shop\n${members.replaceAll(/^/gm, '    ')}\n`;

describe('defaults', () => {
  test('are filled in for everything that is not a source or a destination', () => {
    const { config, warnings } = goodConfig(MINIMAL);
    expect(warnings).toEqual([]);
    expect(config.http).toEqual({ host: '127.0.0.1', port: 8080, maxBodyBytes: 8 * 1024 * 1024 });
    expect(config.admin).toEqual({ host: '127.0.0.1', port: 8081, tokenFile: 'data/admin-token' });
    expect(config.log).toEqual({
      kind: 'embedded',
      path: './data',
      maxBytes: 10 * 1024 ** 3,
      retainHours: 24,
    });
    expect(config.deadLetters).toEqual({ retainDays: 30, maxBytes: 1024 ** 3 });
    expect(config.sources).toEqual([
      { id: 'shop', writeKeys: ['write-key'], enabled: true, destinations: null },
    ]);
    expect(config.destinations).toMatchObject([
      {
        id: 'braze',
        restEndpoint: 'https://rest.fra-01.braze.eu',
        start: 'end',
        rateLimit: { requests: 3000, perSeconds: 3 },
        concurrency: { start: 16, max: 350 },
        lingerMs: 50,
        identifyQuietMs: 1000,
        poisonAfterMs: 3_600_000,
        requestTimeoutMs: 30_000,
        packing: 'combined',
        settings: { aliasCall: 'alias', sendPurchaseEventWithExtraProperties: false },
      },
    ]);
  });

  test('fill up a section that is given in part', () => {
    const { config } = goodConfig(`${MINIMAL}http: { port: 0 }\nlog: { path: /var/lib/b }\n`);
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 0 });
    expect(config.admin.tokenFile).toBe('/var/lib/b/admin-token');
  });

  test('the example files are good', () => {
    const loaded = loadConfig(join(import.meta.dirname, '../../../examples/brazier.yaml'), {});
    expect(loaded).toMatchObject({ ok: true, warnings: [] });
    const onKafka = loadConfig(join(import.meta.dirname, '../../../examples/kafka.yaml'), {});
    expect(onKafka).toMatchObject({ ok: true, warnings: [], config: { log: { kind: 'kafka' } } });
  });
});

describe('problems', () => {
  test('all are told at once, in the order of their lines', () => {
    const problems = problemsOf(`http: { prot: 1 }
log: { kind: paper, maxBytes: many }
sources: []
destinations:
  - id: "a b"
    dataCenter: EU-1
    restEndpoint: http://127.0.0.1
`);
    expect(problems).toEqual(
      [
        'b.yaml:1: http.prot: found an unknown key, did you mean port?',
        'b.yaml:2: log.kind: found "paper", expected one of embedded, kafka',
        'b.yaml:2: log.maxBytes: found "many", expected a whole number of at least 1048576',
        'b.yaml:3: sources: found an empty list, expected a list with at least one entry',
        expect.stringContaining('b.yaml:5: destinations[0]: found both of restEndpoint and dataCenter'),
        expect.stringContaining('b.yaml:5: destinations[0]: found none of restApiKey and restApiKeyFile'),
        expect.stringContaining('b.yaml:5: destinations[0].id: found "a b", expected a name'),
        expect.stringContaining('b.yaml:6: destinations[0].dataCenter: found an unknown data centre'),
      ].sort((a, b) => lineOf(a) - lineOf(b)),
    );
  });

  function lineOf(problem: unknown): number {
    return Number(/:(\d+):/.exec(String(problem))?.[1]);
  }

  test('no sources and no destinations', () => {
    expect(problemsOf('http: {}\n')).toEqual([
      'b.yaml:1: found no sources, expected one',
      'b.yaml:1: found no destinations, expected one',
    ]);
  });

  test.each(['', '# only a comment\n', '- a\n', 'text\n'])('a file that is not a mapping: %j', (text) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining('expected a mapping')]);
  });

  test('the same id or write key twice', () => {
    const problems = problemsOf(`sources:
  - { id: a, writeKey: secret-1 }
  - { id: a, writeKey: [secret-2, secret-1] }
destinations:
  - { id: d, dataCenter: EU-01, restApiKey: k }
  - { id: d, dataCenter: EU-02, restApiKey: k }
`);
    expect(problems).toEqual([
      'b.yaml:3: sources[1].id: found "a", which sources[0] has already, expected another id',
      'b.yaml:3: sources[1]: found the write key of sources[0] again, expected one that nobody else has',
      'b.yaml:6: destinations[1].id: found "d", which destinations[0] has already, expected another id',
    ]);
  });

  test('a source that names an unknown destination', () => {
    expect(problemsOf(withSource('writeKey: write-key\ndestinations: [braze, braz]'))).toEqual([
      'b.yaml:5: sources[0].destinations[1]: found the unknown destination "braz", did you mean braze?',
    ]);
  });

  test.each([
    ['', 'none of writeKey and writeKeyFile'],
    ['writeKey: a\nwriteKeyFile: b', 'both of writeKey and writeKeyFile'],
    ['writeKey: [a, b, c]', 'or a list of one or two'],
    ['writeKey: [a, a]', 'the same entry twice'],
    ['writeKey: "a:b"', 'without spaces and colons'],
    ['writeKey: ""', 'found empty text'],
    ['writeKey: 12345', 'put it in quotes'],
    ['writeKey: a\nenabled: "no"', 'expected true or false'],
  ])('a source with %j', (members, expected) => {
    expect(problemsOf(withSource(members)).join('\n')).toContain(expected);
  });

  test.each([
    ['dataCenter: EU', 'found a region without its number, expected one of EU-01, EU-02, EU-03'],
    ['dataCenter: us', 'found a region without its number, expected one of US-01, US-02'],
    ['dataCenter: US-99', 'found an unknown data centre, expected one of US-01'],
    ['dataCenter: US-1', 'found an unknown data centre'],
    ['dataCenter: US 01', 'found an unknown data centre'],
    ['dataCenter: ""', 'dataCenter: found "", expected a data centre'],
    ['dataCenter: " "', 'found an unknown data centre'],
    ['dataCenter: "{{ region || EU-01 }}"', 'dataCenter: found a {{ path || default }} template'],
    ['dataCenter: env.BRAZE_REGION', "dataCenter: found RudderStack's form env.NAME"],
    ['dataCenter: MARS-01', 'US-10, EU-01'],
    ['restEndpoint: rest.fra-01.braze.eu', 'not an http or https address'],
    ['restEndpoint: ftp://x', 'not an http or https address'],
    ['restEndpoint: https://x/users', 'a path, query or fragment'],
    ['restEndpoint: https://x?a=1', 'a path, query or fragment'],
    ['restEndpoint: "https://x#"', 'a path, query or fragment'],
    ['restEndpoint: https://me:pass@x', 'a user name or password'],
    ['restEndpoint: https://sdk.fra-01.braze.eu', 'SDK endpoint'],
    ['dataCenter: EU-01\nconcurrency: { start: 20, max: 10 }', 'start 20 above max 10'],
    ['dataCenter: EU-01\nconcurrency: { max: 8 }', 'concurrency.max: found start 16 above max 8'],
    ['dataCenter: EU-01\nlingerMs: -1', 'a whole number from 0 to 60000'],
    ['dataCenter: EU-01\nlingerMs: 1.5', 'a whole number from 0 to 60000'],
    [
      'dataCenter: EU-01\nsupportDedup: "{{ a || true }}"',
      'supportDedup: found a {{ path || default }} template',
    ],
    ['dataCenter: EU-01\nstart: middle', 'one of beginning, end'],
    ['dataCenter: EU-01\nrestApiKeyFile: x', 'both of restApiKey and restApiKeyFile'],
  ])('a destination with %j', (members, expected) => {
    const problems = problemsOf(withDestination(members));
    expect(problems.join('\n')).toContain(expected);
    expect(problems.join('\n')).not.toMatch(/me:pass|found "https/);
  });

  test('http and admin on one port', () => {
    expect(problemsOf(`${MINIMAL}admin: { port: 8080 }`)).toEqual([
      'b.yaml:3: admin.port: found the port of http again, expected another one',
    ]);
    expect(problemsOf(`${MINIMAL}admin: { port: 0 }\nhttp: { port: 0 }`)).toEqual([]);
  });

  test('keys that objects have by nature are unknown keys', () => {
    expect(problemsOf(`${MINIMAL}__proto__: { a: 1 }\nconstructor: 1`)).toHaveLength(2);
  });

  test('a file that cannot be read', () => {
    const loaded = loadConfig(join(folder, 'absent.yaml'), {});
    expect(loaded).toMatchObject({ ok: false, problems: [{ line: null, path: '' }] });
    if (!loaded.ok)
      expect(loaded.problems.map(formatProblem)[0]).toMatch(/absent\.yaml: cannot be read: no such file/);
  });
});

describe('YAML', () => {
  test('a key twice is a problem, and the rest is checked all the same', () => {
    expect(problemsOf(`${MINIMAL}http: { prot: 1 }\nhttp: { prot: 1 }\n`)).toEqual([
      expect.stringContaining('b.yaml:3: http.prot'),
      'b.yaml:4: found the key http a second time, expected it once',
    ]);
  });

  test.each(['a: [1\nb: 2', 'a: b: c', 'a:\n\tb: 1', 'a: @x', '- a\n---\n- b', 'a: !!nothing x'])(
    'what cannot be read is told with its line: %j',
    (text) => {
      expect(problemsOf(text).join('\n')).toMatch(/^b\.yaml:\d+: not readable as YAML: /);
    },
  );

  test('aliases are refused, also those that refer to themselves', () => {
    expect(problemsOf('a: &x [*x]\n')).toEqual([expect.stringContaining('b.yaml:1: found an alias')]);
  });

  test('does not print the token it stumbles over: it may be a secret', () => {
    for (const text of ['a: *hush-hush', 'a: {b: c}}hush-hush', 'a: "x" hush-hush', "a: 'hush-hush"]) {
      expect(problemsOf(text).length).toBeGreaterThan(0);
      expect(problemsOf(text).join('\n')).not.toContain('hush');
    }
  });
});

describe('the environment', () => {
  test('fills references in, in texts, lists and parts of texts', () => {
    const text = `sources: [{ id: "\${A}", writeKey: ["\${B}", "x-\${C:-d}-\${A}"] }]\n${DESTINATIONS}`;
    const [source] = goodConfig(text, { A: 'a', B: 'b' }).config.sources;
    expect(source).toMatchObject({ id: 'a', writeKeys: ['b', 'x-d-a'] });
  });

  test('becomes a number or a truth value where one is wanted and the reference stands alone', () => {
    const env = { PORT: '9000', ON: 'false' };
    const text = `http: { port: "\${PORT}" }\nsources: [{ id: a, writeKey: k, enabled: "\${ON}" }]\n${DESTINATIONS}`;
    const { config } = goodConfig(text, env);
    expect(config.http.port).toBe(9000);
    expect(config.sources[0]?.enabled).toBe(false);
    expect(problemsOf(`${MINIMAL}http:\n  port: "9\${PORT}"\n`, env)).toEqual([
      `b.yaml:4: http.port: found text from 9\${PORT}, expected a whole number from 0 to 65535`,
    ]);
  });

  test('cannot inject YAML', () => {
    const env = { KEY: 'a\nadmin: { port: 1 }' };
    const text = withDestination(`dataCenter: EU-01\nwhatever: \${KEY}`);
    expect(problemsOf(text, env)).toEqual([
      expect.stringContaining('destinations[0].whatever: found an unknown key'),
    ]);
  });

  test('an unset variable is one problem with its line and path, and no second one follows from it', () => {
    expect(problemsOf(`${MINIMAL}http:\n  host: \${NOWHERE}\n  port: \${NOWHERE}\n`)).toEqual([
      `b.yaml:4: http.host: found \${NOWHERE}, expected that environment variable to be set`,
      `b.yaml:5: http.port: found \${NOWHERE}, expected that environment variable to be set`,
    ]);
  });

  test('does not see what the environment object has by nature', () => {
    expect(problemsOf(`${MINIMAL}http:\n  host: \${constructor}\n`)).toHaveLength(1);
  });

  test('$${ is a plain ${', () => {
    const text = withSource(`writeKey: "a$\${B}"`);
    expect(goodConfig(text, { B: 'no' }).config.sources[0]?.writeKeys).toEqual([`a\${B}`]);
  });

  test.each(['{', '{1}', '{A-b}', '{A'])('refuses the unreadable reference $%s', (reference) => {
    expect(problemsOf(withSource(`writeKey: "$${reference}"`))).toEqual([
      expect.stringContaining('a reference that cannot be read'),
    ]);
  });

  test('never shows text that came from it', () => {
    const env = { KEY: 'hush-hush' };
    const text = `http:\n  port: \${KEY}\nsources:\n  - id: \${KEY} x\n    writeKey: \${KEY} \${KEY}\ndestinations:\n  - id: d\n    restEndpoint: \${KEY}\n    restApiKey: \${KEY} \${KEY}\n    aliasCall: \${KEY}\n`;
    expect(problemsOf(text, env)).toHaveLength(6);
    expect(problemsOf(text, env).join('\n')).not.toContain('hush');
  });
});

describe('secrets', () => {
  test('come from files too, without the line break at the end', () => {
    const one = fileWith('wk1', 'first\n');
    const two = fileWith('wk2', 'second\r\n');
    const key = fileWith('rest-key', 'rest-key\n');
    const { config } = goodConfig(`sources: [{ id: s, writeKeyFile: [${one}, ${two}] }]
destinations: [{ id: d, dataCenter: us-10, restApiKeyFile: ${key} }]`);
    expect(config.sources[0]?.writeKeys).toEqual(['first', 'second']);
    expect(config.destinations[0]?.readRestApiKey()).toBe('rest-key');
    expect(secretsOf(config)).toEqual(['first', 'second', 'rest-key']);
  });

  test("a destination's key file is read anew at each call", () => {
    const key = fileWith('rotating', 'old\n');
    const { config } = goodConfig(
      `${SOURCES}destinations: [{ id: d, dataCenter: EU-01, restApiKeyFile: ${key} }]`,
    );
    const read = config.destinations[0]?.readRestApiKey;
    expect(read?.()).toBe('old');
    writeFileSync(key, 'new');
    expect(read?.()).toBe('new');
    rmSync(key);
    expect(() => read?.()).toThrow(`cannot read ${key}: no such file`);
    expect(secretsOf(config)).toEqual(['write-key']);
  });

  test.each([
    ['', 'is empty'],
    ['two words', 'something else'],
    ['hush\nhush', 'something else'],
  ])('a file with %j is a problem that names file and key', (content, expected) => {
    const file = fileWith('bad', content);
    const problems = problemsOf(
      `sources:\n  - id: s\n    writeKeyFile: ${file}\ndestinations:\n  - id: d\n    dataCenter: EU-01\n    restApiKeyFile: ${file}\n`,
    );
    expect(problems).toEqual([
      expect.stringContaining('b.yaml:3: sources[0].writeKeyFile: '),
      expect.stringContaining('b.yaml:7: destinations[0].restApiKeyFile: '),
    ]);
    for (const problem of problems) expect(problem).toContain(file);
    expect(problems[0]).toContain(expected);
    expect(problems.join('\n')).not.toMatch(/hush|two words/);
  });

  test('two sources must not share a key, also when it comes from files', () => {
    const file = fileWith('shared', 'write-key\n');
    const problems = problemsOf(
      `sources: [{ id: a, writeKey: write-key }, { id: b, writeKeyFile: ${file} }]\n${DESTINATIONS}`,
    );
    expect(problems).toEqual([
      expect.stringContaining('sources[1]: found the write key of sources[0] again'),
    ]);
  });

  test("a key in RudderStack's dynamic form is refused once, and not shown", () => {
    for (const key of ['env.BRAZE_KEY', '{{a||b}}', '{{ a || b }}']) {
      const problems = problemsOf(
        `${SOURCES}destinations: [{ id: d, dataCenter: EU-01, restApiKey: "${key}" }]`,
      );
      expect(problems).toEqual([expect.stringContaining('destinations[0].restApiKey: found ')]);
      expect(problems[0]).not.toMatch(/BRAZE_KEY|a *\|\| *b/);
    }
  });

  test('salts are among them, from the file or from files', () => {
    const file = fileWith('salt', 'hush-hush-1\n');
    const { config, effective } = goodConfig(
      withDestination(`dataCenter: EU-01
mappings:
  attributes: [{ from: a, convert: sha256, saltFile: ${file} }, { from: b }]
  properties: [{ from: a, convert: [trim, sha256], salt: hush-hush-2 }]
  events: [{ name: A, drop: true }]`),
    );
    expect(secretsOf(config)).toEqual(['write-key', 'rest-key', 'hush-hush-1', 'hush-hush-2']);
    const text = renderConfig(effective);
    expect(text).not.toContain('hush');
    expect(text).toContain('salt: "********"');
    expect(text).toContain(`saltFile: ${file}`);
    expect(text).toContain('drop: true');
  });

  test('the printed configuration shows everything but them', () => {
    const { effective } = goodConfig(`sources: [{ id: s, writeKey: [hush-1, hush-2] }]
destinations: [{ id: d, dataCenter: " eu-02 ", restApiKey: hush-3, appKey: hush-4, supportDedup: false }]`);
    const text = renderConfig(effective);
    expect(text).not.toContain('hush');
    expect(text).not.toContain('appKey');
    expect(text).toContain('# https://rest.fra-02.braze.eu');
    expect(text).toContain('tokenFile: data/admin-token');
    expect(text).toContain('restApiKey: "********"');
  });
});

test("the printed configuration shows RudderStack's stored forms as they are understood", () => {
  const { effective, config } = goodConfig(
    withDestination(`dataCenter: EU-01
eventFilteringOption: { web: blacklistedEvents }
blacklistedEvents: { web: [{ eventName: "" }, { eventName: Heartbeat }] }
consentManagement: { cloud: [{ provider: custom, consents: [{ consent: c1 }] }], web: [] }`),
  );
  const { settings } = config.destinations[0] ?? {};
  expect(settings).toMatchObject({
    eventFilteringOption: 'blacklistedEvents',
    blacklistedEvents: [{ eventName: 'Heartbeat' }],
    consentManagement: [{ provider: 'custom', consents: [{ consent: 'c1' }] }],
  });
  const text = renderConfig(effective);
  expect(text).toContain('eventFilteringOption: blacklistedEvents');
  expect(text).toMatch(/blacklistedEvents:\n\s+- eventName: Heartbeat\n/);
  expect(text).toMatch(/consents:\n\s+- consent: c1\n/);
});

test('a fault in a stored form has its line and the path as written', () => {
  expect(
    problemsOf(
      withDestination(`dataCenter: EU-01
blacklistedEvents:
  web:
    - eventName: A
    - eventNam: B
mappings:
  attributes:
    - from: a
    - from: b
      convert: uper`),
    ),
  ).toEqual([
    'b.yaml:9: destinations[0].blacklistedEvents.web[1]: found no eventName, expected one',
    'b.yaml:9: destinations[0].blacklistedEvents.web[1].eventNam: found an unknown key, did you mean eventName?',
    'b.yaml:14: destinations[0].mappings.attributes[1].convert: found "uper", expected one of string, number, integer, boolean, lower, upper, trim, date, sha256, did you mean upper?',
  ]);
});

describe('warnings', () => {
  test('secrets that are too short to be any, each by its setting, and none of their text', () => {
    const files = ['own-1', 'own-2', 'api'].map((name) => fileWith(`short-${name}`, 'xyz\n'));
    const token = fileWith('short-token', 'xyz\n');
    const { warnings } = goodConfig(`admin: { tokenFile: ${token} }
sources:
  - { id: a, writeKey: [w, long-enough] }
  - { id: b, writeKeyFile: [${files[0]}, ${fileWith('long-key', 'xyz0\n')}] }
  - { id: c, writeKey: four }
destinations:
  - { id: d, dataCenter: EU-01, restApiKey: xyz }
  - { id: e, dataCenter: EU-01, restApiKeyFile: ${files[2]} }
`);
    expect(warnings.map((warning) => warning.split(': found fewer than 4 characters')[0])).toEqual([
      'b.yaml:1: admin.tokenFile',
      'b.yaml:3: sources[0].writeKey[0]',
      'b.yaml:4: sources[1].writeKeyFile[0]',
      'b.yaml:7: destinations[0].restApiKey',
      'b.yaml:8: destinations[1].restApiKeyFile',
    ]);
    expect(warnings.join()).not.toContain('xyz');
  });

  test('a source that delivers to nobody, unless it is switched off', () => {
    const warningsOf = (members: string) =>
      goodConfig(withSource(`writeKey: write-key\n${members}`)).warnings;
    expect(warningsOf('destinations: []')).toEqual([expect.stringContaining('delivers to no destination')]);
    expect(warningsOf('destinations: []\nenabled: false')).toEqual([]);
  });

  test('plain http to another machine, not to this one', () => {
    const warningsOf = (url: string) => goodConfig(withDestination(`restEndpoint: ${url}`)).warnings;
    expect(warningsOf('http://braze.internal')).toEqual([
      expect.stringMatching(/^b\.yaml:5: destinations\[0\]\.restEndpoint: .*unencrypted/),
    ]);
    for (const url of [
      'http://127.0.0.1:4800/',
      'http://localhost:1',
      '"http://[::1]:1"',
      'https://braze.internal',
    ]) {
      expect(warningsOf(url)).toEqual([]);
    }
  });

  test('settings that have no effect', () => {
    const { warnings, config } = goodConfig(
      withDestination('dataCenter: EU-01\ntrackAnonymousUser: { web: true }'),
    );
    expect(warnings).toEqual([expect.stringContaining('destinations[0].trackAnonymousUser: ')]);
    expect(config.destinations[0]?.settings).not.toHaveProperty('trackAnonymousUser');
  });
});

test('an origin is given without its trailing slash', () => {
  const { config } = goodConfig(withDestination('restEndpoint: https://rest.iad-01.braze.com/'));
  expect(config.destinations[0]?.restEndpoint).toBe('https://rest.iad-01.braze.com');
});
