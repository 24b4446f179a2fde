import { describe, expect, it } from 'vitest';
import type { Identity } from '../../../src/sandbox/identity.ts';
import type { JsonObject } from '../../../src/sandbox/json.ts';
import { createProfiles } from '../../../src/sandbox/profiles.ts';
import { createWorkspace, type WorkspaceOptions } from '../../../src/sandbox/workspace.ts';
import { event, judge, purchase } from './judging.ts';

/** Users after these track requests, each judged and applied. */
function usersAfter(requests: readonly JsonObject[], options: WorkspaceOptions = {}) {
  const profiles = createProfiles(createWorkspace(options));
  for (const request of requests) {
    for (const change of judge(request, options).changes) profiles.apply(change);
  }
  return profiles.users();
}

/** external id, or the alias names, → event names. */
function eventsOf(requests: readonly JsonObject[], options: WorkspaceOptions = {}): Record<string, string[]> {
  return Object.fromEntries(
    usersAfter(requests, options).map(({ external_id: id, user_aliases: aliases, events }) => [
      id ?? aliases.map((each) => each.alias_name).join(),
      events.map((each) => String(each.name)),
    ]),
  );
}

const attributes = (...list: JsonObject[]) => ({ attributes: list });
const named = (name: string, who: JsonObject) => ({
  events: [{ ...event({ external_id: null }), ...who, name }],
});
const alias = { user_alias: { alias_label: 'anon', alias_name: 'a1' } };

it('rule 33: update-only leaves an unknown user unknown, and updates a known one', () => {
  const update = { external_id: 'u1', plan: 'pro', _update_existing_only: true };
  expect(judge(attributes({ ...update })).body).toMatchObject({
    attributes_processed: 1,
    message: 'success',
  });
  expect(usersAfter([attributes({ ...update })])).toEqual([]);
  expect(usersAfter([{ events: [event({ _update_existing_only: true })] }])).toEqual([]);
  expect(usersAfter([{ purchases: [purchase({ _update_existing_only: true })] }])).toEqual([]);
  expect(usersAfter([attributes({ external_id: 'u1' }), attributes({ ...update })])).toMatchObject([
    { custom_attributes: { plan: 'pro' } },
  ]);
});

it('rule 33: an alias is update-only unless the object says false', () => {
  expect(
    eventsOf([
      named('lost', alias),
      named('lost', { ...alias, _update_existing_only: true }),
      named('first', { ...alias, _update_existing_only: false }),
      named('second', alias),
    ]),
  ).toEqual({ a1: ['first', 'second'] });
});

it('rule 34: an unknown external id with a known email makes a second user', () => {
  const users = usersAfter([
    attributes({ email: 'a@b.co' }),
    attributes({ external_id: 'u1', email: 'a@b.co', plan: 'pro' }),
  ]);
  expect(users.map((each) => [each.external_id, each.attributes.email])).toEqual([
    [null, 'a@b.co'],
    ['u1', 'a@b.co'],
  ]);
});

it('rule 35: what is sent twice is stored twice', () => {
  const body = () => ({ events: [event(), event()], purchases: [purchase()] });
  const [user] = usersAfter([body(), body()]);
  expect([user?.events.length, user?.purchases.length]).toEqual([4, 2]);
});

it('rule 41: blocklisted attributes, events and products are accepted and dropped', () => {
  const options = { blockedNames: ['secret', 'first_name'] };
  const body = () => ({
    attributes: [{ external_id: 'u1', secret: 1, plan: 'pro', first_name: 'Ada' }],
    events: [event({ name: 'secret' }), event(), event({ name: 'secret', external_id: 'u2' })],
    purchases: [purchase({ product_id: 'secret' }), purchase()],
  });
  expect(judge(body(), options).body).toEqual({
    attributes_processed: 1,
    events_processed: 3,
    purchases_processed: 2,
    message: 'success',
  });
  expect(usersAfter([body()], options)).toEqual([
    {
      external_id: 'u1',
      user_aliases: [],
      // Standard attributes cannot be blocklisted.
      attributes: { first_name: 'Ada' },
      custom_attributes: { plan: 'pro' },
      events: [event()],
      purchases: [purchase()],
    },
  ]);
  expect(usersAfter([body()])[0]?.events).toHaveLength(2);
});

