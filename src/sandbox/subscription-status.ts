/** `GET /subscription/status/get` and `GET /subscription/user/status` as Braze documents them. Reads only. */
import { type Call, profilesOf } from './call.ts';
import type { Identity } from './identity.ts';
import { isObject, type JsonObject } from './json.ts';
import type { Profile } from './profile.ts';
import { jsonReply, turnedAway, type Verdict } from './verdict.ts';

const NOBODY = "'external_id', 'email' or 'phone' is required";

/** The state of each user asked for in one group: `Subscribed`, `Unsubscribed`, or `unknown` where none was set. */
export function judgeGroupStatus({ query, store, context }: Call): Verdict {
  const parameters = new URLSearchParams(query);
  const groupId = parameters.get('subscription_group_id') ?? '';
  if (groupId === '' || context.workspace.subscriptionGroups?.has(groupId) === false) {
    return turnedAway(400, 'Invalid subscription group ID');
  }
  const asked = identitiesOf(parameters);
  if (asked.length === 0) return turnedAway(400, NOBODY);
  const states = asked.map(({ text, who }) => [text, stateIn(profilesOf(who, store)[0], groupId)]);
  return { reply: jsonReply(200, { status: Object.fromEntries(states), message: 'success' }), changes: [] };
}

/** The users asked for, each with the groups in which a state was set. */
export function judgeUserStatus({ query, store }: Call): Verdict {
  const asked = identitiesOf(new URLSearchParams(query));
  if (asked.length === 0) return turnedAway(400, NOBODY);
  const profiles = new Set(asked.flatMap(({ who }) => profilesOf(who, store)));
  const users = Array.from(profiles, (profile) => ({
    email: profile.attributes.get('email') ?? null,
    phone: profile.attributes.get('phone') ?? null,
    external_id: profile.externalId ?? null,
    subscription_groups: groupsOf(profile).map(({ subscription_group_id: id }) => ({
      id,
      status: stateIn(profile, String(id)),
    })),
  }));
  return { reply: jsonReply(200, { users, total_count: users.length, message: 'success' }), changes: [] };
}

interface Asked {
  readonly text: string;
  readonly who: Identity;
}

/** Each parameter may stand several times, with and without brackets behind its name. */
function identitiesOf(parameters: URLSearchParams): Asked[] {
  const all = (name: string) => [...parameters.getAll(name), ...parameters.getAll(`${name}[]`)];
  return [
    ...all('external_id').map((text): Asked => ({ text, who: { by: 'external_id', id: text } })),
    ...all('email').map((text): Asked => ({ text, who: { by: 'email', address: text } })),
    ...all('phone').map((text): Asked => ({ text, who: { by: 'phone', address: text } })),
  ];
}

function groupsOf(profile: Profile | undefined): JsonObject[] {
  const groups = profile?.attributes.get('subscription_groups');
  return Array.isArray(groups) ? groups.filter(isObject) : [];
}

function stateIn(profile: Profile | undefined, groupId: string): string {
  const group = groupsOf(profile).find(({ subscription_group_id: id }) => id === groupId);
  if (group === undefined) return 'unknown';
  return group.subscription_state === 'subscribed' ? 'Subscribed' : 'Unsubscribed';
}
