/** The part of the configuration's schema that describes the log, in its two forms: one file, or a Kafka cluster. */
import { DEFAULT_DATA_PATH } from './data-folder.ts';
import { KAFKA_LOG } from './kafka-schema.ts';
import { type Schema, TEXT } from './schema-terms.ts';

const MIB = 1024 * 1024;

/** In both forms. */
const common = {
  kind: {
    type: 'string',
    enum: ['embedded', 'kafka'],
    default: 'embedded',
    description: 'Which log: `embedded` is one SQLite file in the data folder, `kafka` topics of a cluster.',
    examples: ['kafka'],
  },
  path: {
    ...TEXT,
    expects: 'the path of a folder',
    default: DEFAULT_DATA_PATH,
    description: 'The data folder; one process at a time. With `kind: kafka` nothing in it need survive.',
    examples: ['/var/lib/brazier'],
  },
} satisfies Record<string, Schema>;

const embedded = {
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
} satisfies Record<string, Schema>;

export const LOG: Schema = {
  type: 'object',
  default: {},
  description: 'Where accepted events are kept until they are delivered.',
  if: { type: 'object', required: ['kind'], properties: { kind: { enum: ['kafka'] } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: {
    type: 'object',
    additionalProperties: false,
    required: ['brokers'],
    properties: { ...common, ...KAFKA_LOG },
    elsewhere: { form: 'kind: embedded', keys: Object.keys(embedded) },
  },
  else: {
    type: 'object',
    additionalProperties: false,
    properties: { ...common, ...embedded },
    elsewhere: { form: 'kind: kafka', keys: Object.keys(KAFKA_LOG) },
  },
};
