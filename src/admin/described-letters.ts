/** The description of the routes that show dead letters: the schemas they are read by, and what they answer. */
import type { Selection } from '../dead-letters/selection.ts';
import type { LetterDetails, LetterSummary, ShownDelivery, ShownGroup } from '../dead-letters/shown.ts';
import type { ListQuery, Tally } from '../dead-letters/store.ts';
import type { RejectedKind } from '../model/outcome.ts';
import type { RecordHeaders } from '../model/record.ts';
import type { RouteDescription } from '../openapi/route.ts';
import {
  COUNT,
  described,
  FLAG,
  INSTANT,
  type JsonSchema,
  listOf,
  type MembersOf,
  objectOf,
  oneOfTexts,
  optional,
  orNull,
  TEXT,
} from '../openapi/schema.ts';
import { GUARDED, OF_LOG, OF_NAME, OF_QUERY } from './described-answers.ts';

/** Read as ms since the epoch. */
export const TIME: JsonSchema = {
  type: ['string', 'number'],
  format: 'date-time',
  // 2026, 202601 and 20260101 are a year, a month and a day to whoever writes them; as seconds they were all of 1970.
  not: { type: 'number', minimum: 1_000, maximum: 99_999_999 },
  description:
    'ISO 8601, a date alone too; or a number, of seconds, from 100000000000 on of ms, since the epoch. Numbers that could be meant for a year or a date, of four to eight digits, are refused.',
};

/** What letters have in common. */
export const SELECTION: MembersOf<Selection> = {
  destination: optional(described(TEXT, 'Its id; empty for what was turned away at ingest.')),
  code: optional(TEXT),
  kind: optional(TEXT),
  source: optional(described(TEXT, 'Its id.')),
  person: optional(described(TEXT, 'A user id, an anonymous id, or a person key as a letter shows it.')),
  from: optional(described(TIME, `When the letter was written, inclusive. ${TIME.description}`)),
  to: optional(described(TIME, `Exclusive. ${TIME.description}`)),
};

const PAYLOAD = described(FLAG, 'Also whom it is about, the reason in words, and the event: personal data.');

const LIST = objectOf<Partial<ListQuery>>(null, {
  ...SELECTION,
  limit: optional({ type: 'integer', minimum: 1, maximum: 1000, default: 100 }),
  after: optional(described(TEXT, 'The last id of the page before.')),
  showPayload: optional(PAYLOAD),
});

const KINDS = Object.keys({
  invalid: 0,
  oversized: 0,
  refused: 0,
  expired: 0,
  exhausted: 0,
  uncertain: 0,
  corrupt: 0,
} satisfies Record<RejectedKind, 0>);

const SUMMARY: MembersOf<LetterSummary> = {
  id: TEXT,
  destination: described(orNull(TEXT), 'Null: turned away at ingest.'),
  source: TEXT,
  at: INSTANT,
  kind: oneOfTexts(KINDS),
  code: described(TEXT, 'One of docs/errors.md.'),
  undelivered: described(orNull(listOf(TEXT)), 'Parts that were not delivered; null means the whole event.'),
  person: optional(TEXT),
  message: optional(TEXT),
  payload: optional(described(TEXT, "The event's JSON text, as it was sent.")),
};

/** A dead letter in a listing. */
export const LETTER = objectOf<LetterSummary>('DeadLetter', SUMMARY);

const HEADERS = objectOf<RecordHeaders>('Headers', {
  source: TEXT,
  receivedAt: INSTANT,
  sentAt: optional(TEXT),
  messageId: optional(TEXT),
  type: optional(TEXT),
  envelope: optional(TEXT),
  traceparent: optional(TEXT),
  half: optional(oneOfTexts(['link', 'merge', 'rest'])),
  replayDestination: optional(TEXT),
  replayParts: optional(TEXT),
  replayWithout: optional(TEXT),
});

const DETAILS = objectOf<LetterDetails>('DeadLetterDetails', {
  ...SUMMARY,
  issues: listOf(objectOf<LetterDetails['issues'][number]>(null, { path: TEXT, message: TEXT })),
  parts: listOf(objectOf<LetterDetails['parts'][number]>(null, { part: TEXT, code: TEXT, message: TEXT })),
  headers: HEADERS,
  delivery: orNull(
    objectOf<ShownDelivery>('Delivery', {
      attempts: COUNT,
      firstAttemptAt: INSTANT,
      lastAttemptAt: INSTANT,
      endpoint: TEXT,
      objects: COUNT,
      status: orNull({ type: 'integer' }),
      reply: TEXT,
    }),
  ),
});

const GROUP = objectOf<ShownGroup>('DeadLetterGroup', {
  destination: orNull(TEXT),
  kind: oneOfTexts(KINDS),
  code: TEXT,
  count: COUNT,
  first: INSTANT,
  last: INSTANT,
});
/** How many of what. */
export const TALLY: MembersOf<Tally> = { count: COUNT, groups: listOf(GROUP) };
/** The routes of dead letters. */
export const LETTERS_TAG = 'dead letters';
const tag = LETTERS_TAG;

export const LIST_LETTERS: RouteDescription = {
  method: 'get',
  path: '/dead-letters',
  operationId: 'listDeadLetters',
  tag,
  summary: 'List dead letters, newest first.',
  query: LIST,
  answers: {
    200: {
      description: 'Without personal data, unless it was asked for.',
      schema: objectOf<{ letters: unknown }>(null, { letters: listOf(LETTER) }),
      examples: {
        one: {
          summary: 'One event was refused by Braze',
          value: {
            letters: [
              {
                id: 'braze/brazier.events/0/17',
                destination: 'braze',
                source: 'shop',
                at: '2026-03-01T12:00:00.000Z',
                kind: 'refused',
                code: 'braze_refused',
                undelivered: ['event'],
              },
            ],
          },
        },
      },
    },
    ...GUARDED,
    ...OF_QUERY,
    ...OF_LOG,
  },
};

export const SUM_LETTERS: RouteDescription = {
  method: 'get',
  path: '/dead-letters/summary',
  operationId: 'countDeadLetters',
  tag,
  summary: 'Count dead letters by destination, kind and code.',
  query: objectOf<Selection>(null, SELECTION),
  answers: {
    200: { description: 'How many of what.', schema: objectOf<Tally>('Tally', TALLY) },
    ...GUARDED,
    ...OF_QUERY,
    ...OF_LOG,
  },
};

export const SHOW_LETTER: RouteDescription = {
  method: 'get',
  path: '/dead-letter',
  operationId: 'showDeadLetter',
  tag,
  summary: 'Show one dead letter whole.',
  query: objectOf<{ readonly id: string }>(null, { id: TEXT }),
  answers: {
    200: { description: 'With personal data.', schema: DETAILS },
    ...GUARDED,
    ...OF_QUERY,
    ...OF_LOG,
    ...OF_NAME,
  },
};
