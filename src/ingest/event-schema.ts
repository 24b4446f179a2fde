/**
 * What a sender is to send, as JSON Schema. What keeps to it is accepted; the server takes more than that, since SDKs
 * write more, and refuses nothing for which the schema has a place.
 */
import { described, type JsonSchema, type ObjectSchema, TEXT } from '../openapi/schema.ts';
import type { IngestLimits } from './limits.ts';
import { MAX_ENVELOPE_BYTES } from './parse.ts';

/** Blank text names nobody. */
const ID: JsonSchema = {
  title: 'Id',
  description: 'Text that is not blank, or a number, which counts as its text.',
  type: ['string', 'number'],
  pattern: '\\S',
};
const ID_OR_NONE: JsonSchema = { type: ['string', 'number', 'null'] };
const TEXT_OR_NONE: JsonSchema = { type: ['string', 'null'] };
const TIME: JsonSchema = {
  type: ['string', 'number', 'null'],
  description: 'ISO 8601, or seconds or milliseconds since the epoch.',
  examples: ['2026-03-01T12:00:00.000Z'],
};
/** PHP writes an empty object as `[]`. */
const MEMBERS: JsonSchema = { type: ['object', 'array', 'null'], maxItems: 0 };

const NAMES_SOMEBODY: readonly JsonSchema[] = ['userId', 'anonymousId'].map((name) => ({
  type: 'object',
  properties: { [name]: ID },
  required: [name],
}));

const EVENT_MEMBERS: Readonly<Record<string, JsonSchema>> = {
  messageId: described(
    ID_OR_NONE,
    'What repeats are known by for 24 hours. Without it the event gets a new one.',
  ),
  userId: described(ID_OR_NONE, 'Becomes the external id.'),
  anonymousId: described(ID_OR_NONE, 'Of somebody who is not known yet.'),
  previousId: described(ID_OR_NONE, 'Of an alias call: who it was until now.'),
  groupId: described(ID_OR_NONE, 'Of a group call.'),
  event: described(TEXT_OR_NONE, 'The name of a track call.'),
  name: described(TEXT_OR_NONE, 'The name of a page or screen call.'),
  properties: described(MEMBERS, 'Of a track, page or screen call.'),
  traits: described(MEMBERS, 'Of an identify or group call.'),
  context: described(MEMBERS, 'What holds beside the call: traits, device, library, consent.'),
  integrations: described(MEMBERS, 'Which destinations it is for, and options for them.'),
  channel: described(TEXT_OR_NONE, 'Where it was made, such as server.'),
  timestamp: TIME,
  originalTimestamp: TIME,
  sentAt: TIME,
};

/** The body of a single-call route. */
export const CALL: ObjectSchema = {
  title: 'Call',
  description:
    'One event; the route is its type, whatever it says itself. Other members are kept as they are.',
  type: 'object',
  properties: EVENT_MEMBERS,
  required: [],
  anyOf: NAMES_SOMEBODY,
};

/** An event of a batch. */
export const EVENT: JsonSchema = {
  title: 'Event',
  description: 'One event. Other members are kept as they are.',
  type: 'object',
  properties: {
    type: {
      ...TEXT,
      pattern: '\\S',
      description:
        'identify, track, page, screen, group or alias; an event of another type is accepted, and filtered.',
      examples: ['track'],
    },
    ...EVENT_MEMBERS,
  },
  required: ['type'],
  anyOf: NAMES_SOMEBODY,
};

/** The body of `/v1/batch` and `/v1/import`. */
export function batchSchema({ maxEventsPerBatch }: Pick<IngestLimits, 'maxEventsPerBatch'>): ObjectSchema {
  const shared = `Default under each event's own; with the other one at most ${MAX_ENVELOPE_BYTES} bytes.`;
  return {
    title: 'Batch',
    description: 'Other members, such as `writeKey`, are ignored.',
    type: 'object',
    properties: {
      batch: { type: 'array', items: EVENT, minItems: 1, maxItems: maxEventsPerBatch },
      sentAt: TIME,
      context: described(MEMBERS, shared),
      integrations: described(MEMBERS, shared),
    },
    required: ['batch'],
  };
}
