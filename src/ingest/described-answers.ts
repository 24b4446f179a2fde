/** Everything that the public API answers, by status, as its description says it. */
import {
  type AnswerDescription,
  type Codes,
  type RouteDescription,
  refusalAnswer,
} from '../openapi/route.ts';
import { COUNT, type JsonSchema, listOf, oneOfTexts, TEXT } from '../openapi/schema.ts';
import { EVENT_CODES, REFUSAL_CODES } from './codes.ts';

type Answers = RouteDescription['answers'];

function codesOf(codes: Codes, pick: (code: string) => boolean): Codes {
  return Object.fromEntries(Object.entries(codes).filter(([code]) => pick(code)));
}

/** Single calls never give these, batches none of the next. */
const BATCH_ONLY = ['missing_batch', 'invalid_batch', 'empty_batch', 'envelope_too_large'];
const CALL_ONLY = ['missing_identity', 'event_too_large'];

const RETRY_AFTER = {
  'Retry-After': {
    description: 'Whole seconds, spread so that senders do not come back together.',
    schema: { type: 'integer', minimum: 2 },
  },
} as const;

/** Before a request is routed: what is no HTTP, or does not arrive. */
export const UNROUTED: Answers = {
  400: refusalAnswer(codesOf(REFUSAL_CODES[400], (code) => code === 'invalid_http')),
  408: refusalAnswer(REFUSAL_CODES[408]),
  431: refusalAnswer(REFUSAL_CODES[431]),
};

function refusals(isOf: (code: string) => boolean): Answers {
  return {
    ...UNROUTED,
    400: refusalAnswer(codesOf(REFUSAL_CODES[400], isOf)),
    401: refusalAnswer(REFUSAL_CODES[401], {
      'WWW-Authenticate': { description: 'Basic.', schema: TEXT },
    }),
    404: refusalAnswer(codesOf(REFUSAL_CODES[404], (code) => code === 'source_disabled')),
    413: refusalAnswer(codesOf(REFUSAL_CODES[413], isOf)),
    415: refusalAnswer(REFUSAL_CODES[415], {
      'Accept-Encoding': { description: 'What is understood.', schema: TEXT },
    }),
    429: refusalAnswer(REFUSAL_CODES[429], RETRY_AFTER),
    500: refusalAnswer(REFUSAL_CODES[500]),
    503: refusalAnswer(REFUSAL_CODES[503], RETRY_AFTER),
  };
}

export const BATCH_REFUSALS = refusals((code) => !CALL_ONLY.includes(code));
export const CALL_REFUSALS = refusals((code) => !BATCH_ONLY.includes(code));

export const SHUTTING_DOWN = refusalAnswer(
  codesOf(REFUSAL_CODES[503], (code) => code === 'shutting_down'),
  RETRY_AFTER,
);

/** Of a 200. */
const TAKEN = {
  success: { const: true },
  accepted: { ...COUNT, description: 'Events that are new.' },
  duplicates: { ...COUNT, minimum: 1, description: 'Events that were here already; absent without any.' },
} as const;

const REJECTED: JsonSchema = {
  title: 'RejectedEvent',
  type: 'object',
  properties: {
    index: { ...COUNT, description: 'The place in the batch.' },
    code: {
      ...oneOfTexts(Object.keys(EVENT_CODES)),
      description: refusalAnswer(EVENT_CODES).description,
    },
    message: TEXT,
  },
  required: ['index', 'code', 'message'],
  additionalProperties: false,
};

export const BATCH_TAKEN: AnswerDescription = {
  description: 'Durable. The sender is done with all of them.',
  schema: {
    title: 'BatchAnswer',
    type: 'object',
    properties: { ...TAKEN, rejected: listOf(REJECTED) },
    required: ['success', 'accepted', 'rejected'],
    additionalProperties: false,
  },
  examples: {
    taken: { summary: 'All are new', value: { success: true, accepted: 2, rejected: [] } },
    mixed: {
      summary: 'One is new, one came before, and one can never be delivered',
      value: {
        success: true,
        accepted: 1,
        rejected: [
          {
            index: 1,
            code: 'missing_identity',
            message: 'the event names nobody: expected a userId or an anonymousId, got neither',
          },
        ],
        duplicates: 1,
      },
    },
  },
};

export const CALL_TAKEN: AnswerDescription = {
  description: 'Durable.',
  schema: {
    title: 'CallAnswer',
    type: 'object',
    properties: TAKEN,
    required: ['success', 'accepted'],
    additionalProperties: false,
  },
  examples: { taken: { summary: 'It is new', value: { success: true, accepted: 1 } } },
};

export const ALIVE: AnswerDescription = {
  description: 'It does.',
  schema: {
    type: 'object',
    properties: { status: { const: 'ok' } },
    required: ['status'],
    additionalProperties: false,
  },
  examples: { ok: { summary: 'It does', value: { status: 'ok' } } },
};
