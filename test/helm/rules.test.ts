/** What matters in the rendered objects, whatever else changes: who is selected, what restarts, who may do what. */
import { describe, expect, it } from 'vitest';
import { CI_NAMES, type Rendered } from '../../scripts/helm/render.ts';
import { compareReleases, idOf } from '../../scripts/helm/upgrade.ts';
import { rendered } from './support/rendered.ts';
import { lacking } from './support/tools.ts';

type Mapping = Readonly<Record<string, unknown>>;

interface Container extends Mapping {
  readonly name: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface PodSpec extends Mapping {
  readonly containers: readonly [Container, ...Container[]];
  readonly volumes: readonly { readonly name: string }[];
}
interface Workload {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly pod: PodSpec;
  readonly spec: Mapping;
}

function workloads(objects: readonly Rendered[]): Workload[] {
  return objects
    .filter(({ kind }) => ['StatefulSet', 'Deployment'].includes(kind))
    .map((object) => {
      // biome-ignore lint/suspicious/noExplicitAny: validated by Kubernetes' own schema elsewhere.
      const spec = object.spec as any;
      return {
        id: idOf(object),
        labels: spec.template.metadata.labels,
        selector: spec.selector.matchLabels,
        pod: spec.template.spec,
        spec,
      };
    });
}

const matches = (labels: Mapping, selector: Mapping): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

const ofKind = (objects: readonly Rendered[], kind: string): Rendered[] =>
  objects.filter((object) => object.kind === kind);

const specOf = (objects: readonly Rendered[], id: string): Mapping =>
  objects.find((object) => idOf(object) === id)?.spec as Mapping;

/** Every text of an object that is handed to Kubernetes as it is. */
const textOf = (object: unknown): string => JSON.stringify(object);

describe.skipIf(lacking !== '')('selectors', () => {
  it.each(CI_NAMES)('of %s select the pods of their workload, and of no other', (name) => {
    const all = workloads(rendered(name));
    for (const { id, selector } of all) {
      expect(all.filter(({ labels }) => matches(labels, selector)).map((each) => each.id)).toEqual([id]);
    }
  });

  it.each(CI_NAMES)('of %s hold nothing that a version or a value changes', (name) => {
    const [before, after] = [
      rendered(name),
      rendered(name, { image: { tag: '9.9.9' }, podLabels: { more: 'x' }, commonLabels: { team: 'other' } }),
    ].map(workloads);
    expect(after?.map(({ selector }) => selector)).toEqual(before?.map(({ selector }) => selector));
  });

  it.each(CI_NAMES)(
    'of the Services of %s: the public one takes who has the port, the admin one takes all',
    (name) => {
      const objects = rendered(name);
      const [web, admin] = ofKind(objects, 'Service').map(
        ({ spec }) => (spec as { selector: Mapping }).selector,
      );
      const all = workloads(objects);
      const test = objects.find(({ kind }) => kind === 'Pod')?.metadata.labels ?? {};
      const takers = all.filter(({ pod }) => pod.containers[0].ports.some((port) => port.name === 'http'));
      expect(all.filter(({ labels }) => matches(labels, web ?? {}))).toEqual(takers);
      expect(all.filter(({ labels }) => matches(labels, admin ?? {}))).toEqual(all);
      expect([web, admin].some((selector) => matches(test, selector ?? {}))).toBe(false);
    },
  );

  it('of budgets, policies and spreads are those of the pods', () => {
    const objects = rendered('keda', { networkPolicy: { enabled: true } });
    for (const { id, selector, pod } of workloads(objects)) {
      const name = id.split('/')[1];
      expect(specOf(objects, `PodDisruptionBudget/${name}`).selector).toEqual({ matchLabels: selector });
      expect(specOf(objects, `NetworkPolicy/${name}`).podSelector).toEqual({ matchLabels: selector });
      const spread = pod.topologySpreadConstraints as readonly { labelSelector: unknown }[];
      expect(spread.map(({ labelSelector }) => labelSelector)).toEqual([
        { matchLabels: selector },
        { matchLabels: selector },
      ]);
    }
  });
});

describe.skipIf(lacking !== '')('the admin port', () => {
  it.each(CI_NAMES)('of %s is on no Service, Ingress or route that the public reaches', (name) => {
    const objects = rendered(name);
    const [web] = ofKind(objects, 'Service').filter(({ metadata }) => !metadata.name.endsWith('-admin'));
    const { ports } = web!.spec as { readonly ports: readonly Mapping[] };
    expect(ports.map(({ targetPort }) => targetPort)).toEqual(['http']);
    for (const object of [...ofKind(objects, 'Ingress'), ...ofKind(objects, 'HTTPRoute')]) {
      expect(textOf(object)).not.toContain('-admin');
    }
  });
});

describe.skipIf(lacking !== '')('a pod', () => {
  it.each(CI_NAMES)('of %s has no right that it does not need', (name) => {
    const objects = rendered(name);
    const tests = ofKind(objects, 'Pod').map(({ spec }) => spec as PodSpec);
    for (const pod of [...workloads(objects).map((each) => each.pod), ...tests]) {
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          runAsGroup: 65532,
          fsGroup: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      });
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        privileged: false,
        readOnlyRootFilesystem: true,
      });
    }
  });

  it.each(CI_NAMES)('of %s has room of its own wherever it writes, and a volume for each mount', (name) => {
    for (const { pod, spec } of workloads(rendered(name))) {
      const claims = (spec.volumeClaimTemplates ?? []) as readonly Rendered[];
      const volumes = [
        ...pod.volumes.map((volume) => volume.name),
        ...claims.map(({ metadata }) => metadata.name),
      ];
      const mounts = pod.containers[0].volumeMounts;
      expect(volumes.toSorted()).toEqual(mounts.map((mount) => mount.name).toSorted());
      expect(mounts.map(({ mountPath }) => mountPath)).toEqual(
        expect.arrayContaining(['/tmp', '/var/lib/brazier', '/etc/brazier']),
      );
    }
  });

  it.each(CI_NAMES)('of %s limits the memory and not the CPU', (name) => {
    for (const { pod } of workloads(rendered(name))) {
      expect(pod.containers[0].resources).toMatchObject({ limits: { memory: expect.any(String) } });
      expect((pod.containers[0].resources as { limits: Mapping }).limits.cpu).toBeUndefined();
    }
  });

  it.each(CI_NAMES)(
    'of %s is asked by the admin port, and whether it lives without asking anybody else',
    (name) => {
      for (const { pod } of workloads(rendered(name))) {
        const [container] = pod.containers;
        const live = { httpGet: { path: '/health/live', port: 'admin' } };
        expect(container.startupProbe).toMatchObject(live);
        expect(container.livenessProbe).toMatchObject(live);
        expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/health/ready', port: 'admin' } });
      }
    },
  );

  it.each(CI_NAMES)('of %s is given more time to end than it needs', (name) => {
    for (const { pod } of workloads(rendered(name))) {
      const sleep = (pod.containers[0].lifecycle as { preStop?: { sleep?: { seconds: number } } } | undefined)
        ?.preStop?.sleep?.seconds;
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(25 + 5 + (sleep ?? 0));
    }
  });

  it('goes on serving until nobody sends to it any more, but for a worker, to which nobody sends', () => {
    const sleeps = Object.fromEntries(
      workloads(rendered('hpa')).map(({ id, pod }) => [id, pod.containers[0].lifecycle]),
    );
    expect(sleeps).toEqual({
      'Deployment/brazier-ingest': { preStop: { sleep: { seconds: 8 } } },
      'Deployment/brazier-worker': undefined,
    });
  });

  it('on Kafka does its role alone, and only who takes events has the port', () => {
    const found = workloads(rendered('kafka-tls-sasl')).map(({ pod }) => [
      pod.containers[0].args.slice(-2),
      pod.containers[0].ports.map((port) => port.name),
    ]);
    expect(found).toEqual([
      [
        ['--role', 'ingest'],
        ['http', 'admin'],
      ],
      [['--role', 'worker'], ['admin']],
    ]);
    expect(workloads(rendered('kafka-all'))[0]?.pod.containers[0].args.slice(-2)).toEqual(['--role', 'all']);
    expect(workloads(rendered('default'))[0]?.pod.containers[0].args).not.toContain('--role');
  });
});

