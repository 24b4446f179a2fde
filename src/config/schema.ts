/** The configuration's JSON Schema: the one truth about its keys, their ranges and defaults. docs/configure.md is held to it. */
import { DEFAULT_DATA_PATH } from './data-folder.ts';
import { type Schema, SETTINGS_PROPERTIES } from './settings-schema.ts';

const MIB = 1024 * 1024;

const PORT = { type: 'integer', minimum: 0, maximum: 65_535 } as const;
const TEXT = { type: 'string', minLength: 1 } as const;

const FILE = { ...TEXT, expects: 'the path of a file' } as const;

const ID: Schema = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  expects: 'a name of at most 64 letters, digits, dots, dashes and underscores',
};

/** The user name of Basic authentication: a colon would end it. */
const WRITE_KEY: Schema = {
  type: 'string',
  secret: true,
  pattern: '^[\\x21-\\x39\\x3b-\\x7e]{1,255}$',
  expects: 'a write key of printable characters without spaces and colons',
};

const http: Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Where the SDKs send to.',
  properties: {
    host: { ...TEXT, default: '127.0.0.1', description: 'Address to listen on.', examples: ['0.0.0.0'] },
    port: { ...PORT, default: 8080, description: 'Port to listen on; 0 takes a free one.', examples: [8080] },
    maxBodyBytes: {
      type: 'integer',
      minimum: 1024,
      maximum: 64 * MIB,
      default: 8 * MIB,
      description: "Cap of one request's body after inflating; above it the answer is 413.",
      examples: [4 * MIB],
    },
  },
};

const admin: Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Where metrics, health and the dead letters are served. Keep it away from the public.',
  properties: {
    host: { ...TEXT, default: '127.0.0.1', description: 'Address to listen on.', examples: ['0.0.0.0'] },
    port: { ...PORT, default: 8081, description: 'Port to listen on; 0 takes a free one.', examples: [9090] },
    tokenFile: {
      ...FILE,
      description:
        'File with the bearer token. Made at the first start when missing. Default: `admin-token` in the data folder.',
      examples: ['/run/secrets/brazier-admin'],
    },
  },
};

const log: Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Where accepted events are kept until they are delivered.',
  properties: {
    kind: {
      type: 'string',
      enum: ['embedded'],
      default: 'embedded',
      description: 'Which log: `embedded` is one SQLite file in the data folder.',
      examples: ['embedded'],
    },
    path: {
      ...TEXT,
      expects: 'the path of a folder',
      default: DEFAULT_DATA_PATH,
      description: 'The data folder; one process at a time.',
      examples: ['/var/lib/brazier'],
    },
    maxBytes: {
      type: 'integer',
      minimum: MIB,
      default: 10 * 1024 * MIB,
      description:
        'How large the log may grow; when it is full, ingest answers 429 until events are delivered.',
      examples: [53_687_091_200],
    },
    retainHours: {
      type: 'number',
      minimum: 0,
      maximum: 8760,
      default: 24,
      description: 'How long delivered events are kept for a replay.',
      examples: [72],
    },
  },
};

const source: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  oneOf: [{ required: ['writeKey'] }, { required: ['writeKeyFile'] }],
  properties: {
    id: { ...ID, description: 'Its name in metrics and dead letters.', examples: ['shop'] },
    writeKey: {
      ...WRITE_KEY,
      type: ['string', 'array'],
      items: WRITE_KEY,
      minItems: 1,
      maxItems: 2,
      uniqueItems: true,
      expects: 'a write key of printable characters without spaces and colons, or a list of one or two',
      description: 'What SDKs authenticate with; a list of two while a key is being rotated.',
      examples: [`\${SHOP_WRITE_KEY}`],
    },
    writeKeyFile: {
      type: ['string', 'array'],
      minLength: 1,
      items: TEXT,
      minItems: 1,
      maxItems: 2,
      uniqueItems: true,
      expects: 'the path of a file, or a list of one or two',
      description: 'Instead of `writeKey`: the file (or two files) that hold the keys.',
      examples: ['/run/secrets/shop-write-key'],
    },
    enabled: {
      type: 'boolean',
      default: true,
      description: 'When false, its write keys are refused.',
      examples: [false],
    },
    destinations: {
      type: 'array',
      items: TEXT,
      minItems: 1,
      uniqueItems: true,
      description: 'Ids of the destinations it delivers to. Default: every destination.',
      examples: [['braze']],
    },
  },
};

