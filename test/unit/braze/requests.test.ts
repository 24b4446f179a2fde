import { describe, expect, it } from 'vitest';
import { REQUEST_BYTES } from '../../../src/braze/endpoints.ts';
import { bodyBytesOf, bodyOf, createLoad, mayFollow, packEvent } from '../../../src/braze/requests.ts';
import { operation } from '../../support/operations.ts';

const many = (count: number, kind: Parameters<typeof operation>[0], text = '{}') =>
  Array.from({ length: count }, () => operation(kind, 'u', text));

describe('a load', () => {
  it('combined: holds 75 objects of all kinds together', () => {
    const load = createLoad('/users/track', 'combined');
    for (const each of [...many(40, 'attributes'), ...many(34, 'event')]) load.add(each);
    expect(load.full()).toBe(false);
    expect(load.fits(many(1, 'purchase'))).toBe(true);
    expect(load.fits(many(2, 'purchase'))).toBe(false);
    load.add(operation('purchase', 'u'));
    expect(load.full()).toBe(true);
  });

  it('perArray: holds 75 of each kind', () => {
    const load = createLoad('/users/track', 'perArray');
    for (const each of many(75, 'attributes')) load.add(each);
    expect(load.fits(many(1, 'attributes'))).toBe(false);
    expect(load.fits([...many(75, 'event'), ...many(75, 'purchase')])).toBe(true);
    expect(load.full()).toBe(false);
  });

  it.each([
    ['/users/identify', 50],
    ['/users/alias/new', 50],
    ['/users/merge', 50],
    ['/v2/subscription/status/set', 25],
  ] as const)('%s holds %i', (endpoint, count) => {
    const load = createLoad(endpoint, 'combined');
    expect(load.fits(many(count, 'identify'))).toBe(true);
    expect(load.fits(many(count + 1, 'identify'))).toBe(false);
  });

  it('never lets a body exceed the bytes that Braze takes', () => {
    const large = operation('event', 'u', `"${'x'.repeat(100 * 1024 - 2)}"`);
    const load = createLoad('/users/track', 'combined');
    const taken = [];
    while (load.fits([large])) {
      load.add(large);
      taken.push(large);
    }
    expect(Buffer.byteLength(bodyOf('/users/track', taken))).toBeLessThanOrEqual(REQUEST_BYTES);
    expect(taken.length).toBe(40);
  });
});

describe('a body', () => {
  it('holds each kind in its own array, in the order in which Braze processes them', () => {
    const body = bodyOf('/users/track', [
      operation('purchase', 'u', '1'),
      operation('attributes', 'u', '2'),
      operation('event', 'u', '3'),
    ]);
    expect(body).toBe('{"attributes":[2],"events":[3],"purchases":[1]}');
  });

  it.each([
    ['/users/identify', 'identify', '{"aliases_to_identify":[1],"merge_behavior":"merge"}'],
    ['/users/alias/new', 'alias', '{"user_aliases":[1]}'],
    ['/users/merge', 'merge', '{"merge_updates":[1]}'],
    ['/v2/subscription/status/set', 'subscription', '{"subscription_groups":[1]}'],
  ] as const)('%s names its array as Braze does', (endpoint, kind, body) => {
    expect(bodyOf(endpoint, [operation(kind, 'u', '1')])).toBe(body);
  });

  it('is whole even where an object is larger than it says', () => {
    const large = { ...operation('event', 'u', `"${'ß'.repeat(10_000)}"`), bytes: 2 };
    const body = bodyBytesOf('/users/track', [large, operation('purchase', 'u', '1')]);
    expect(body.toString()).toBe(`{"events":[${large.text}],"purchases":[1]}`);
  });
});

describe('the order within a request', () => {
  it.each([
    ['attributes', 'event', true],
    ['event', 'purchase', true],
    ['event', 'event', true],
    ['event', 'attributes', false],
    ['purchase', 'event', false],
    ['identify', 'identify', false],
    ['attributes', 'identify', false],
    ['subscription', 'subscription', false],
  ] as const)('of one person: after %s may go %s: %s', (earlier, later, expected) => {
    expect(mayFollow(operation(earlier, 'u'), operation(later, 'u'))).toBe(expected);
  });

  it('an event whose attributes come last is two requests', () => {
    const paths = packEvent(
      [operation('event', 'u', '1'), operation('attributes', 'u', '2')],
      'combined',
    ).map(({ body }) => body);
    expect(paths).toEqual(['{"events":[1]}', '{"attributes":[2]}']);
  });
});
