/** `/v2/subscription/status/set` by Braze's rules: which group, which state, whose. Pure. */
import { type Identity, readExternalId } from './identity.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { TOO_MANY_IDS } from './link-rules.ts';
import { type Change, jsonReply, turnedAway, type Verdict } from './verdict.ts';

/** Braze: 50 external ids, emails or phones per group. */
const MAX_IDS = 50;
const STATES: ReadonlySet<unknown> = new Set(['subscribed', 'unsubscribed']);

/** 201, or 400 with a message alone: one bad group refuses the request. */
export function judgeSubscription(body: JsonObject): Verdict {
  const { subscription_groups: groups } = body;
  if (!Array.isArray(groups) || groups.length === 0 || !groups.every(isObject)) {
    return turnedAway(400, "'subscription_groups' must be an array of objects");
  }
  const changes: Change[] = [];
  for (const group of groups) {
    const some = readGroup(group);
    if (typeof some === 'string') return turnedAway(400, some);
    changes.push(...some);
  }
  return { reply: jsonReply(201, { message: 'success' }), changes };
}

function readGroup(group: JsonObject): Change[] | string {
  const { subscription_group_id: groupId, subscription_state: state } = group;
  if (typeof groupId !== 'string' || groupId === '') return 'Invalid subscription group ID';
  if (typeof state !== 'string' || !STATES.has(state)) return 'Invalid subscription state';
  const people = readPeople(group);
  if (typeof people === 'string') return people;
  return people.map((who) => ({ kind: 'subscription', who, groupId, state }));
}

function readPeople(group: JsonObject): Identity[] | string {
  const lists = [listOf(group.external_ids), listOf(group.emails), listOf(group.phones)] as const;
  const [externalIds, emails, phones] = lists;
  if (emails.length > 0 && phones.length > 0) {
    return 'Either an email address or a phone number should be provided, but not both.';
  }
  if (lists.some((list) => list.length > MAX_IDS)) return TOO_MANY_IDS;
  const people: Identity[] = [...addresses(emails, 'email'), ...addresses(phones, 'phone')];
  for (const id of externalIds) {
    const who = readExternalId(id);
    if (typeof who === 'string') return who;
    people.push(who);
  }
  return people.length > 0 ? people : "'external_ids', 'emails' or 'phones' is required";
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function addresses(list: readonly Json[], by: 'email' | 'phone'): Identity[] {
  return list.map((address) => ({ by, address: String(address) }));
}
