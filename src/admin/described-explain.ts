/** The description of the routes that tell what became of events. */
import type { Doubtful, DoubtfulEvent, DoubtfulQuery, DoubtfulRequest } from '../explain/doubtful.ts';
import type { ExplainQuery } from '../explain/explain.ts';
import type { ShownAttempt, ShownRequest } from '../explain/requests.ts';
import type { Explained, ExplainedDestination, ExplainedRecord, ShownPlan } from '../explain/shown.ts';
import type { Standing, StandingState } from '../explain/standing.ts';
import type { RouteDescription } from '../openapi/route.ts';
import {
  COUNT,
  described,
  FLAG,
  INSTANT,
  listOf,
  objectOf,
  oneOfTexts,
  optional,
  orNull,
  TEXT,
} from '../openapi/schema.ts';
import { GUARDED, OF_LOG, OF_QUERY } from './described-answers.ts';
import { LETTER } from './described-letters.ts';

const STANDINGS = Object.keys({
  dead_letter: 0,
  filtered: 0,
  under_way: 0,
  waiting: 0,
  delivered: 0,
  letter_gone: 0,
  done: 0,
  no_place: 0,
} satisfies Record<StandingState, 0>);

const PLANS = Object.keys({
  operations: 0,
  filtered: 0,
  rejected: 0,
} satisfies Record<ShownPlan['status'], 0>);

const POSITION = described(TEXT, 'Where it stands in the log: `topic/partition/offset`.');

const PLAN = objectOf<ShownPlan>('Plan', {
  status: oneOfTexts(PLANS),
  code: optional(TEXT),
  kind: optional(TEXT),
  message: optional(TEXT),
  issues: optional(described(listOf(TEXT), 'Paths of what is wrong.')),
  parts: listOf(
    objectOf<ShownPlan['parts'][number]>(null, {
      part: TEXT,
      endpoint: TEXT,
      bytes: COUNT,
      body: optional(TEXT),
    }),
  ),
  warnings: listOf(
    objectOf<ShownPlan['warnings'][number]>(null, { code: TEXT, path: TEXT, message: optional(TEXT) }),
  ),
});

const ATTEMPT = objectOf<ShownAttempt>('Attempt', {
  at: INSTANT,
  durationMs: { type: 'number', minimum: 0 },
  status: described(orNull({ type: 'integer' }), 'Null when no reply came.'),
  what: described(TEXT, 'What it meant, such as final, split, http_503.'),
  objects: COUNT,
});
const ATTEMPTS = described(listOf(ATTEMPT), 'The first few and the last few of `attemptCount`.');

const REQUEST = objectOf<ShownRequest>('NotedRequest', {
  id: COUNT,
  at: INSTANT,
  endpoint: TEXT,
  parts: described(listOf(TEXT), 'Of this record.'),
  objects: described(COUNT, 'Of all records.'),
  state: oneOfTexts(['under_way', 'ended']),
  attempts: ATTEMPTS,
  attemptCount: COUNT,
  inDoubt: described(FLAG, 'Events and purchases of this record in it may have counted all the same.'),
});

const STANDING = objectOf<Standing>('Standing', {
  state: oneOfTexts(STANDINGS),
  letter: optional(described(TEXT, 'Id of the dead letter.')),
  kind: optional(TEXT),
  code: optional(TEXT),
  undelivered: optional(orNull(listOf(TEXT))),
  mayHaveCountedTwice: FLAG,
});

const RECORD = objectOf<ExplainedRecord>('ExplainedRecord', {
  position: POSITION,
  acceptedAt: INSTANT,
  source: TEXT,
  corrupt: described(FLAG, 'The stored bytes do not match their checksum.'),
  replayFor: described(orNull(TEXT), 'Set on a replay: the one destination it is for.'),
  destinations: listOf(
    objectOf<ExplainedDestination>('ExplainedDestination', {
      destination: TEXT,
      plan: PLAN,
      requests: listOf(REQUEST),
      standing: STANDING,
      halted: described(orNull(TEXT), 'Why the destination is halted.'),
    }),
  ),
  person: optional(TEXT),
  payload: optional(TEXT),
});

const tag = 'explanations';

export const EXPLAIN_EVENT: RouteDescription = {
  method: 'get',
  path: '/explain',
  operationId: 'explainEvent',
  tag,
  summary: 'What became of an event?',
  query: objectOf<ExplainQuery>(null, {
    messageId: { ...TEXT, minLength: 1 },
    person: optional(
      described(TEXT, 'Whose dead letters to look through where the log holds the event no more.'),
    ),
    showPayload: optional(described(FLAG, 'Also whom it is about, the event, and what is sent of it.')),
  }),
  answers: {
    200: {
      description: 'Both lists are empty when nothing is known.',
      schema: objectOf<Explained>('Explained', {
        messageId: TEXT,
        records: described(listOf(RECORD), 'Newest first.'),
        letters: listOf(LETTER),
        lettersUnknown: described(FLAG, 'Nobody is known whose letters could be looked through.'),
      }),
    },
    ...GUARDED,
    ...OF_QUERY,
    ...OF_LOG,
  },
};

const DOUBTFUL_REQUEST = objectOf<DoubtfulRequest>('DoubtfulRequest', {
  id: COUNT,
  at: INSTANT,
  destination: TEXT,
  endpoint: TEXT,
  attempts: ATTEMPTS,
  attemptCount: COUNT,
  events: listOf(
    objectOf<DoubtfulEvent>('DoubtfulEvent', {
      messageId: described(orNull(TEXT), 'Null when the log does not hold it any more.'),
      source: orNull(TEXT),
      position: POSITION,
      parts: described(listOf(TEXT), 'Its events and purchases in the request.'),
    }),
  ),
});

export const LIST_DOUBTFUL: RouteDescription = {
  method: 'get',
  path: '/explain/doubtful',
  operationId: 'listDoubtful',
  tag,
  summary: 'What may have counted twice?',
  query: objectOf<Partial<DoubtfulQuery>>(null, {
    destination: optional(TEXT),
    limit: optional({ type: 'integer', minimum: 1, maximum: 1000, default: 20 }),
    before: optional({
      type: 'integer',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: '`next` of the page before.',
    }),
  }),
  answers: {
    200: {
      description: 'Requests, newest first.',
      schema: objectOf<Doubtful>('Doubtful', {
        requests: listOf(DOUBTFUL_REQUEST),
        next: described(orNull(COUNT), '`before` of the next page; null at the end.'),
      }),
    },
    ...GUARDED,
    ...OF_QUERY,
    ...OF_LOG,
  },
};
