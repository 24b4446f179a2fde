/** The schema of the chart's values: its own part here, `config` from Brazier's configuration schema. */
import { configSchema, entryRules, logSchema } from './config-schema.ts';
import {
  anyMapping,
  count,
  flag,
  type JsonSchema,
  mapping,
  mappings,
  oneOf,
  orNull,
  text,
  textMap,
  texts,
} from './json-schema.ts';

const labelsAndAnnotations = { labels: textMap, annotations: textMap };
/** A number of pods, or a share of them. */
const pods: JsonSchema = { type: ['integer', 'string', 'null'] };
const quantity: JsonSchema = { type: 'string', pattern: '^[0-9.]+([kMGT]i?)?$' };

const bounds = { enabled: flag, minReplicas: count(0), maxReplicas: count(1), behavior: anyMapping };

const autoscaling = mapping({
  ...bounds,
  minReplicas: count(1),
  targetCPUUtilizationPercentage: orNull(count(1)),
  targetMemoryUtilizationPercentage: orNull(count(1)),
  metrics: mappings,
});

const keda = mapping({
  ...bounds,
  lagThreshold: count(1),
  activationLagThreshold: count(0),
  pollingInterval: count(1),
  cooldownPeriod: count(0),
  excludePersistentLag: flag,
  authenticationRef: mapping({
    name: text,
    kind: oneOf('TriggerAuthentication', 'ClusterTriggerAuthentication'),
  }),
  triggers: mappings,
});

const placement = {
  nodeSelector: textMap,
  tolerations: mappings,
  affinity: anyMapping,
  topologySpreadConstraints: mappings,
  priorityClassName: text,
};

const component = mapping({
  replicas: count(0),
  resources: anyMapping,
  updateStrategy: anyMapping,
  preStopSleepSeconds: orNull(count(0)),
  autoscaling,
  keda,
  podDisruptionBudget: mapping({ enabled: flag, maxUnavailable: pods, minAvailable: pods }),
  podLabels: textMap,
  podAnnotations: textMap,
  extraEnv: mappings,
  ...placement,
});

const monitor = mapping({
  enabled: flag,
  ...labelsAndAnnotations,
  interval: text,
  scrapeTimeout: text,
  relabelings: mappings,
  metricRelabelings: mappings,
});

const path = mapping({ path: text, pathType: oneOf('Prefix', 'Exact', 'ImplementationSpecific') });
const host = { ...mapping({ host: text, paths: { type: 'array', items: path } }), required: ['host'] };

const exposure = {
  service: mapping({
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    port: { type: 'integer', minimum: 1, maximum: 65_535 },
    nodePort: orNull(count(1)),
    ...labelsAndAnnotations,
    spec: anyMapping,
  }),
  adminService: mapping(labelsAndAnnotations),
  ingress: mapping({
    enabled: flag,
    className: text,
    ...labelsAndAnnotations,
    hosts: { type: 'array', items: host },
    tls: mappings,
  }),
  httpRoute: mapping({
    enabled: flag,
    ...labelsAndAnnotations,
    parentRefs: mappings,
    hostnames: texts,
    matches: mappings,
    filters: mappings,
    timeouts: textMap,
  }),
  networkPolicy: mapping({
    enabled: flag,
    httpFrom: mappings,
    adminFrom: mappings,
    dnsTo: mappings,
    brazeTo: mappings,
    webhooksTo: mappings,
    kafkaTo: mappings,
    otlpPorts: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 65_535 } },
    otlpTo: mappings,
    extraIngress: mappings,
    extraEgress: mappings,
  }),
};

const image = mapping({
  registry: text,
  repository: text,
  tag: text,
  digest: { type: 'string', pattern: '^(sha256:[a-f0-9]{64})?$' },
  pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
});

const persistence = mapping({
  enabled: flag,
  existingClaim: text,
  size: quantity,
  storageClassName: text,
  accessModes: {
    type: 'array',
    minItems: 1,
    items: oneOf('ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany'),
  },
  ...labelsAndAnnotations,
  retentionPolicy: mapping({ whenDeleted: oneOf('Retain', 'Delete'), whenScaled: oneOf('Retain', 'Delete') }),
  mountPath: { type: 'string', pattern: '^/.+' },
});

const metrics = mapping({
  serviceMonitor: monitor,
  podMonitor: monitor,
  prometheusRule: mapping({
    enabled: flag,
    ...labelsAndAnnotations,
    alertLabels: textMap,
    disabled: texts,
    runbookBaseUrl: { type: 'string', pattern: '^(https?://.+)?$' },
  }),
  dashboards: mapping({ enabled: flag, ...labelsAndAnnotations }),
});

const extras = {
  podLabels: textMap,
  podAnnotations: textMap,
  extraEnv: mappings,
  envFrom: mappings,
  extraVolumes: mappings,
  extraVolumeMounts: mappings,
  initContainers: mappings,
  sidecars: mappings,
  extraObjects: { type: 'array', items: { type: ['object', 'string'] } },
  podSpec: anyMapping,
  ...placement,
};

const port: JsonSchema = { type: 'integer', minimum: 1, maximum: 65_535 };
const isKafka = { required: ['mode'], properties: { mode: { const: 'kafka' } } };
const hasWorkspace = {
  required: ['workspaceConfig'],
  properties: {
    workspaceConfig: {
      required: ['existingSecret'],
      properties: { existingSecret: { required: ['name'], properties: { name: { minLength: 1 } } } },
    },
  },
};
const withLog = (mode: 'embedded' | 'kafka') => ({
  properties: { config: { properties: { log: logSchema(mode) } } },
});
/** A pod's ports are named: it cannot take a free one. */
const namedPorts = { properties: { http: { properties: { port } }, admin: { properties: { port } } } };

/** What `values.schema.json` holds. */
export function chartSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment:
      'Made by node scripts/helm.ts from scripts/helm/chart-schema.ts and the schema of the configuration.',
    ...mapping({
      global: anyMapping,
      mode: oneOf('embedded', 'kafka'),
      roles: oneOf('split', 'all'),
      config: configSchema(),
      workspaceConfig: mapping({
        existingSecret: mapping({ name: text, key: { type: 'string', minLength: 1 } }),
        allowUnserved: flag,
      }),
      image,
      imagePullSecrets: { type: 'array', items: { ...mapping({ name: text }), required: ['name'] } },
      nameOverride: text,
      fullnameOverride: text,
      commonLabels: textMap,
      commonAnnotations: textMap,
      serviceAccount: mapping({
        create: flag,
        name: text,
        annotations: textMap,
        automountServiceAccountToken: flag,
      }),
      server: component,
      ingest: component,
      worker: component,
      persistence,
      scratchSizeLimit: quantity,
      ...exposure,
      metrics,
      rolloutOnChange: flag,
      terminationGracePeriodSeconds: count(1),
      revisionHistoryLimit: count(0),
      nodeOptions: text,
      command: texts,
      extraArgs: texts,
      podSecurityContext: anyMapping,
      securityContext: anyMapping,
      startupProbe: anyMapping,
      livenessProbe: anyMapping,
      readinessProbe: anyMapping,
      ...extras,
      tests: mapping({ enabled: flag, resources: anyMapping }),
    }),
    allOf: [
      { properties: { config: namedPorts } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
      { if: isKafka, then: withLog('kafka'), else: withLog('embedded') },
      { if: hasWorkspace, else: { properties: { config: entryRules() } } },
    ],
  };
}
