/** The configuration's JSON Schema: the one truth about its keys, their ranges and defaults. docs/configure.md is held to it. */
import { ALERTS } from './alerts-schema.ts';
import { DESTINATION } from './destination-schema.ts';
import { LOG } from './log-schema.ts';
import { FILE, ID, type Schema, TEXT } from './schema-terms.ts';
import { SUBSCRIPTION } from './subscription-schema.ts';
import { TRACING } from './tracing-schema.ts';

const MIB = 1024 * 1024;

const PORT = { type: 'integer', minimum: 0, maximum: 65_535 } as const;
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

const deadLetters: Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'How long the events that could not be delivered are kept.',
  properties: {
    retainDays: {
      type: 'number',
      minimum: 1,
      maximum: 3650,
      default: 30,
      description: 'How long a dead letter stays; an alarm comes at 80 %.',
      examples: [90],
    },
    maxBytes: {
      type: 'integer',
      minimum: 16 * MIB,
      default: 1024 * MIB,
      description:
        'What the dead letters may hold, within `log.maxBytes`; beyond it the oldest are dropped. An alarm comes at 80 %.',
      examples: [5_368_709_120],
    },
  },
};

const source: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  // Neither is right for a source of subscriptions alone, which is not to be seen from here.
  oneOf: [
    { required: ['writeKey'] },
    { required: ['writeKeyFile'] },
    { not: { anyOf: [{ required: ['writeKey'] }, { required: ['writeKeyFile'] }] } },
  ],
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
      uniqueItems: true,
      expects: 'a list of ids of destinations',
      description:
        'Ids of the destinations it delivers to; an empty list: to none. Default: every destination.',
      examples: [['braze']],
    },
  },
};

export const CONFIG_SCHEMA: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['sources', 'destinations'],
  properties: {
    http,
    admin,
    log: LOG,
    deadLetters,
    tracing: TRACING,
    alerts: ALERTS,
    sources: {
      type: 'array',
      minItems: 1,
      items: source,
      description: 'Where events come from: at least one.',
    },
    subscriptions: {
      type: 'array',
      items: SUBSCRIPTION,
      expects: 'a list of subscriptions',
      description: 'Topics that others write: only with `log.kind: kafka`.',
    },
    destinations: {
      type: 'array',
      minItems: 1,
      items: DESTINATION,
      description: 'Braze workspaces to deliver to: at least one.',
    },
  },
};