const rateLimit: Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'How many requests Braze allows this workspace, per endpoint.',
  properties: {
    // Braze, /users/track: 3,000 requests every three seconds unless the contract says otherwise.
    requests: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 3000,
      description: 'Requests per window.',
      examples: [1000],
    },
    perSeconds: {
      type: 'number',
      minimum: 0.001,
      maximum: 86_400,
      default: 3,
      description: 'Length of the window in seconds.',
      examples: [60],
    },
  },
};

const concurrency: Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Requests in flight at once. It is also the bound of what a crash can send twice.',
  properties: {
    start: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 16,
      description: 'Where it begins; it adapts from there.',
      examples: [8],
    },
    max: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 350,
      description: 'What it never exceeds; at least `start`.',
      examples: [100],
    },
  },
};

const destination: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  allOf: [
    { oneOf: [{ required: ['restEndpoint'] }, { required: ['dataCenter'] }] },
    { oneOf: [{ required: ['restApiKey'] }, { required: ['restApiKeyFile'] }] },
  ],
  properties: {
    id: {
      ...ID,
      description:
        'Its name in metrics and dead letters, and of its place in the log: renaming it starts anew.',
      examples: ['braze'],
    },
    restEndpoint: {
      ...TEXT,
      expects: 'an http or https origin',
      description: "Origin of Braze's REST API. Exactly one of this and `dataCenter`.",
      examples: ['https://rest.fra-01.braze.eu'],
    },
    dataCenter: {
      ...TEXT,
      expects: 'a data centre of the table in docs/configure.md',
      description: "Name of Braze's instance instead of its origin.",
      examples: ['EU-01'],
    },
    restApiKey: {
      type: 'string',
      secret: true,
      pattern: '^[\\x21-\\x7e]+$',
      expects: 'a REST API key of printable characters without spaces',
      description: 'REST API key of the workspace. Exactly one of this and `restApiKeyFile`.',
      examples: [`\${BRAZE_REST_API_KEY}`],
    },
    restApiKeyFile: {
      ...FILE,
      description: 'File with the key. It is read again before a halted destination is tried anew.',
      examples: ['/run/secrets/braze-rest-api-key'],
    },
    start: {
      type: 'string',
      enum: ['beginning', 'end'],
      default: 'end',
      description: 'Where in the log a new destination begins.',
      examples: ['beginning'],
    },
    rateLimit,
    concurrency,
    lingerMs: {
      type: 'integer',
      minimum: 0,
      maximum: 60_000,
      default: 50,
      description: 'How long the oldest operation of a request that is not full waits for others.',
      examples: [200],
    },
    identifyQuietMs: {
      type: 'integer',
      minimum: 0,
      maximum: 600_000,
      default: 1000,
      description:
        'How long a link of two identities waits after the last data of either: Braze applies data later than it accepts it.',
      examples: [5000],
    },
    poisonAfterMs: {
      type: 'integer',
      minimum: 0,
      default: 3_600_000,
      description:
        'How long a single object that Braze answers with 5xx is tried before it becomes a dead letter.',
      examples: [600_000],
    },
    ...SETTINGS_PROPERTIES,
  },
};

export const CONFIG_SCHEMA: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['sources', 'destinations'],
  properties: {
    http,
    admin,
    log,
    sources: {
      type: 'array',
      minItems: 1,
      items: source,
      description: 'Where events come from: at least one.',
    },
    destinations: {
      type: 'array',
      minItems: 1,
      items: destination,
      description: 'Braze workspaces to deliver to: at least one.',
    },
  },
};