it('rule 19: each push token that nobody has makes an anonymous user', () => {
  const token = (text: string) => ({ app_id: 'app', token: text });
  const tokens = ['t1', 't2', 't2'].map(token);
  const users = usersAfter([
    attributes({ external_id: 'u1', push_tokens: [token('t1')] }),
    attributes({ push_token_import: true, push_tokens: tokens, plan: 'pro' }),
    attributes({ push_token_import: true, push_tokens: tokens }),
  ]);
  expect(
    users.map((each) => [each.external_id, each.attributes.push_tokens, each.custom_attributes]),
  ).toEqual([
    ['u1', [token('t1')], {}],
    [null, [token('t2')], { plan: 'pro' }],
  ]);
});

describe('track', () => {
  it('creates an unknown external id and shows the whole profile', () => {
    const set = { external_id: 'u1', first_name: 'Ada', plan: 'pro', Email: 'x', bio: 'ignored' };
    expect(usersAfter([attributes(set)])).toEqual([
      {
        external_id: 'u1',
        user_aliases: [],
        attributes: { first_name: 'Ada' },
        custom_attributes: { plan: 'pro', Email: 'x' },
        events: [],
        purchases: [],
      },
    ]);
  });

  it('drops what is sent to a braze_id', () => {
    expect(usersAfter([attributes({ braze_id: 'b1', plan: 'pro' })])).toEqual([]);
  });

  it('clears with null, standard and custom attributes alike', () => {
    const id = { external_id: 'u1' };
    const set = attributes({ ...id, first_name: 'Ada', country: 'DE', plan: 'pro', keep: 1 });
    const users = usersAfter([set, attributes({ ...id, first_name: null, country: 'Atlantis', plan: null })]);
    expect(users).toMatchObject([{ attributes: {}, custom_attributes: { keep: 1 } }]);
    expect(users[0]?.attributes).toEqual({});
  });

  it('leaves the old value where Braze would silently take none', () => {
    const id = { external_id: 'u1' };
    const old = { time_zone: 'UTC', gender: 'F', plan: 'pro', n: { a: 1 } };
    const bad = { time_zone: 'x', gender: 'x', plan: 'x'.repeat(256), n: { b: null }, ['k'.repeat(256)]: 1 };
    const [user] = usersAfter([attributes({ ...id, ...old }), attributes({ ...id, ...bad })]);
    expect({ ...user?.attributes, ...user?.custom_attributes }).toEqual(old);
  });

  it('keeps a key named __proto__ as data', () => {
    const users = usersAfter([attributes(JSON.parse('{"external_id":"u1","__proto__":{"polluted":true}}'))]);
    expect(JSON.stringify(users[0]?.custom_attributes)).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('finds the newest user with an external id by email, in whatever case it is written', () => {
    expect(
      eventsOf([
        attributes({ external_id: 'u1', email: 'A@b.co' }, { external_id: 'u2', email: 'A@b.co' }),
        named('newest identified', { external_id: 'u1' }),
        attributes({ ...alias, email: 'a@b.co', _update_existing_only: false }),
        named('by email', { email: 'a@B.co' }),
      ]),
    ).toEqual({ u1: ['newest identified', 'by email'], u2: [], a1: [] });
  });

  it.each<[Extract<Identity, { address: string }>, string]>([
    [{ by: 'phone', address: '+49' }, '+49'],
    [{ by: 'email', address: 'A@b.co' }, 'a@b.co'],
  ])('creates a user for an address that nobody has, with that address: %j', ({ by, address }, kept) => {
    const users = usersAfter([named('A', { [by]: address }), named('B', { [by]: address })]);
    expect(users).toMatchObject([{ external_id: null, attributes: { [by]: kept } }]);
    expect(users[0]?.events).toHaveLength(2);
  });

  it('no longer finds a user by an email that was changed', () => {
    const update = { _update_existing_only: true };
    expect(
      eventsOf([
        attributes({ external_id: 'u1', email: 'old@b.co' }),
        attributes({ external_id: 'u1', email: 'new@b.co' }),
        named('A', { email: 'old@b.co', ...update }),
        named('B', { email: 'new@b.co', ...update }),
      ]),
    ).toEqual({ u1: ['B'] });
  });
});
