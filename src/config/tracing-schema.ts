/** The part of the configuration's schema that describes tracing: where spans go, and how many. */
import { FILE, type Schema, TEXT } from './schema-terms.ts';

const header: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  oneOf: [{ required: ['value'] }, { required: ['valueFile'] }],
  properties: {
    name: {
      ...TEXT,
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      expects: 'the name of a header',
      description: 'Name of a header that the collector wants.',
      examples: ['authorization'],
    },
    value: {
      ...TEXT,
      secret: true,
      pattern: '^[\\x20-\\x7e]+$',
      expects: 'the value of a header: printable characters',
      description: 'Its value. Exactly one of this and `valueFile`.',
      examples: [`\${OTLP_AUTHORIZATION}`],
    },
    valueFile: {
      ...FILE,
      description: 'File with its value. It is read again each time that spans are sent.',
      examples: ['/run/secrets/otlp-authorization'],
    },
  },
};

export const TRACING: Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Spans for an OpenTelemetry collector.',
  properties: {
    endpoint: {
      type: 'string',
      expects: 'an http or https address',
      description:
        'The collector, by OTLP over HTTP; `/v1/traces` is put behind it unless it ends so. Absent or empty: nothing is traced.',
      examples: ['http://otel-collector:4318'],
    },
    serviceName: {
      ...TEXT,
      default: 'brazier',
      description: 'What the spans say they are from (`service.name`).',
      examples: ['brazier-eu'],
    },
    sampleRatio: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 1,
      description:
        'The share of traces that is recorded, of those that begin here; whoever sends a `traceparent` decides for itself.',
      examples: [0.01],
    },
    headers: {
      type: 'array',
      default: [],
      items: header,
      expects: 'a list of headers',
      description: 'Headers for the collector, such as its key.',
    },
  },
};
