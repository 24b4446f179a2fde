import { beforeEach, describe, expect, it } from 'vitest';
import type { Identity } from '../../../src/sandbox/identity.ts';
import type { JsonObject } from '../../../src/sandbox/json.ts';
import { createProfiles, type Profiles } from '../../../src/sandbox/profiles.ts';

let profiles: Profiles;
beforeEach(() => {
  profiles = createProfiles();
});

const user = (id: string): Identity => ({ by: 'external_id', id });
const anonymous = (name: string, label = 'anon'): Identity => ({ by: 'alias', alias: { label, name } });
const alias = (name: string, label = 'anon') => ({ label, name });

function attributes(who: Identity, object: JsonObject, updateOnly?: boolean): void {
  profiles.apply({ kind: 'attributes', who, updateOnly, object });
}
function event(who: Identity, name: string, updateOnly?: boolean): void {
  profiles.apply({ kind: 'events', who, updateOnly, object: { name } });
}
function purchase(who: Identity, product: string): void {
  profiles.apply({ kind: 'purchases', who, updateOnly: false, object: { product_id: product } });
}
/** external id, or the alias names, → event names. */
function eventsOf(): Record<string, string[]> {
  return Object.fromEntries(
    profiles
      .users()
      .map(({ external_id: id, user_aliases: aliases, events }) => [
        id ?? aliases.map((each) => each.alias_name).join(),
        events.map((each) => String(each.name)),
      ]),
  );
}

describe('identify', () => {
  const identify = (externalId: string, name: string, label?: string) =>
    profiles.apply({ kind: 'identify', externalId, alias: alias(name, label) });

  it('gives the anonymous profile an external id that nobody has', () => {
    event(anonymous('a1'), 'A', false);
    identify('u1', 'a1');
    event(user('u1'), 'B');
    event(anonymous('a1'), 'C');
    expect(eventsOf()).toEqual({ u1: ['A', 'B', 'C'] });
  });

  it('fills the gaps of a known user, appends what was done, and deletes the anonymous profile', () => {
    attributes(user('u1'), { first_name: 'Ada', plan: 'pro' });
    event(user('u1'), 'known');
    attributes(anonymous('a1'), { first_name: 'X', last_name: 'L', plan: 'free', seen: 1 }, false);
    event(anonymous('a1'), 'anonymous');
    purchase(anonymous('a1'), 'p1');
    identify('u1', 'a1');
    expect(profiles.users()).toEqual([
      {
        external_id: 'u1',
        user_aliases: [{ alias_name: 'a1', alias_label: 'anon' }],
        attributes: { first_name: 'Ada', last_name: 'L' },
        custom_attributes: { plan: 'pro', seen: 1 },
        events: [{ name: 'known' }, { name: 'anonymous' }],
        purchases: [{ product_id: 'p1' }],
      },
    ]);
  });

  it('combines nothing when the user has an alias of that label already', () => {
    event(user('u1'), 'U');
    profiles.apply({ kind: 'alias', externalId: 'u1', alias: alias('a0') });
    event(anonymous('a1'), 'A', false);
    identify('u1', 'a1');
    expect(eventsOf()).toEqual({ u1: ['U'], a1: ['A'] });
  });

  it('does nothing for an alias that nobody has, and nothing the second time', () => {
    identify('u1', 'a1');
    expect(profiles.users()).toEqual([]);
    event(anonymous('a1'), 'A', false);
    for (let round = 0; round < 2; round += 1) identify('u1', 'a1');
    expect(eventsOf()).toEqual({ u1: ['A'] });
  });

  it('leaves an alias alone that belongs to somebody with another external id', () => {
    event(user('u1'), 'A');
    profiles.apply({ kind: 'alias', externalId: 'u1', alias: alias('a1') });
    identify('u2', 'a1');
    expect(eventsOf()).toEqual({ u1: ['A'] });
  });
});

describe('alias', () => {
  const newAlias = (externalId: string | undefined, name: string, label?: string) =>
    profiles.apply({ kind: 'alias', externalId, alias: alias(name, label) });

  it('adds the alias to nobody when the external id is unknown', () => {
    newAlias('u1', 'a1');
    expect(profiles.users()).toEqual([]);
  });

  it('makes an alias-only user without an external id', () => {
    newAlias(undefined, 'a1');
    expect(eventsOf()).toEqual({ a1: [] });
  });

  it('leaves the second user of a label and name unchanged', () => {
    for (const id of ['u1', 'u2']) {
      event(user(id), id);
      newAlias(id, 'a1');
    }
    event(anonymous('a1'), 'A');
    expect(eventsOf()).toEqual({ u1: ['u1', 'A'], u2: ['u2'] });
  });

  it('gives a user one alias of a label and any number of labels', () => {
    event(user('u1'), 'A');
    newAlias('u1', 'a1');
    newAlias('u1', 'a2');
    newAlias('u1', 'b1', 'other');
    expect(profiles.users()[0]?.user_aliases).toEqual([
      { alias_name: 'a1', alias_label: 'anon' },
      { alias_name: 'b1', alias_label: 'other' },
    ]);
  });
});

describe('merge', () => {
  const merge = (from: Identity, into: Identity) => profiles.apply({ kind: 'merge', from, into });

  it('keeps the one user with what the other had and it lacked', () => {
    attributes(user('old'), { first_name: 'Old', last_name: 'L' });
    event(user('old'), 'A');
    attributes(user('new'), { first_name: 'New' });
    merge(user('old'), user('new'));
    expect(profiles.users()).toMatchObject([
      { external_id: 'new', attributes: { first_name: 'New', last_name: 'L' }, events: [{ name: 'A' }] },
    ]);
  });

  it('does nothing when either is unknown or both are one', () => {
    event(user('u1'), 'A');
    merge(user('u1'), user('nobody'));
    merge(user('nobody'), user('u1'));
    merge(user('u1'), user('u1'));
    expect(eventsOf()).toEqual({ u1: ['A'] });
  });

  it('does nothing for an email that several users share', () => {
    for (const id of ['u1', 'u2']) attributes(user(id), { email: 'a@b.co' });
    merge({ by: 'email', address: 'a@b.co' }, user('u1'));
    expect(profiles.users()).toHaveLength(2);
  });

  it('frees the external id of the user who is gone', () => {
    event(user('old'), 'A');
    event(user('new'), 'B');
    merge(user('old'), user('new'));
    event(user('old'), 'C');
    expect(eventsOf()).toEqual({ new: ['B', 'A'], old: ['C'] });
  });
});

describe('subscription', () => {
  const set = (who: Identity, groupId: string, state: string) =>
    profiles.apply({ kind: 'subscription', who, groupId, state });
  const group = (id: string, state: string) => ({ subscription_group_id: id, subscription_state: state });

  it('keeps the last state of each group', () => {
    attributes(user('u1'), { subscription_groups: [group('g1', 'subscribed'), group('g2', 'subscribed')] });
    set(user('u1'), 'g1', 'unsubscribed');
    expect(profiles.users()[0]?.attributes).toEqual({
      subscription_groups: [group('g2', 'subscribed'), group('g1', 'unsubscribed')],
    });
  });

  it('hits every user of an email and creates nobody', () => {
    for (const id of ['u1', 'u2']) attributes(user(id), { email: 'a@b.co' });
    set({ by: 'email', address: 'a@b.co' }, 'g1', 'subscribed');
    set(user('nobody'), 'g1', 'subscribed');
    expect(profiles.users().map((each) => each.attributes.subscription_groups)).toEqual([
      [group('g1', 'subscribed')],
      [group('g1', 'subscribed')],
    ]);
  });
});
