import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { KafkaLogConfig, Role } from '../../../src/config/config.ts';
import type { Environment } from '../../../src/config/environment.ts';
import { loadFiles, parseConfig } from '../../../src/config/load.ts';
import { formatProblem } from '../../../src/config/problem.ts';
import { renderConfig } from '../../../src/config/render.ts';
import { secretsOf } from '../../../src/config/secrets.ts';
import type { KafkaConnection } from '../../../src/log/kafka/options.ts';

const folder = mkdtempSync(join(tmpdir(), 'brazier-kafka-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const SOURCES = 'sources: [{ id: shop, writeKey: write-key }]\n';
const DESTINATIONS = 'destinations: [{ id: braze, dataCenter: EU-01, restApiKey: rest-key }]\n';
const BROKERS = 'kind: kafka\nbrokers: [127.0.0.1:9092]\n';

const indented = (members: string) => members.trim().replaceAll(/^/gm, '  ');
const logOf = (members: string) => `${SOURCES}${DESTINATIONS}log:\n${indented(members)}\n`;
const kafka = (members = '') => logOf(BROKERS + members);

function problemsOf(text: string, env: Environment = {}, role?: Role): string[] {
  const loaded = parseConfig('b.yaml', text, env, role);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function goodConfig(text: string, env: Environment = {}, role?: Role) {
  const loaded = parseConfig('b.yaml', text, env, role);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded;
}

function goodLog(text: string, env: Environment = {}): KafkaLogConfig {
  const { log } = goodConfig(text, env).config;
  if (log.kind !== 'kafka') throw new Error('the log is embedded');
  return log;
}

describe('the log of a cluster', () => {
  test('has a default for everything but its brokers', () => {
    expect(goodLog(kafka())).toEqual({
      kind: 'kafka',
      path: './data',
      brokers: ['127.0.0.1:9092'],
      clientId: 'brazier',
      ssl: null,
      sasl: null,
      topic: 'brazier.events',
      deadLetterTopic: 'brazier.dead-letters',
      requestTopic: 'brazier.requests',
      groupPrefix: 'brazier',
      createTopics: true,
      partitions: 12,
      replicationFactor: null,
      retainHours: 168,
      compression: 'zstd',
      sessionTimeoutMs: 45_000,
    });
  });

  test('is taken as it is written, also from the environment', () => {
    const log = goodLog(
      kafka(`path: /var/lib/b
clientId: c
topic: t.e
deadLetterTopic: t.d
requestTopic: t.r
groupPrefix: t
createTopics: "\${CREATE}"
partitions: "\${PARTITIONS}"
replicationFactor: 3
retainHours: 24
compression: none
ssl: "\${TLS}"`),
      { CREATE: 'false', PARTITIONS: '48', TLS: 'true' },
    );
    expect(log).toMatchObject({
      path: '/var/lib/b',
      createTopics: false,
      partitions: 48,
      replicationFactor: 3,
      compression: 'none',
      ssl: { rejectUnauthorized: true },
    });
  });

  test('keeps the admin token in its data folder', () => {
    expect(goodConfig(kafka('path: /var/lib/b')).config.admin.tokenFile).toBe('/var/lib/b/admin-token');
  });

  test.each([
    ['kind: kafka', 'log: found no brokers, expected one'],
    [
      'kind: kafka\nbrokers: []',
      'log.brokers: found an empty list, expected a list of at least one host:port',
    ],
    ['kind: kafka\nbrokers: a:1', 'log.brokers: found "a:1", expected a list of at least one host:port'],
    ['kind: kafka\nbrokers: [kafka]', 'log.brokers[0]: found "kafka", expected host:port'],
    ['kind: kafka\nbrokers: ["kafka:"]', 'expected host:port'],
    ['kind: kafka\nbrokers: ["kafka:0"]', 'expected host:port'],
    ['kind: kafka\nbrokers: ["kafka:65536"]', 'expected host:port'],
    ['kind: kafka\nbrokers: ["kafka://a:9092"]', 'expected host:port'],
    ['kind: kafka\nbrokers: ["a:1,b:2"]', 'expected host:port'],
    ['kind: kafka\nbrokers: [9092]', 'expected host:port'],
    ['kind: kafka\nbrokers: ["a:1", "a:1"]', 'log.brokers: found the same entry twice'],
    [`${BROKERS}partitions: 0`, 'log.partitions: found 0, expected a whole number from 1'],
    [`${BROKERS}partitions: many`, 'log.partitions: found "many", expected a whole number'],
    [`${BROKERS}replicationFactor: 1.5`, 'log.replicationFactor: found 1.5'],
    [`${BROKERS}createTopics: "no"`, 'log.createTopics: found "no", expected true or false'],
    [`${BROKERS}topic: "a b"`, 'log.topic: found "a b", expected the name of a topic'],
    [`${BROKERS}topic: ".."`, 'log.topic: found "..", expected the name of a topic'],
    [`${BROKERS}groupPrefix: ""`, 'log.groupPrefix: found ""'],
    [`${BROKERS}compression: snappy`, 'log.compression: found "snappy", expected one of zstd, gzip, none'],
    [`${BROKERS}compression: gzipp`, 'did you mean gzip?'],
    [`${BROKERS}topics: a`, 'log.topics: found an unknown key, did you mean topic?'],
    [`${BROKERS}brokrs: a`, 'log.brokrs: found an unknown key, did you mean brokers?'],
    [
      `${BROKERS}deadLetterTopic: brazier.events`,
      'log.deadLetterTopic: found "brazier.events", which log.topic is',
    ],
    [`${BROKERS}requestTopic: brazier.dead-letters`, 'which log.deadLetterTopic is already'],
  ])('is refused with %j', (members, expected) => {
    expect(problemsOf(logOf(members)).join('\n')).toContain(expected);
  });

  test('takes no key of the embedded log, nor that one a key of its, and each is told whose it is', () => {
    expect(problemsOf(kafka('maxBytes: 1048576'))).toEqual([
      expect.stringMatching(
        /^b\.yaml:6: log\.maxBytes: found a key of kind: embedded, expected one of kind, path, brokers/,
      ),
    ]);
    expect(problemsOf(logOf('brokers: [a:1]\npartitions: 3'))).toEqual([
      'b.yaml:4: log.brokers: found a key of kind: kafka, expected one of kind, path, maxBytes, retainHours',
      'b.yaml:5: log.partitions: found a key of kind: kafka, expected one of kind, path, maxBytes, retainHours',
    ]);
    expect(problemsOf(logOf('brokrs: [a:1]'))).toEqual([
      'b.yaml:4: log.brokrs: found an unknown key, did you mean brokers, which goes with kind: kafka?',
    ]);
  });

  test('of no known kind is one of two', () => {
    expect(problemsOf(logOf('kind: kafak'))).toEqual([
      'b.yaml:4: log.kind: found "kafak", expected one of embedded, kafka, did you mean kafka?',
    ]);
    expect(problemsOf(`${SOURCES}${DESTINATIONS}log: kafka\n`)).toEqual([
      'b.yaml:3: log: found "kafka", expected a mapping',
    ]);
  });
});

describe('TLS', () => {
  test.each([
    ['true', { rejectUnauthorized: true }],
    ['false', null],
    ['{}', { rejectUnauthorized: true }],
    ['{ serverName: k, passphrase: p }', { serverName: 'k', passphrase: 'p', rejectUnauthorized: true }],
  ])('%s', (ssl, expected) => expect(goodLog(kafka(`ssl: ${ssl}`)).ssl).toEqual(expected));

  test('takes files that can be read, and the passphrase out of one', () => {
    const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => fileWith(name, 'pem'));
    const passphraseFile = fileWith('passphrase', 'hush\n');
    const { ssl } = goodLog(
      kafka(`ssl: { caFile: ${ca}, certFile: ${cert}, keyFile: ${key}, passphraseFile: ${passphraseFile} }`),
    );
    expect(ssl).toEqual({
      caFile: ca,
      certFile: cert,
      keyFile: key,
      passphrase: 'hush',
      rejectUnauthorized: true,
    });
  });

  test('without checking certificates is told', () => {
    expect(goodConfig(kafka('ssl: { rejectUnauthorized: false }')).warnings).toEqual([
      expect.stringMatching(/^b\.yaml:6: log\.ssl\.rejectUnauthorized: any certificate is taken/),
    ]);
  });

  test.each([
    ['yes', 'log.ssl: found "yes", expected true, false, or a mapping'],
    [
      '{ caFile: /nowhere/ca }',
      'log.ssl.caFile: found a file that cannot be used: cannot read /nowhere/ca: no such file',
    ],
    ['{ passphraseFile: /nowhere/p }', 'log.ssl.passphraseFile: found a file that cannot be used'],
    ['{ certFile: package.json }', 'log.ssl.certFile: found no keyFile beside it'],
    ['{ keyFile: package.json }', 'log.ssl.keyFile: found no certFile beside it'],
    ['{ passphrase: a, passphraseFile: package.json }', 'found both of passphrase and passphraseFile'],
    ['{ cafile: x }', 'log.ssl.cafile: found an unknown key, did you mean caFile?'],
    ['{ rejectUnauthorized: "no" }', 'expected true or false'],
  ])('%s is refused', (ssl, expected) => {
    expect(problemsOf(kafka(`ssl: ${ssl}`)).join('\n')).toContain(expected);
  });
});

describe('who it is there', () => {
  test.each(['plain', 'scram-sha-256', 'scram-sha-512'])('%s with a password', (mechanism) => {
    const { sasl } = goodLog(
      kafka(`sasl: { mechanism: ${mechanism}, username: "\${U}", password: "\${P}" }`),
      { U: 'u', P: 'hush' },
    );
    expect(sasl).toMatchObject({ mechanism, username: 'u' });
    expect(sasl !== null && 'readPassword' in sasl && sasl.readPassword()).toBe('hush');
  });

  test('a password file is read anew at each call', () => {
    const file = fileWith('password', 'old\n');
    const { config } = goodConfig(kafka(`sasl: { mechanism: plain, username: u, passwordFile: ${file} }`));
    const log = config.log as KafkaLogConfig;
    const read = log.sasl !== null && 'readPassword' in log.sasl ? log.sasl.readPassword : undefined;
    expect(read?.()).toBe('old');
    writeFileSync(file, 'new\n');
    expect(read?.()).toBe('new');
    expect(secretsOf(config)).toEqual(['write-key', 'rest-key', 'new']);
    rmSync(file);
    expect(() => read?.()).toThrow(`cannot read ${file}: no such file`);
    expect(secretsOf(config)).toEqual(['write-key', 'rest-key']);
  });

  test('a token', () => {
    const file = fileWith('secret', 'hush\n');
    const { config, warnings } = goodConfig(
      kafka(
        `ssl: true\nsasl: { mechanism: oauthbearer, tokenEndpoint: "https://login/t", clientId: c, clientSecretFile: ${file} }`,
      ),
    );
    const { sasl } = config.log as KafkaLogConfig;
    expect(warnings).toEqual([]);
    expect(sasl).toMatchObject({
      mechanism: 'oauthbearer',
      tokenEndpoint: 'https://login/t',
      clientId: 'c',
      scope: null,
    });
    expect(sasl !== null && 'readClientSecret' in sasl && sasl.readClientSecret()).toBe('hush');
    expect(secretsOf(config)).toContain('hush');
  });

  test.each([
    ['{}', 'log.sasl: found no mechanism, expected one'],
    ['true', 'log.sasl: found true, expected a mapping'],
    ['{ mechanism: SCRAM-SHA-512, username: u, password: hush }', 'did you mean scram-sha-512?'],
    ['{ mechanism: plain, password: p }', 'log.sasl: found no username, expected one'],
    ['{ mechanism: plain, username: u }', 'found none of password and passwordFile, expected exactly one'],
    [
      '{ mechanism: plain, username: u, password: p, passwordFile: f }',
      'found both of password and passwordFile',
    ],
    [
      '{ mechanism: plain, username: u, password: 12345 }',
      'found a number (not shown), expected text that is not empty (put it in quotes)',
    ],
    [
      '{ mechanism: plain, username: u, passwordFile: /nowhere/p }',
      'log.sasl.passwordFile: found a file that cannot be used: cannot read /nowhere/p',
    ],
    [
      '{ mechanism: plain, username: u, password: p, scope: s }',
      'log.sasl.scope: found a key of mechanism: oauthbearer, expected one of mechanism, username',
    ],
    ['{ mechanism: oauthbearer }', 'log.sasl: found no tokenEndpoint, expected one'],
    [
      '{ mechanism: oauthbearer, tokenEndpoint: "https://x", clientId: c }',
      'found none of clientSecret and clientSecretFile',
    ],
    [
      '{ mechanism: oauthbearer, tokenEndpoint: "ftp://hush@x", clientId: c, clientSecret: s }',
      'log.sasl.tokenEndpoint: found something that is not an http',
    ],
    [
      '{ mechanism: oauthbearer, username: u, tokenEndpoint: "https://x", clientId: c, clientSecret: s }',
      'log.sasl.username: found a key of the other mechanisms',
    ],
  ])('%s is refused', (sasl, expected) => {
    const problems = problemsOf(kafka(`sasl: ${sasl}`)).join('\n');
    expect(problems).toContain(expected);
    expect(problems).not.toMatch(/12345|hush/);
  });

  test('a password or passphrase that is too short to be a secret is told', () => {
    const { warnings } = goodConfig(
      logOf(`kind: kafka
brokers: [127.0.0.1:9092]
ssl: { passphrase: abc }
sasl: { mechanism: scram-sha-512, username: u, password: abc }
`),
    );
    const found = warnings.filter((warning) => warning.includes('found fewer than 4 characters'));
    expect(found).toHaveLength(2);
    expect(found.join()).toMatch(/log\.ssl\.passphrase: .*log\.sasl\.password: /s);
  });

  test('a password that travels unencrypted to another machine is told, a proof of one is not', () => {
    const warningsOf = (broker: string, mechanism: string, more = '') =>
      goodConfig(
        logOf(
          `kind: kafka\nbrokers: ["${broker}"]\nsasl: { mechanism: ${mechanism}, username: u, password: hush }\n${more}`,
        ),
      ).warnings;
    expect(warningsOf('kafka:9092', 'plain')).toEqual([
      expect.stringMatching(/^b\.yaml:6: log\.sasl\.mechanism: .*the password travels unencrypted/),
    ]);
    expect(warningsOf('kafka:9092', 'plain', 'ssl: true')).toEqual([]);
    expect(warningsOf('localhost:9092', 'plain')).toEqual([]);
    expect(warningsOf('kafka:9092', 'scram-sha-256')).toEqual([]);
  });

  test('none of the secrets is printed, and all of them are masked in the log', () => {
    const { config, effective } = goodConfig(
      kafka('ssl: { passphrase: hush-1 }\nsasl: { mechanism: plain, username: u, password: hush-2 }'),
    );
    const text = renderConfig(effective);
    expect(text).not.toContain('hush');
    expect(text).toContain('password: "********"');
    expect(text).toContain('username: u');
    expect(text).toContain('partitions: 12');
    expect(secretsOf(config)).toEqual(['write-key', 'rest-key', 'hush-1', 'hush-2']);
    const { effective: token } = goodConfig(
      kafka(
        'sasl: { mechanism: oauthbearer, tokenEndpoint: "https://x", clientId: c, clientSecret: hush-3 }',
      ),
    );
    expect(renderConfig(token)).toMatch(/tokenEndpoint: https:\/\/x\n +clientId: c\n +clientSecret: "\*{8}"/);
  });
});

test('the settings have the shape that the log takes', () => {
  const { brokers, clientId, ssl, sasl } = goodLog(kafka('ssl: true'));
  const connection: KafkaConnection = { brokers, clientId, ssl, sasl };
  expect(connection.ssl).not.toBeNull();
});

const subscribed = (
  entries: string,
  sources = 'sources: [{ id: crm }, { id: shop, writeKey: write-key }]\n',
) =>
  `${sources}${DESTINATIONS}log: { kind: kafka, brokers: ["a:1"] }\nsubscriptions:\n${indented(entries)}\n`;

describe('subscriptions', () => {
  test('are none by default', () => {
    expect(goodConfig(kafka()).config.subscriptions).toEqual([]);
  });

  test('have defaults, and their sources need no write key', () => {
    const { config } = goodConfig(subscribed('- { topic: orders.v1, source: crm }'));
    expect(config.subscriptions).toEqual([
      { topic: 'orders.v1', source: 'crm', format: 'event', key: null, start: 'earliest' },
    ]);
    expect(config.sources[0]).toEqual({ id: 'crm', writeKeys: [], enabled: true, destinations: null });
  });

  test('are taken as they are written', () => {
    const { config } = goodConfig(
      subscribed(`- { pattern: "^crm\\\\.", source: crm, format: batch, start: latest }
- { topic: a, source: crm, format: array, start: "2026-03-01T00:00:00+01:00" }
- { topic: crm.b, source: shop, key: user.id }`),
    );
    expect(config.subscriptions).toEqual([
      { topic: /^crm\./, source: 'crm', format: 'batch', key: null, start: 'latest' },
      { topic: 'a', source: 'crm', format: 'array', key: null, start: Date.parse('2026-02-28T23:00:00Z') },
      { topic: 'crm.b', source: 'shop', format: 'event', key: 'user.id', start: 'earliest' },
    ]);
  });

  test.each([
    ['- { source: crm }', 'subscriptions[0]: found none of topic and pattern, expected exactly one'],
    ['- { topic: a, pattern: b, source: crm }', 'found both of topic and pattern'],
    ['- { topic: a }', 'subscriptions[0]: found no source, expected one'],
    [
      '- { topic: a, source: shp }',
      'subscriptions[0].source: found the unknown source "shp", did you mean shop?',
    ],
    ['- { topic: a, source: elsewhere }', 'expected one of crm, shop'],
    ['- { topic: "a b", source: crm }', 'subscriptions[0].topic: found "a b", expected the name of a topic'],
    ['- { pattern: "(", source: crm }', 'subscriptions[0].pattern: found Invalid regular expression'],
    ['- { topic: a, source: crm, format: csv }', 'format: found "csv", expected one of event, batch, array'],
    [
      '- { topic: a, source: crm, format: batch, key: userId }',
      'subscriptions[0].key: found a key beside format: batch',
    ],
    ['- { topic: a, source: crm, key: "a..b" }', 'key: found "a..b", expected a dotted path'],
    [
      '- { topic: a, source: crm, start: 2026-03-01 }',
      'start: found "2026-03-01", expected earliest, latest, or a time with its zone',
    ],
    ['- { topic: a, source: crm, start: "2026-13-01T00:00:00Z" }', 'found a time that does not exist'],
    ['- { topic: a, source: crm, strt: latest }', 'found an unknown key, did you mean start?'],
    [
      '- { topic: brazier.requests, source: crm }',
      "subscriptions[0].topic: found brazier.requests, which is the log's own",
    ],
    [
      '- { topic: a, source: crm }\n- { topic: a, source: shop }',
      'subscriptions[1].topic: found what subscriptions[0] reads already',
    ],
    [
      '- { pattern: a, source: crm }\n- { pattern: a, source: crm }',
      'subscriptions[1].pattern: found what subscriptions[0] reads already',
    ],
  ])('%j is refused', (entries, expected) => {
    expect(problemsOf(subscribed(entries)).join('\n')).toContain(expected);
  });

  test('of a disabled source are refused: neither reading nor not reading them is what was asked for', () => {
    const sources = 'sources: [{ id: crm, enabled: false }]\n';
    expect(problemsOf(subscribed('- { topic: a, source: crm }', sources))).toEqual([
      expect.stringContaining('subscriptions[0].source: found source "crm", which is disabled'),
    ]);
  });

  test('without Kafka are a fault', () => {
    const text = `${SOURCES}${DESTINATIONS}subscriptions: [{ topic: a, source: shop }]\n`;
    expect(problemsOf(text)).toEqual([
      'b.yaml:3: subscriptions: found subscriptions beside the embedded log, expected log.kind: kafka',
    ]);
    expect(problemsOf(`${SOURCES}${DESTINATIONS}subscriptions: []\n`)).toEqual([]);
  });

  test('leave a source that they do not name its write key', () => {
    const sources = 'sources: [{ id: crm }, { id: shop }]\n';
    expect(problemsOf(subscribed('- { topic: a, source: crm }', sources))).toEqual([
      'b.yaml:1: sources[1]: found none of writeKey and writeKeyFile, expected exactly one',
    ]);
  });
});

describe('roles', () => {
  test.each(['all', 'ingest', 'worker'] as const)(
    '%s is good on Kafka, and the configuration says so',
    (role) => {
      expect(goodConfig(kafka(), {}, role).config.role).toBe(role);
    },
  );

  test.each(['ingest', 'worker'] as const)('%s on the embedded log is a fault of log.kind', (role) => {
    const expected = `log.kind: found embedded, expected kafka: with --role ${role}`;
    expect(problemsOf(logOf('kind: embedded'), {}, role)).toEqual([
      expect.stringContaining(`b.yaml:4: ${expected}`),
    ]);
    expect(problemsOf(SOURCES + DESTINATIONS, {}, role)).toEqual([expect.stringContaining(expected)]);
  });

  test('ingest needs a source that somebody can send as', () => {
    const text = subscribed('- { topic: a, source: crm }', 'sources: [{ id: crm }]\n');
    expect(problemsOf(text, {}, 'ingest')).toEqual([
      expect.stringContaining('b.yaml:1: sources: found no enabled source with a write key'),
    ]);
    expect(problemsOf(text, {}, 'worker')).toEqual([]);
  });
});

test("our own file beside RudderStack's brings the cluster, subscriptions and the role", () => {
  const definition = { name: 'BRAZE', displayName: 'Braze' };
  const braze = {
    id: 'd1',
    enabled: true,
    config: { restApiKey: 'rest-key', dataCenter: 'EU-01' },
    destinationDefinition: definition,
  };
  const sources = [{ id: 's1', writeKey: 'wk1', enabled: true, destinations: [braze] }];
  const own = fileWith(
    'own.yaml',
    'log: { kind: kafka, brokers: ["a:1"] }\nsources: [{ id: crm }]\nsubscriptions: [{ topic: a, source: crm }]\n',
  );
  const workspaceConfig = fileWith('w.json', JSON.stringify({ workspaceId: 'w', sources }));
  const loaded = loadFiles({ workspaceConfig, config: own, role: 'worker' }, {});
  expect(loaded).toMatchObject({
    ok: true,
    config: { role: 'worker', log: { kind: 'kafka' }, subscriptions: [{ topic: 'a', source: 'crm' }] },
  });
  const alone = loadFiles({ workspaceConfig, role: 'worker' }, {});
  expect(alone.ok ? [] : alone.problems.map(({ path }) => path)).toEqual(['log.kind']);
});
