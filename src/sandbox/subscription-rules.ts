/** `/subscription/status/set` and its second version by Braze's rules: which group, which state, whose. Pure. */
import { type Identity, readExternalId } from './identity.ts';
import { listOf, MAX_IDS, TOO_MANY_IDS } from './item-lists.ts';
import { idText, isObject, type Json, type JsonObject } from './json.ts';
import { type Change, type Contact, jsonReply, turnedAway, type Verdict } from './verdict.ts';

const STATES: ReadonlySet<unknown> = new Set(['subscribed', 'unsubscribed']);

/** Undefined: every group is known. */
export type KnownGroups = ReadonlySet<string> | undefined;

/** The second version: 201, or 400 with a message alone; one bad group refuses the request. */
export function judgeSubscription(body: JsonObject, known?: KnownGroups): Verdict {
  const { subscription_groups: groups } = body;
  if (!Array.isArray(groups) || groups.length === 0 || !groups.every(isObject)) {
    return turnedAway(400, "'subscription_groups' must be an array of objects");
  }
  return judgeGroups(groups, known);
}

/** The first version: one group, the fields in the singular, each one id or several. */
export function judgeSubscriptionV1(body: JsonObject, known?: KnownGroups): Verdict {
  const { external_id: ids, email, phone, ...group } = body;
  const plural = { external_ids: several(ids), emails: several(email), phones: several(phone) };
  return judgeGroups([{ ...group, ...plural }], known);
}

function several(value: Json | undefined): Json[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function judgeGroups(groups: readonly JsonObject[], known: KnownGroups): Verdict {
  const changes: Change[] = [];
  for (const group of groups) {
    const some = readGroup(group, known);
    if (typeof some === 'string') return turnedAway(400, some);
    changes.push(...some);
  }
  return { reply: jsonReply(201, { message: 'success' }), changes };
}

function readGroup(group: JsonObject, known: KnownGroups): Change[] | string {
  const { subscription_group_id: groupId, subscription_state: state } = group;
  const isKnown = typeof groupId === 'string' && groupId !== '' && known?.has(groupId) !== false;
  if (!isKnown) return 'Invalid subscription group ID';
  if (typeof state !== 'string' || !STATES.has(state)) return 'Invalid subscription state';
  const people = readPeople(group);
  if (typeof people === 'string') return people;
  return people.map((who) => ({ kind: 'subscription', who, groupId, state }));
}

function readPeople(group: JsonObject): Identity[] | string {
  const [externalIds, emails, phones] = [group.external_ids, group.emails, group.phones].map(
    (list) => listOf(list) ?? [],
  ) as [readonly Json[], readonly Json[], readonly Json[]];
  if (emails.length > 0 && phones.length > 0) {
    return 'Either an email address or a phone number should be provided, but not both.';
  }
  if (Math.max(externalIds.length, emails.length, phones.length) > MAX_IDS) return TOO_MANY_IDS;
  const people: Identity[] = [...addresses(emails, 'email'), ...addresses(phones, 'phone')];
  for (const id of externalIds) {
    const who = readExternalId(id);
    if (typeof who === 'string') return who;
    people.push(who);
  }
  return people.length > 0 ? people : "'external_ids', 'emails' or 'phones' is required";
}

function addresses(list: readonly Json[], by: Contact['by']): Identity[] {
  return list.map((address) => ({ by, address: idText(address) ?? '' }));
}
