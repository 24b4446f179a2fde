import { describe, expect, test } from 'vitest';
import { createTopicOwners, isReadDirectly, type Subscription } from '../../../src/model/subscription.ts';

const OWN = ['brazier.events', 'brazier.dead-letters', 'brazier.requests'];

function subscription(topic: string | RegExp, rest: Partial<Subscription> = {}): Subscription {
  return { topic, source: 'crm', format: 'event', key: null, start: 'earliest', ...rest };
}

/** The names that a consumer reads. */
function read(topics: readonly (string | RegExp)[], names: readonly string[]): readonly string[] {
  return names.filter((name) =>
    topics.some((topic) => (typeof topic === 'string' ? topic === name : topic.test(name))),
  );
}

describe('a topic belongs to', () => {
  const exact = subscription('crm.orders', { source: 'orders' });
  const crm = subscription(/^crm\./, { source: 'crm', key: 'userId' });
  const all = subscription(/s$/, { source: 'all' });
  const owners = createTopicOwners([all, crm, exact], OWN);

  test.each([
    ['crm.orders', exact],
    ['crm.users', all],
    ['crm.visit', crm],
    ['xcrm.visit', undefined],
  ])('the subscription that names it, else the first whose pattern matches: %s', (topic, expected) => {
    expect(owners.of(topic)).toBe(expected);
  });

  test("nobody when it is the log's own, or the broker's", () => {
    const everything = createTopicOwners([subscription(/.*/)], OWN);
    expect(OWN.map((topic) => everything.of(topic))).toEqual([undefined, undefined, undefined]);
    expect(everything.of('__consumer_offsets')).toBeUndefined();
    expect(everything.of('brazier-events')).toBeDefined();
    expect(everything.of('brazier.events.mine')).toBeDefined();
  });

  test('one consumer only: what two patterns match is read by the first one alone', () => {
    const names = ['crm.orders', 'crm.users', 'crm.visit', 'brazier.events', '__transaction_states'];
    expect(read(owners.topics(isReadDirectly), names)).toEqual(['crm.visit']);
    expect(
      read(
        owners.topics((each) => !isReadDirectly(each)),
        names,
      ),
    ).toEqual(['crm.orders', 'crm.users']);
  });
});

test.each([
  ["the log's own topic", [subscription('brazier.events')], /brazier\.events, which is the log's own/],
  ['one topic twice', [subscription('a'), subscription('a', { source: 'b' })], /two subscriptions to a/],
])('refuses %s', (_what, subscriptions, message) => {
  expect(() => createTopicOwners(subscriptions, OWN)).toThrow(message);
});

test('only single events under the key of the person are read where they are', () => {
  expect(isReadDirectly(subscription('a', { key: 'userId' }))).toBe(true);
  expect(isReadDirectly(subscription('a'))).toBe(false);
  expect(isReadDirectly(subscription('a', { key: 'userId', format: 'batch' }))).toBe(false);
  expect(isReadDirectly(subscription('a', { key: 'userId', format: 'array' }))).toBe(false);
});
