/** Events of all kinds for property tests: mostly plausible, so that many pass, and hostile everywhere else. */
import fc from 'fast-check';
import type { JsonObject } from '../../src/model/json.ts';
import { ECOMMERCE_CALLS, RECOMMENDED_EVENTS, recommended, shopping } from './hostile-orders.ts';
import {
  flag,
  hostile,
  id,
  members,
  mostly,
  objectOf,
  oddName,
  one,
  time,
  type Values,
  word,
} from './hostile-values.ts';

const item = members({ id: word, identifier: one('id'), color: word }, ['id', 'identifier']);
const operation = members(
  {
    add: mostly(fc.array(item, { maxLength: 3 })),
    update: mostly(fc.array(item, { maxLength: 3 })),
    remove: mostly(fc.array(item, { maxLength: 3 })),
  },
  [],
);
const state = one('subscribed', 'unsubscribed');
const token = members({ app_id: one('app'), token: one('t'), device_id: one('12345678', null) }, [
  'app_id',
  'token',
]);
const groupState = members({ subscription_group_id: one('g1'), subscription_state: state }, [
  'subscription_group_id',
  'subscription_state',
]);
const email = mostly(one('Kim@Example.com', 'a.b+c@sub.example.org', 'k\u00efm@example.com'), 15);

const traits = members(
  {
    email,
    firstName: word,
    lastName: word,
    first_name: word,
    phone: mostly(one('+4912345', 49123)),
    gender: mostly(one('male', 'F', null, 'prefer-not-to-say')),
    birthday: mostly(one('1990-02-03', '1990')),
    dob: mostly(one('1990-02-03', '2.3.1990')),
    avatar: word,
    address: members({ city: word, country: mostly(one('DE', 'Germany', 'QQ')) }, []),
    country: mostly(one('de', 'France', 'XX')),
    language: mostly(one('de', 'en-GB')),
    time_zone: mostly(one('Europe/Berlin', 'Nowhere/Land', 'Eastern Time (US & Canada)')),
    email_subscribe: mostly(one('opted_in', 'subscribed', null), 20),
    push_subscribe: mostly(one('unsubscribed', 'opted_in'), 20),
    current_location: mostly(
      members({ longitude: one(1, 2.5), latitude: one(3) }, ['longitude', 'latitude']),
      20,
    ),
    push_tokens: mostly(fc.array(token, { maxLength: 2 }), 20),
    subscription_groups: mostly(fc.array(groupState, { maxLength: 2 }), 20),
    subscriptionState: mostly(state, 20),
    plan: word,
    pets: fc.oneof(operation, mostly(fc.array(item, { maxLength: 3 }))),
    tags: mostly(fc.array(word, { maxLength: 5 })),
    id,
    groupId: id,
  },
  [],
  20,
);

const properties = fc.oneof(
  { weight: 6, arbitrary: shopping },
  { weight: 2, arbitrary: objectOf(oddName, hostile, 8) as Values },
  { weight: 1, arbitrary: recommended },
  { weight: 1, arbitrary: hostile },
);

/** A name as senders spell it. */
function spelled(names: readonly string[]): Values {
  const spellings: readonly ((name: string) => string)[] = [
    (name) => name,
    (name) => name.toUpperCase(),
    (name) => name.toLowerCase(),
    (name) => ` ${name}\t`,
  ];
  return fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(...spellings))
    .map(([name, spell]) => spell(name));
}

const context = members(
  {
    traits,
    externalId: mostly(
      fc.array(members({ type: one('brazeExternalId', 'other'), id }, ['type', 'id']), { maxLength: 2 }),
    ),
    mappedToDestination: mostly(one(true, 'braze')),
    channel: one('mobile', 'web'),
    os: one({ name: 'iOS' }, { name: 'Android' }, 5),
  },
  [],
);
const options = members(
  { alias: members({ alias_name: id, alias_label: id }, ['alias_name', 'alias_label']), appId: word },
  [],
);
const integrations = mostly(
  fc
    .tuple(fc.constantFrom('Braze', 'BRAZE', 'braze', 'bRaZe', 'All', '__proto__'), fc.oneof(options, flag))
    .map(([name, value]) => Object.fromEntries([[name, value]])),
);

/** Members that any event may have; the type of the call and its own members go over them. */
function call(type: Values, own: Record<string, Values>): fc.Arbitrary<JsonObject> {
  const common = {
    userId: id,
    anonymousId: id,
    messageId: id,
    timestamp: time,
    originalTimestamp: time,
    sentAt: time,
    context,
    integrations,
    channel: one('mobile', 'server'),
    properties,
  };
  const needed = ['type', 'userId', ...Object.keys(own).filter((name) => name !== 'traits')];
  const whole = fc.record({ ...common, type, ...own }, { requiredKeys: needed as (keyof typeof common)[] });
  const anonymous = fc.tuple(whole, fc.integer({ min: 0, max: 3 }), id).map(([event, dice, anonymousId]) => {
    if (dice > 0) return event;
    const { userId: _userId, ...rest } = event;
    return { ...rest, anonymousId };
  });
  return anonymous as fc.Arbitrary<JsonObject>;
}

/** Events of the six types, and a few of none; at most 200 levels deep, as ingest lets them through. */
export const hostileEvent: fc.Arbitrary<JsonObject> = fc.oneof(
  { weight: 3, arbitrary: call(one('identify', ' Identify '), { traits }) },
  {
    weight: 4,
    arbitrary: call(one('track'), { event: mostly(spelled(ECOMMERCE_CALLS), 30), properties: shopping }),
  },
  {
    weight: 2,
    arbitrary: call(one('track'), { event: fc.oneof(word, hostile), traits }),
  },
  {
    weight: 1,
    arbitrary: call(one('track', 'page'), {
      event: fc.constantFrom(...RECOMMENDED_EVENTS),
      name: fc.constantFrom(...RECOMMENDED_EVENTS),
      properties: recommended,
    }),
  },
  { weight: 1, arbitrary: call(one('page', 'screen'), { name: mostly(one('Home', '', ' ')), traits }) },
  { weight: 2, arbitrary: call(one('group', 'GROUP'), { groupId: id, traits }) },
  { weight: 1, arbitrary: call(one('alias'), { previousId: mostly(one('a1', 'a2', 'u2')) }) },
  { weight: 1, arbitrary: call(hostile, { traits }) },
);
