/** What would not do what was meant is refused by `helm template`, by its path, with both Helms. */
import { describe, expect, it } from 'vitest';
import { template } from '../../scripts/helm/render.ts';
import { HELM_VERSIONS } from '../../scripts/helm/tools.ts';
import { ask, type Values } from './support/rendered.ts';
import { lacking } from './support/tools.ts';

function withConfig(config: Values): Values {
  return { config };
}

const withDestination = (more: Values): Values =>
  withConfig({ destinations: [{ id: 'braze', dataCenter: 'EU-01', restApiKeyFile: '/key', ...more }] });

/** What is wrong, the values file that it is laid over, and what the refusal must name. */
const REFUSED: readonly (readonly [string, string, Values, RegExp])[] = [
  ['an unknown key', 'default', { replicaCount: 3 }, /replicaCount/],
  ['an unknown key within', 'default', { image: { repositry: 'x' } }, /image.*repositry/s],
  ['a wrong type', 'default', { server: { replicas: 'one' } }, /server[/.]replicas/],
  ['a value out of its list', 'default', { mode: 'sqlite' }, /mode/],
  ['an unknown setting', 'default', withConfig({ http: { prot: 1 } }), /config[/.]http.*prot/s],
  [
    'a setting out of its range',
    'default',
    withConfig({ http: { maxBodyBytes: 5 } }),
    /config[/.]http[/.]maxBodyBytes/,
  ],
  [
    'a setting of the wrong type',
    'default',
    withDestination({ lingerMs: 'soon' }),
    /config[/.]destinations[/.]0[/.]lingerMs/,
  ],
  [
    'an unknown setting of a destination',
    'default',
    withDestination({ linger: 1 }),
    /config[/.]destinations[/.]0.*linger/s,
  ],
  [
    'two keys of one destination',
    'default',
    withDestination({ restApiKey: 'k' }),
    /config[/.]destinations[/.]0/,
  ],
  [
    'a file and a Secret for the same thing',
    'default',
    withConfig({ admin: { tokenFile: '/t', tokenSecret: { name: 'a', key: 'b' } } }),
    /config[/.]admin/,
  ],
  [
    'a Secret without its key',
    'default',
    withConfig({ admin: { tokenSecret: { name: 'a' } } }),
    /tokenSecret.*key/s,
  ],
  [
    'the kind of the log beside the mode',
    'default',
    withConfig({ log: { kind: 'kafka' } }),
    /config[/.]log.*kind/s,
  ],
  [
    "a key of Kafka's log for the embedded one",
    'default',
    withConfig({ log: { brokers: ['k:1'] } }),
    /config[/.]log.*brokers/s,
  ],
  ['Kafka without brokers', 'default', { mode: 'kafka' }, /config[/.]log.*brokers/s],
  ['a port that nobody can name', 'default', withConfig({ http: { port: 0 } }), /config[/.]http[/.]port/],
  ['no source', 'default', withConfig({ sources: [] }), /config\.sources: found none/],
  ['no destination', 'default', withConfig({ destinations: [] }), /config\.destinations: found none/],
  ['no image', 'default', { image: { repository: '' } }, /image\.repository/],
  ['one port for both servers', 'default', withConfig({ admin: { port: 8080 } }), /config\.admin\.port/],
  [
    'both autoscalers',
    'hpa',
    { worker: { keda: { enabled: true } } },
    /worker\.keda\.enabled.*worker\.autoscaling\.enabled/,
  ],
  [
    'an autoscaler of the embedded log',
    'default',
    { server: { autoscaling: { enabled: true } } },
    /server\.autoscaling\.enabled/,
  ],
  ['KEDA for the embedded log', 'default', { server: { keda: { enabled: true } } }, /server\.keda\.enabled/],
  ['two pods with the embedded log', 'default', { server: { replicas: 2 } }, /server\.replicas/],
  [
    'subscriptions of the embedded log',
    'default',
    withConfig({ subscriptions: [{ topic: 't', source: 'shop' }] }),
    /config\.subscriptions/,
  ],
  [
    'ingest that follows a lag',
    'hpa',
    { ingest: { autoscaling: { enabled: false }, keda: { enabled: true } } },
    /ingest\.keda\.triggers/,
  ],
  [
    'KEDA with a password in a file',
    'hpa',
    {
      ...withConfig({ log: { sasl: { mechanism: 'plain', username: 'u', passwordFile: '/p' } } }),
      worker: { autoscaling: { enabled: false }, keda: { enabled: true } },
    },
    /config\.log\.sasl\.password.*passwordSecret/,
  ],
  [
    'runbooks that nobody can open',
    'full',
    { metrics: { prometheusRule: { runbookBaseUrl: 'wiki/brazier' } } },
    /runbookBaseUrl/,
  ],
  ['both monitors', 'full', { metrics: { podMonitor: { enabled: true } } }, /metrics\.podMonitor\.enabled/],
  [
    'too little time to drain',
    'default',
    { terminationGracePeriodSeconds: 30 },
    /terminationGracePeriodSeconds: found 30, expected at least 32/,
  ],
  ['a volume smaller than the log', 'default', { persistence: { size: '10Gi' } }, /persistence\.size/],
  ['an Ingress without hosts', 'default', { ingress: { enabled: true } }, /ingress\.hosts/],
  ['a route without a Gateway', 'default', { httpRoute: { enabled: true } }, /httpRoute\.parentRefs/],
  [
    'a secret with a reference and more',
    'default',
    withConfig({ destinations: [{ id: 'braze', dataCenter: 'EU-01', restApiKey: `\${KEY:-canary}` }] }),
    /config\.destinations\[0\]\.restApiKey/,
  ],
  [
    'a reference beside a key itself',
    'default',
    withConfig({ sources: [{ id: 'shop', writeKey: [`\${KEY}`, 'canary'] }] }),
    /config\.sources\[0\]\.writeKey/,
  ],
];

/** Wrong in itself, so that the schema refuses it: what it is must not be told. */
const WRONG_SECRETS: readonly Values[] = [
  withConfig({ sources: [{ id: 'shop', writeKey: ['canary-one', 'canary-two', 'canary-three'] }] }),
  withConfig({ sources: [{ id: 'shop', writeKey: { canary: true } }] }),
  withConfig({
    destinations: [
      {
        id: 'braze',
        dataCenter: 'EU-01',
        restApiKey: 'canary of many words',
        mappings: { attributes: [{ from: 'a', salt: '' }] },
      },
    ],
  }),
];

describe.skipIf(lacking !== '').each(HELM_VERSIONS)('Helm %s refuses', (version) => {
  it.each(REFUSED)('%s', (_name, below, values, path) => {
    const { ok, stderr } = ask(version, below, values);
    expect(ok).toBe(false);
    expect(stderr).toMatch(path);
    expect(stderr).not.toContain('canary');
  });

  it('a wrong secret without showing it', () => {
    for (const values of WRONG_SECRETS) {
      const { ok, stderr } = ask(version, 'default', values);
      expect(ok).toBe(false);
      expect(stderr).not.toMatch(/canary-|canary of/);
    }
  });

  it('the defaults alone: there is nothing to take events from', () => {
    const { ok, stderr } = template(version, [], ['--set', 'image.repository=brazier']);
    expect(ok).toBe(false);
    expect(stderr).toContain('config.sources: found none, expected at least one');
  });
});
