/** The part of the configuration's schema that describes a subscription: a topic that others write, read as a source. */
import { TOPIC } from './kafka-schema.ts';
import { type Schema, TEXT } from './schema-terms.ts';

export const SUBSCRIPTION: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['source'],
  oneOf: [{ required: ['topic'] }, { required: ['pattern'] }],
  properties: {
    topic: {
      ...TOPIC,
      description: 'The topic. Exactly one of this and `pattern`.',
      examples: ['orders.v1'],
    },
    pattern: {
      ...TEXT,
      expects: 'a regular expression',
      description: 'Instead of `topic`: every topic in whose name this regular expression finds a match.',
      examples: ['^crm\\.'],
    },
    source: {
      ...TEXT,
      expects: 'the id of a source',
      description: 'Id of the source that its events are from: that source needs no write key.',
      examples: ['crm'],
    },
    format: {
      type: 'string',
      enum: ['event', 'batch', 'array'],
      default: 'event',
      description:
        'What a record holds: one event, the body of an SDK\'s batch (`{"batch":[…]}`), or a list of events.',
      examples: ['batch'],
    },
    key: {
      type: 'string',
      pattern: '^[^.]+(\\.[^.]+)*$',
      expects: 'a dotted path',
      description:
        'Where the person stands in the value, when the producer keys its records by it: then they are read where they are; else they are appended again to `log.topic`, keyed by person. Only with `format: event`.',
      examples: ['userId'],
    },
    start: {
      type: 'string',
      pattern:
        '^(earliest|latest|\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?(Z|[+-]\\d{2}:\\d{2}))$',
      expects: 'earliest, latest, or a time with its zone such as 2026-03-01T00:00:00Z',
      default: 'earliest',
      description: 'Where reading begins when the topic is new here.',
      examples: ['2026-03-01T00:00:00Z'],
    },
  },
};