describe.skipIf(lacking !== '')('an autoscaler', () => {
  it.each(['hpa', 'keda'])('decides alone how many pods there are: %s', (name) => {
    const objects = rendered(name);
    for (const { spec } of workloads(objects)) expect(spec.replicas).toBeUndefined();
    const targets = [...ofKind(objects, 'HorizontalPodAutoscaler'), ...ofKind(objects, 'ScaledObject')].map(
      ({ spec }) => (spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name,
    );
    expect(targets.sort()).toEqual(['brazier-ingest', 'brazier-worker']);
  });

  it('of KEDA follows the group of each destination, and reads the same Secrets', () => {
    const objects = rendered('keda');
    const { triggers } = specOf(objects, 'ScaledObject/brazier-worker') as { triggers: readonly Mapping[] };
    expect(triggers.map(({ metadata }) => metadata)).toEqual([
      expect.objectContaining({
        consumerGroup: 'team.braze-eu',
        topic: 'team.events',
        sasl: 'scram_sha256',
        tls: 'enable',
      }),
      expect.objectContaining({ consumerGroup: 'team.braze-us' }),
    ]);
    expect(specOf(objects, 'TriggerAuthentication/brazier-kafka').secretTargetRef).toEqual([
      { parameter: 'username', name: 'brazier-keda', key: 'username' },
      { parameter: 'password', name: 'brazier', key: 'log.sasl.password' },
      { parameter: 'ca', name: 'kafka-ca', key: 'ca.crt' },
    ]);
  });
});

describe.skipIf(lacking !== '')('a network policy', () => {
  const egressPorts = (objects: readonly Rendered[], name: string): number[] => {
    const { egress } = specOf(objects, `NetworkPolicy/${name}`) as {
      egress: readonly { ports: readonly { port: number }[] }[];
    };
    return egress.flatMap(({ ports }) => ports.map(({ port }) => port)).filter((port) => port !== 53);
  };

  it('lets ingest reach the brokers and never Braze', () => {
    const objects = rendered('kafka-tls-sasl');
    expect(egressPorts(objects, 'brazier-ingest')).toEqual([9094]);
    expect(egressPorts(objects, 'brazier-worker')).toEqual([9094, 443]);
  });

  it('follows the ports of the configuration', () => {
    expect(egressPorts(rendered('air-gapped'), 'brazier')).toEqual([8443]);
    expect(egressPorts(rendered('kafka-all'), 'brazier')).toEqual([8443, 9093, 443]);
    expect(egressPorts(rendered('full'), 'brazier-events')).toEqual([443, 443, 4317, 4318, 8126]);
  });

  it('lets who delivers tell the webhooks of the alerts, wherever Braze may be', () => {
    const inside = [{ ipBlock: { cidr: '10.0.0.0/8' } }];
    const objects = rendered('kafka-tls-sasl', {
      config: {
        alerts: {
          webhooks: [
            { id: 'inside', url: 'http://alerts.internal:9000/in' },
            { id: 'chat', urlSecret: { name: 'chat', key: 'url' } },
          ],
        },
      },
      networkPolicy: { brazeTo: inside },
    });
    const { egress } = specOf(objects, 'NetworkPolicy/brazier-worker') as { egress: readonly Mapping[] };
    expect(egress.at(-1)).toEqual({
      ports: [
        { port: 443, protocol: 'TCP' },
        { port: 9000, protocol: 'TCP' },
      ],
    });
    expect(egressPorts(objects, 'brazier-ingest')).toEqual([9094]);
  });
});

describe.skipIf(lacking !== '')('a restart', () => {
  const restartsOf = (name: string, before: Mapping, after: Mapping): readonly string[] =>
    compareReleases(rendered(name, before), rendered(name, after)).restarts;

  it('comes with a changed configuration, by its checksum', () => {
    const changed = { config: { deadLetters: { retainDays: 7 } } };
    expect(restartsOf('default', {}, changed)).toEqual(['StatefulSet/brazier']);
    expect(restartsOf('hpa', {}, changed)).toEqual([
      'Deployment/brazier-ingest',
      'Deployment/brazier-worker',
    ]);
  });

  it('comes with a changed secret in the values', () => {
    const changed = {
      config: { destinations: [{ id: 'braze', dataCenter: 'EU-01', restApiKey: 'another' }] },
    };
    expect(restartsOf('kafka-all', {}, changed)).toEqual(['Deployment/brazier']);
  });

  it('does not come when that is switched off', () => {
    const off = { rolloutOnChange: false };
    expect(restartsOf('default', off, { ...off, config: { deadLetters: { retainDays: 7 } } })).toEqual([]);
  });

  it('does not come with a label, a Service, an alert or a policy', () => {
    const changed = {
      service: { annotations: { a: 'b' } },
      networkPolicy: { enabled: true },
      metrics: { prometheusRule: { enabled: true }, dashboards: { enabled: true } },
      ingress: { enabled: true, hosts: [{ host: 'a.example.com' }] },
    };
    expect(restartsOf('default', {}, changed)).toEqual([]);
  });
});

describe.skipIf(lacking !== '')('an upgrade', () => {
  it.each(CI_NAMES)(
    'of %s to a new image and more of everything changes nothing that is immutable',
    (name) => {
      const after = rendered(name, {
        image: { tag: '9.9.9', digest: '' },
        config: { deadLetters: { retainDays: 7 } },
        terminationGracePeriodSeconds: 90,
        commonLabels: { more: 'x' },
        podLabels: { more: 'x' },
        server: { resources: { requests: { cpu: '1' } } },
      });
      expect(compareReleases(rendered(name), after)).toMatchObject({ refused: [], removed: [] });
    },
  );

  it('to a larger volume is known as one that Kubernetes refuses', () => {
    expect(
      compareReleases(rendered('default'), rendered('default', { persistence: { size: '99Gi' } })).refused,
    ).toEqual(['StatefulSet/brazier: spec.volumeClaimTemplates']);
  });

  it('to Kafka keeps the Services, and the claim with what it holds is not part of the release', () => {
    const kafka = { mode: 'kafka', config: { log: { brokers: ['kafka:9092'] } } };
    const { removed, refused } = compareReleases(rendered('default'), rendered('default', kafka));
    expect({ removed, refused }).toEqual({ removed: ['StatefulSet/brazier'], refused: [] });
  });
});

describe.skipIf(lacking !== '')('what users add', () => {
  it('is a template wherever texts are taken', () => {
    const objects = rendered('full');
    expect(ofKind(objects, 'ConfigMap').map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(['brazier-env', 'brazier-events-text']),
    );
    const [{ pod } = { pod: undefined }] = workloads(objects);
    expect(pod?.containers[0].env).toContainEqual({ name: 'REGION', value: 'events' });
    expect(pod?.containers[0].envFrom).toEqual([{ configMapRef: { name: 'brazier-env', optional: true } }]);
    expect(textOf(pod?.volumes)).toContain('"brazier-legacy"');
    expect(textOf(ofKind(objects, 'Ingress'))).toContain('events.events.example.com');
  });

  it('stands in every pod: sidecars, containers before, and members of the spec', () => {
    const [{ pod } = { pod: undefined }] = workloads(rendered('full'));
    expect(pod?.containers.map(({ name }) => name)).toEqual(['brazier', 'shipper']);
    expect(pod).toMatchObject({
      initContainers: [{ name: 'wait' }],
      hostAliases: [{ ip: '10.0.0.1' }],
      priorityClassName: 'high',
    });
  });

  it('replaces the registry, tag and digest of the image', () => {
    const imageOf = (name: string) => workloads(rendered(name))[0]?.pod.containers[0].image;
    expect(imageOf('air-gapped')).toBe('registry.internal:5000/mirror/brazier:0.1.0');
    expect(imageOf('full')).toBe(`registry.example.com/brazier@sha256:${'0'.repeat(64)}`);
    expect(imageOf('default')).toMatch(/^registry\.example\.com\/brazier:\d+\.\d+\.\d+$/);
  });
});

describe.skipIf(lacking !== '')('alerts and dashboards', () => {
  it("are the chart's files, what stands in braces untouched", () => {
    const objects = rendered('full');
    const rule = ofKind(objects, 'PrometheusRule')[0];
    expect(textOf(rule)).toContain('{{ $labels.');
    expect(textOf(rule)).toContain('"team":"growth"');
    const dashboards = ofKind(objects, 'ConfigMap').filter(
      ({ metadata }) => metadata.labels?.grafana_dashboard === '1',
    );
    expect(dashboards).not.toEqual([]);
    for (const { data } of dashboards) {
      for (const text of Object.values(data as Readonly<Record<string, string>>))
        expect(JSON.parse(text)).toHaveProperty('uid');
    }
  });

  it.each(['https://git.example.com/brazier/blob/main', 'https://git.example.com/brazier/blob/main/'])(
    'lead to their pages where those are read: %s',
    (runbookBaseUrl) => {
      const urls = (values: Mapping): string[] =>
        [
          ...textOf(ofKind(rendered('full', values), 'PrometheusRule')).matchAll(/"runbook_url":"([^"]+)"/g),
        ].map((match) => match[1] ?? '');
      const without = urls({ metrics: { prometheusRule: { runbookBaseUrl: '' } } });
      expect(without[0]).toMatch(/^docs\/operate\/alerts\/\w+\.md$/);
      expect(urls({ metrics: { prometheusRule: { runbookBaseUrl } } })).toEqual(
        without.map((page) => `https://git.example.com/brazier/blob/main/${page}`),
      );
    },
  );

  it('can be left out by name', () => {
    const names = (objects: readonly Rendered[]): string[] =>
      [...textOf(ofKind(objects, 'PrometheusRule')).matchAll(/"alert":"(\w+)"/g)].map(
        (match) => match[1] ?? '',
      );
    const all = names(rendered('full'));
    const [first = ''] = all;
    const fewer = names(rendered('full', { metrics: { prometheusRule: { disabled: [first] } } }));
    expect(fewer).toEqual(all.filter((name) => name !== first));
  });
});
