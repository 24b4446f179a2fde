/** The part of the configuration's schema that describes the log of a Kafka cluster: how it is reached, and its topics. */
import { FILE, type Schema, TEXT } from './schema-terms.ts';

/** A port from 1 to 65535, after a host name or an IPv4 address. */
const BROKER: Schema = {
  type: 'string',
  pattern: '^[A-Za-z0-9._-]+:([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])$',
  expects: 'host:port, e.g. kafka-1:9092',
};

/** Kafka's own rule for names of topics (org.apache.kafka.common.internals.Topic). */
export const TOPIC: Schema = {
  type: 'string',
  pattern: '^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,249}$',
  expects: 'the name of a topic: at most 249 letters, digits, dots, dashes and underscores',
};

const tls: Schema = {
  type: 'object',
  additionalProperties: false,
  expects: 'true, false, or a mapping',
  properties: {
    caFile: {
      ...FILE,
      description: "PEM file with the certificates to trust instead of the system's.",
      examples: ['/run/secrets/kafka-ca.pem'],
    },
    certFile: {
      ...FILE,
      description: 'PEM file with the certificate of this client, for brokers that ask for one.',
      examples: ['/run/secrets/kafka-client.pem'],
    },
    keyFile: {
      ...FILE,
      description: 'PEM file with the key to `certFile`.',
      examples: ['/run/secrets/kafka-client.key'],
    },
    passphrase: {
      ...TEXT,
      secret: true,
      description: 'What `keyFile` is encrypted with. At most one of this and `passphraseFile`.',
      examples: [`\${KAFKA_KEY_PASSPHRASE}`],
    },
    passphraseFile: {
      ...FILE,
      description: 'File with the passphrase.',
      examples: ['/run/secrets/kafka-key-passphrase'],
    },
    serverName: {
      ...TEXT,
      description: "Name to expect in the brokers' certificates. Default: the host of each broker.",
      examples: ['kafka.internal'],
    },
    rejectUnauthorized: {
      type: 'boolean',
      default: true,
      description: 'When false, any certificate is taken: for a test cluster only.',
      examples: [false],
    },
  },
};

const ssl: Schema = {
  if: { type: 'object' },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: tls,
  else: { type: 'boolean', expects: 'true, false, or a mapping' },
};

const mechanism: Schema = {
  type: 'string',
  enum: ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'],
  description: 'How the brokers ask who it is.',
  examples: ['scram-sha-512'],
};

const byPassword = {
  mechanism,
  username: { ...TEXT, description: 'The user.', examples: ['brazier'] },
  password: {
    ...TEXT,
    secret: true,
    description: 'The password. Exactly one of this and `passwordFile`.',
    examples: [`\${KAFKA_PASSWORD}`],
  },
  passwordFile: {
    ...FILE,
    description: 'File with the password. It is read again at each authentication.',
    examples: ['/run/secrets/kafka-password'],
  },
} satisfies Record<string, Schema>;

const byToken = {
  mechanism,
  tokenEndpoint: {
    ...TEXT,
    expects: 'an http or https address',
    description: 'With `oauthbearer`: where a token is had for the client id and secret.',
    examples: ['https://login.example.com/oauth2/token'],
  },
  clientId: { ...TEXT, description: 'With `oauthbearer`: the client id.', examples: ['brazier'] },
  clientSecret: {
    ...TEXT,
    secret: true,
    description: 'With `oauthbearer`: the client secret. Exactly one of this and `clientSecretFile`.',
    examples: [`\${KAFKA_CLIENT_SECRET}`],
  },
  clientSecretFile: {
    ...FILE,
    description: 'With `oauthbearer`: file with the secret. It is read again for each token.',
    examples: ['/run/secrets/kafka-client-secret'],
  },
  scope: { ...TEXT, description: 'With `oauthbearer`: the scope to ask for.', examples: ['kafka'] },
} satisfies Record<string, Schema>;

