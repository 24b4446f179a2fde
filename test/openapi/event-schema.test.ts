/** The schema of what to send and the checks of the real ingest server say the same. */
import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import { describeIngest } from '../../src/ingest/description.ts';
import { DEFAULT_LIMITS } from '../../src/ingest/limits.ts';
import { basic, SHOP_KEY, startIngest } from '../unit/ingest/fixture.ts';
import { apiOf } from './support/api.ts';

const LIMITS = { maxEventsPerBatch: 3 };
const API = apiOf(describeIngest({ ...DEFAULT_LIMITS, ...LIMITS, maxBodyBytes: 8 << 20 }));
const RUNS = { numRuns: 300, seed: inject('seed') };

const schemaOf = (path: string) =>
  API.operations.find((each) => each.path === path)?.operation.requestBody?.content['application/json']
    ?.schema ?? {};

/** Posts to the real server, holds its answer to the description, and tells whether everything was taken. */
async function taken(url: string, path: string, body: unknown): Promise<boolean> {
  const reply = await fetch(url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { Authorization: basic(SHOP_KEY) },
  });
  const answer = {
    status: reply.status,
    type: 'application/json',
    body: (await reply.json()) as { rejected?: unknown[] },
  };
  expect(API.checkAnswer(path, 'post', answer)).toBe('');
  return answer.status === 200 && (answer.body.rejected ?? []).length === 0;
}

const TYPES = ['identify', 'track', 'page', 'screen', 'group', 'alias'];
const text = fc.oneof(fc.string(), fc.constantFrom('', ' ', '\u00a0\n', '\ufeff', 'u1', '\ud800'));
const id = fc.oneof(
  fc.constant(null),
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
);
const members = fc.oneof(fc.constant(null), fc.constant([]), fc.dictionary(fc.string(), fc.jsonValue()));

/** What the schema has a place for, with everything that this place may hold. */
const event = fc.record(
  {
    type: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...TYPES) },
      fc.constantFrom('', ' ', ' Track ', 'ALIAS'),
    ),
    userId: id,
    anonymousId: id,
    messageId: id,
    event: fc.oneof(fc.constant(null), text),
    properties: members,
    timestamp: fc.oneof(id, fc.constant('2026-03-01T12:00:00.000Z')),
    sentAt: id,
    more: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

/** Anything at all, often an event with something wrong about it. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc
    .tuple(
      event,
      fc.dictionary(fc.constantFrom('type', 'userId', 'anonymousId', 'traits', 'context'), fc.jsonValue()),
    )
    .map(([own, wrong]) => ({ ...own, ...wrong })),
);

const batchLike = (events: fc.Arbitrary<unknown>) =>
  fc.record(
    {
      batch: fc.array(events, { maxLength: 4 }),
      sentAt: id,
      context: members,
      integrations: members,
      more: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );

test('a batch is taken whole exactly when it is valid, for what the schema has a place for', async () => {
  const { url } = await startIngest({ limits: LIMITS });
  const seen = { valid: 0, invalid: 0 };
  await fc.assert(
    fc.asyncProperty(batchLike(event), async (body) => {
      const isValid = API.check(schemaOf('/v1/batch'), body) === '';
      seen[isValid ? 'valid' : 'invalid']++;
      expect(await taken(url, '/v1/batch', body)).toBe(isValid);
    }),
    RUNS,
  );
  expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(20);
});

test('a single call is taken exactly when it is valid, for what the schema has a place for', async () => {
  const { url } = await startIngest({ limits: LIMITS });
  const seen = { valid: 0, invalid: 0 };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...TYPES), event, async (type, body) => {
      const isValid = API.check(schemaOf(`/v1/${type}`), body) === '';
      seen[isValid ? 'valid' : 'invalid']++;
      expect(await taken(url, `/v1/${type}`, body)).toBe(isValid);
    }),
    RUNS,
  );
  expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(20);
});

test('whatever is refused is invalid, and refused with a described code', async () => {
  const { url } = await startIngest({ limits: LIMITS });
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('batch', ...TYPES),
      anything,
      fc.oneof(fc.jsonValue(), batchLike(anything)),
      async (route, single, batch) => {
        const [path, body] = [`/v1/${route}`, route === 'batch' ? batch : single];
        if (await taken(url, path, body)) return;
        refused++;
        expect(API.check(schemaOf(path), body)).not.toBe('');
      },
    ),
    RUNS,
  );
  expect(refused).toBeGreaterThan(20);
});
