import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/braze/client.ts';
import { adviceFor } from '../../../src/braze/refusal.ts';
import { classify, type Verdict } from '../../../src/braze/replies.ts';
import type { Endpoint, OperationKind } from '../../../src/model/operation.ts';
import { operation } from '../../support/operations.ts';

const TRACK: OperationKind[] = ['attributes', 'attributes', 'event', 'purchase'];

function requestOf(kinds: OperationKind[] = TRACK, endpoint: Endpoint = '/users/track') {
  return { endpoint, operations: kinds.map((kind, index) => operation(kind, `external_id:u${index}`)) };
}

function answer(status: number, body: unknown = { message: 'success' }): Answer {
  return { status, headers: {}, text: typeof body === 'string' ? body : JSON.stringify(body) };
}

/** `d` delivered, `r` refused, `u` uncertain, per operation. */
function summary(verdict: Verdict): string {
  if (verdict.kind !== 'final') return verdict.kind;
  return verdict.outcomes
    .map((each) => (each.status !== 'rejected' ? 'd' : each.kind === 'uncertain' ? 'u' : 'r'))
    .join('');
}

const error = (input_array: string | undefined, index: number | undefined) => ({
  type: 'bad',
  ...(input_array === undefined ? {} : { input_array }),
  ...(index === undefined ? {} : { index }),
});
const success = (...errors: unknown[]) => ({ message: 'success', errors });

describe('classify', () => {
  it.each<[string, Answer, string]>([
    ['201 success delivers all', answer(201), 'dddd'],
    ['queued delivers all', answer(202, { message: 'queued' }), 'dddd'],
    ['errors by index reject those alone', answer(201, success(error('events', 0))), 'ddrd'],
    ['the index counts within its array', answer(201, success(error('attributes', 1))), 'drdd'],
    [
      'several errors of one object are one',
      answer(201, success(error('events', 0), error('events', 0))),
      'ddrd',
    ],
    [
      'without input_array nothing at that index is called delivered',
      answer(201, success(error(undefined, 0))),
      'rdrr',
    ],
    ['errors that name no object make all uncertain', answer(201, success(error('events', 7))), 'uuuu'],
    ['a 2xx that is not success makes all uncertain', answer(200, { message: 'Bad thing' }), 'uuuu'],
    ['an empty 2xx counts as delivered', answer(201, ''), 'dddd'],
    ['an unparseable 2xx counts as delivered', answer(201, '<html>'), 'dddd'],
    [
      '400 with indices names them',
      answer(400, { message: 'Valid data…', errors: [error('events', 0)] }),
      'named',
    ],
    ['400 without indices is halved', answer(400, { message: 'Max Input Length Exceeded' }), 'split'],
    ['413 is halved', answer(413, ''), 'split'],
    ['401 halts', answer(401, { message: 'Invalid API Key' }), 'halt'],
    ['403 halts', answer(403, ''), 'halt'],
    ['404 halts', answer(404, { message: 'Invalid URL' }), 'halt'],
    ['a redirect is not followed but halts', answer(302, ''), 'halt'],
    ['429 is tried again', answer(429, ''), 'retry'],
    ['408 is tried again', answer(408, ''), 'retry'],
    ['500 is tried again', answer(500, ''), 'retry'],
    ['503 is tried again', answer(503, 'oops'), 'retry'],
  ])('%s', (_rule, reply, expected) => {
    expect(summary(classify(requestOf(), reply))).toBe(expected);
  });

  it.each<[OperationKind, Endpoint, string]>([
    ['identify', '/users/identify', 'user_identifiers'],
    ['alias', '/users/alias/new', 'user_aliases'],
  ])('finds the index on %s whatever Braze calls the array', (kind, endpoint, name) => {
    const reply = answer(201, { aliases_processed: 1, message: 'success', errors: [error(name, 1)] });
    expect(summary(classify(requestOf([kind, kind], endpoint), reply))).toBe('dr');
  });

  it('says so when an error beside named ones names no object', () => {
    const verdict = classify(
      requestOf(),
      answer(201, success(error('events', 0), error(undefined, undefined))),
    );
    expect(summary(verdict)).toBe('ddrd');
    expect(verdict).toHaveProperty('doubt');
  });

  it('rejects a single operation that Braze answers with 400 or 413', () => {
    for (const status of [400, 413]) {
      expect(summary(classify(requestOf(['event']), answer(status, { message: 'no' })))).toBe('r');
    }
  });

  const codes = (verdict: Verdict) =>
    verdict.kind === 'final'
      ? verdict.outcomes.map((each) => (each.status === 'rejected' ? each.code : each.status))
      : verdict.kind === 'named'
        ? [...verdict.faults.values()].map(({ code }) => code)
        : [];

  it.each([
    'Purchases are not available for this workspace',
    'purchase events are disabled',
    'The purchase object is in maintenance mode',
    'Use ecommerce.order_placed instead of purchases',
    "'purchases' is not enabled for this company",
  ])('a purchase refused as such has its own code and names the setting: %s', (type) => {
    const refused = { type, input_array: 'purchases', index: 0 };
    expect(codes(classify(requestOf(), answer(201, success(refused))))).toEqual([
      'delivered',
      'delivered',
      'delivered',
      'purchases_unavailable',
    ]);
    expect(codes(classify(requestOf(), answer(400, { errors: [refused] })))).toEqual([
      'purchases_unavailable',
    ]);
    const alone = classify(requestOf(['purchase']), answer(400, { message: type }));
    expect(codes(alone)).toEqual(['purchases_unavailable']);
    expect(alone).toHaveProperty(
      'outcomes[0].message',
      expect.stringContaining('useEcommerceRecommendedEvents'),
    );
  });

  it.each(["'price' is not valid", "'purchase' 'quantity' is not valid", 'currency not supported', 'bad'])(
    'other refusals of a purchase are not: %s',
    (type) => {
      const reply = answer(201, success({ type, input_array: 'purchases', index: 0 }));
      expect(codes(classify(requestOf(), reply))[3]).toBe('braze_refused');
    },
  );

  it('no other object is refused as a purchase', () => {
    const type = 'purchases are not available';
    const reply = answer(201, success({ type, input_array: 'events', index: 0 }));
    expect(codes(classify(requestOf(), reply))[2]).toBe('braze_refused');
  });

  it('says what to do about purchases, and about nothing else', () => {
    expect(adviceFor('purchases_unavailable')).toContain('useEcommerceRecommendedEvents');
    expect(adviceFor('braze_refused')).toBeUndefined();
  });

  it('a 403 names the permission that is missing', () => {
    const verdict = classify(requestOf(['alias'], '/users/alias/new'), answer(403, ''));
    expect(verdict).toMatchObject({ kind: 'halt', code: 'permission_missing' });
    expect(verdict.kind === 'halt' && verdict.message).toContain('users.alias.new');
  });

  it.each([
    ['ECONNRESET', 'retry'],
    ['ETIMEDOUT', 'retry'],
    ['ECONNREFUSED', 'retry'],
    ['EAI_AGAIN', 'retry'],
    ['ENOTFOUND', 'halt'],
    ['CERT_HAS_EXPIRED', 'halt'],
    ['KEY_UNREADABLE', 'halt'],
  ])('no answer because of %s: %s', (failure, expected) => {
    expect(classify(requestOf(), { failure, message: 'x' }).kind).toBe(expected);
  });
});