const sasl: Schema = {
  type: 'object',
  if: { type: 'object', required: ['mechanism'], properties: { mechanism: { enum: ['oauthbearer'] } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: {
    type: 'object',
    additionalProperties: false,
    required: ['mechanism', 'tokenEndpoint', 'clientId'],
    oneOf: [{ required: ['clientSecret'] }, { required: ['clientSecretFile'] }],
    properties: byToken,
    elsewhere: { form: 'the other mechanisms', keys: Object.keys(byPassword) },
  },
  else: {
    type: 'object',
    additionalProperties: false,
    required: ['mechanism', 'username'],
    oneOf: [{ required: ['password'] }, { required: ['passwordFile'] }],
    properties: byPassword,
    elsewhere: { form: 'mechanism: oauthbearer', keys: Object.keys(byToken) },
  },
};

const topics = {
  topic: {
    ...TOPIC,
    default: 'brazier.events',
    description: 'Topic of the accepted events.',
    examples: ['team.brazier.events'],
  },
  deadLetterTopic: {
    ...TOPIC,
    default: 'brazier.dead-letters',
    description: 'Topic of the dead letters.',
    examples: ['team.brazier.dead-letters'],
  },
  requestTopic: {
    ...TOPIC,
    default: 'brazier.requests',
    description:
      'Topic of the notes about requests to Braze that are under way; as many partitions as `log.topic`.',
    examples: ['team.brazier.requests'],
  },
  groupPrefix: {
    type: 'string',
    pattern: '^[A-Za-z0-9._-]{1,100}$',
    expects: 'at most 100 letters, digits, dots, dashes and underscores',
    default: 'brazier',
    description: 'The consumer group of a destination is this, a dot and its id.',
    examples: ['team.brazier'],
  },
  createTopics: {
    type: 'boolean',
    default: true,
    description:
      'Whether topics that are missing are created; else the start says with which settings to create them.',
    examples: [false],
  },
  partitions: {
    type: 'integer',
    minimum: 1,
    maximum: 10_000,
    default: 12,
    description: 'Partitions of a topic that is created: so many workers can share the work.',
    examples: [48],
  },
  replicationFactor: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    description:
      'Copies of each partition of a topic that is created. Default: 3, or as many as there are brokers.',
    examples: [3],
  },
} satisfies Record<string, Schema>;

/** What `log` holds with `kind: kafka`, beside `kind` and `path`. */
export const KAFKA_LOG = {
  brokers: {
    type: 'array',
    items: BROKER,
    minItems: 1,
    uniqueItems: true,
    expects: 'a list of at least one host:port',
    description: 'Brokers to begin with; the others of the cluster are found through them.',
    examples: [['kafka-1:9092', 'kafka-2:9092']],
  },
  clientId: {
    ...TEXT,
    default: 'brazier',
    description: 'How the brokers name this client in their logs and quotas.',
    examples: ['brazier-eu'],
  },
  ssl,
  sasl,
  ...topics,
  retainHours: {
    type: 'number',
    minimum: 1,
    maximum: 87_600,
    default: 168,
    description:
      'How long a topic that is created keeps events, delivered or not: longer than any outage of Braze.',
    examples: [336],
  },
  compression: {
    type: 'string',
    enum: ['zstd', 'gzip', 'none'],
    default: 'zstd',
    description: 'How records are compressed on their way to the brokers and there.',
    examples: ['gzip'],
  },
  // Kafka's own bounds: group.min.session.timeout.ms, group.max.session.timeout.ms; its consumers' default since 3.0.
  sessionTimeoutMs: {
    type: 'integer',
    minimum: 6_000,
    maximum: 1_800_000,
    default: 45_000,
    description:
      'How long the brokers wait for a worker of which they hear nothing, until its partitions go to the others; one that is stopped gives them up at once.',
    examples: [15_000],
  },
} satisfies Record<string, Schema>;
