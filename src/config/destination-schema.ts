/** The part of the configuration's schema that describes one destination. */
import { DURATION } from './duration.ts';
import { FILE, ID, type Schema, TEXT } from './schema-terms.ts';
import { SETTINGS_PROPERTIES } from './settings-schema.ts';

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
      description:
        'The most; at least `start`. Only where all of them fail does another go beside them, one a second.',
      examples: [100],
    },
  },
};

const dedup: Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'What `supportDedup` remembers.',
  properties: {
    maxPersons: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000_000,
      default: 100_000,
      description:
        'How many persons `supportDedup` remembers the attributes of; about 0.6 KB of memory each. Who was not heard of for longest is forgotten first.',
      examples: [1_000_000],
    },
    ttlHours: {
      type: 'number',
      minimum: 0,
      maximum: 8760,
      default: 24,
      description:
        "After how many hours all of a person's attributes are sent once more: what was changed in Braze by other hands is mended then.",
      examples: [168],
    },
    persist: {
      type: 'boolean',
      default: true,
      description: 'Whether it is kept in the data folder, so that a restart remembers it.',
      examples: [false],
    },
  },
};

export const DESTINATION: Schema = {
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
    // Braze answers in well under a second.
    maxAge: {
      type: 'string',
      pattern: DURATION,
      expects: 'a whole number with one of the units s, m, h, d, e.g. 72h',
      description:
        'How old an accepted event may become without being delivered; then it is a dead letter `expired`. Default: as old as it takes.',
      examples: ['72h'],
    },
    uncertain: {
      type: 'string',
      enum: ['resend', 'hold'],
      default: 'resend',
      description:
        'Events and purchases of which nobody can know whether Braze counted them (no reply came, or the process was killed): `resend` sends them again and lists them, `hold` makes them dead letters `uncertain` for a person to decide.',
      examples: ['hold'],
    },
    requestTimeoutMs: {
      type: 'integer',
      minimum: 100,
      maximum: 600_000,
      default: 30_000,
      description:
        'How long Braze may take to answer a request. One that it did not answer goes again, so too short a time sends twice.',
      examples: [60_000],
    },
    dedup,
    ...SETTINGS_PROPERTIES,
  },
};
