/** The description of the routes that replay and discard: the schemas they are read by, and what they answer. */
import type { ResendCount, ResendOptions, ResendQuery, ResendResult } from '../dead-letters/resend.ts';
import type { Selection } from '../dead-letters/selection.ts';
import type { DiscardResult, ReplayResult, Skipped, Tally } from '../dead-letters/store.ts';
import type { RouteDescription } from '../openapi/route.ts';
import {
  COUNT,
  described,
  FLAG,
  type JsonSchema,
  listOf,
  type ObjectSchema,
  objectOf,
  optional,
  orNull,
  TEXT,
} from '../openapi/schema.ts';
import { GUARDED, OF_BODY, OF_LOG } from './described-answers.ts';
import { LETTERS_TAG, SELECTION, TALLY, TIME } from './described-letters.ts';

/** What to replay or discard is said: ids, or `all`, or at least one thing that the letters have in common. */
const SAID: readonly JsonSchema[] = [
  ...Object.keys(SELECTION).map((name) => ({ type: 'object', required: [name] })),
  { type: 'object', properties: { all: { const: true } }, required: ['all'] },
];

export interface WantedBody extends Selection {
  readonly ids?: readonly string[];
  readonly all?: boolean;
  readonly limit?: number;
  readonly after?: string;
  readonly withAttributes?: boolean;
  readonly dryRun?: boolean;
}

const WANTED: ObjectSchema = {
  ...objectOf<WantedBody>('Wanted', {
    ...SELECTION,
    ids: optional(listOf(TEXT)),
    all: optional(FLAG),
    limit: optional({
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      description: 'About how many letters; default all.',
    }),
    after: optional(described(TEXT, '`next` of the answer before.')),
    withAttributes: optional(
      described(FLAG, 'Of a replay: attributes and subscriptions too, which may overwrite newer ones.'),
    ),
    dryRun: optional(described(FLAG, 'Changes nothing: answers as the summary does.')),
  }),
  description: '{"ids":[…]} or {"all":true} or a filter like {"destination":"…"}',
  anyOf: [
    { type: 'object', required: ['ids'], not: { anyOf: SAID } },
    { type: 'object', anyOf: SAID, not: { type: 'object', required: ['ids'] } },
  ],
};

const DRY_RUN = objectOf<Tally & { readonly dryRun: true }>('DryRun', { dryRun: { const: true }, ...TALLY });

const SKIPPED = listOf(objectOf<Skipped>('Skipped', { id: TEXT, reason: TEXT }));
const NEXT = described(orNull(TEXT), '`after` of the next call; null when this was all.');

const tag = LETTERS_TAG;
const ERRORS: RouteDescription['answers'] = { ...GUARDED, ...OF_BODY, ...OF_LOG };

const WANTED_EXAMPLES = {
  ids: { summary: 'Letters by their ids', value: { ids: ['braze/brazier.events/0/17'] } },
  filter: {
    summary: 'What one destination could not take in a time, 500 at once',
    value: {
      destination: 'braze',
      code: 'braze_refused',
      from: '2026-03-01T00:00:00Z',
      to: '2026-03-02T00:00:00Z',
      limit: 500,
    },
  },
  count: { summary: 'How many there are', value: { all: true, dryRun: true } },
} as const;

export const REPLAY_LETTERS: RouteDescription = {
  method: 'post',
  path: '/dead-letters/replay',
  operationId: 'replayDeadLetters',
  tag,
  summary: 'Put dead letters back into the log, each with only what was not delivered.',
  body: { schema: WANTED, examples: WANTED_EXAMPLES },
  answers: {
    200: {
      description: 'Durable.',
      schema: {
        anyOf: [
          objectOf<ReplayResult>('ReplayResult', {
            replayed: listOf(TEXT),
            kept: described(
              listOf(TEXT),
              'Those of `replayed` whose attributes or subscriptions stay behind as a letter of the same id.',
            ),
            skipped: described(SKIPPED, 'These stay as they are.'),
            next: NEXT,
          }),
          DRY_RUN,
        ],
      },
    },
    ...ERRORS,
  },
};

export const DISCARD_LETTERS: RouteDescription = {
  method: 'post',
  path: '/dead-letters/discard',
  operationId: 'discardDeadLetters',
  tag,
  summary: 'Delete dead letters for good.',
  body: { schema: WANTED, examples: WANTED_EXAMPLES },
  answers: {
    200: {
      description: 'Durable.',
      schema: {
        anyOf: [
          objectOf<DiscardResult>('DiscardResult', {
            discarded: listOf(TEXT),
            skipped: described(SKIPPED, 'Unknown ids.'),
            next: NEXT,
          }),
          DRY_RUN,
        ],
      },
    },
    ...ERRORS,
  },
};

export interface ResendBody extends ResendQuery, ResendOptions {
  readonly dryRun?: boolean;
}

const RESEND = objectOf<ResendBody>('Resend', {
  destination: described(TEXT, 'The id of one that is configured, and not detached.'),
  source: optional(described(TEXT, 'Events of this one alone.')),
  from: described(TIME, `When the events were accepted, inclusive. ${TIME.description}`),
  to: described(TIME, `Exclusive. ${TIME.description}`),
  limit: optional({
    type: 'integer',
    minimum: 1,
    maximum: 100_000,
    description: 'Events of this call; default all.',
  }),
  after: optional({
    ...TEXT,
    format: 'cursor',
    pattern: '^\\d+:\\d+(,\\d+:\\d+)*$',
    description: '`next` of the answer before, for the same events.',
  }),
  withAttributes: optional(
    described(FLAG, 'Attributes and subscriptions too, which may overwrite newer ones.'),
  ),
  again: optional(described(FLAG, 'Also events that went by a replay in the last 24 hours.')),
  dryRun: optional(described(FLAG, 'Sends nothing: says how many there are.')),
});

const RESEND_COUNT = objectOf<ResendCount & { readonly dryRun: true }>('ResendCount', {
  dryRun: { const: true },
  events: COUNT,
  firstAt: described(orNull(COUNT), 'ms since the epoch; null without events.'),
  lastAt: orNull(COUNT),
  replays: described(COUNT, 'Records of that time that are replays, and not sent.'),
  damaged: described(COUNT, 'Records of that time that are damaged, and not sent.'),
});

export const RESEND_EVENTS: RouteDescription = {
  method: 'post',
  path: '/replay',
  operationId: 'replayEvents',
  tag: 'replays',
  summary: 'Send what the log still holds of a time to one destination again.',
  description: 'Braze counts these events and purchases again.',
  body: {
    schema: RESEND,
    examples: {
      count: {
        summary: 'How many events of two hours there are',
        value: {
          destination: 'braze',
          from: '2026-03-01T10:00:00Z',
          to: '2026-03-01T12:00:00Z',
          dryRun: true,
        },
      },
      portion: {
        summary: 'The next thousand of one source',
        value: {
          destination: 'braze',
          source: 'shop',
          from: 1772359200000,
          to: 1772366400000,
          limit: 1000,
          after: '0:5,1:0',
        },
      },
    },
  },
  answers: {
    200: {
      description: 'Durable.',
      schema: {
        anyOf: [
          objectOf<ResendResult>('ResendResult', {
            sent: COUNT,
            already: described(COUNT, 'Left out: a replay took them there in the last 24 hours.'),
            next: NEXT,
          }),
          RESEND_COUNT,
        ],
      },
    },
    ...ERRORS,
  },
};
