/** `/users/track/bulk` and `/users/track/sync` by Braze's rules: many objects at once, or one that is applied before the answer. */
import type { Call } from './call.ts';
import { type Identity, readIdentity } from './identity.ts';
import { isObject, type JsonObject } from './json.ts';
import type { Profile } from './profile.ts';
import { summarise } from './summaries.ts';
import { ARRAYS, countObjects, judgeObjects, sum, TOO_MANY_OBJECTS } from './track-rules.ts';
import { type Change, jsonReply, turnedAway, type Verdict } from './verdict.ts';

/** Braze: 1,000 objects in a bulk request, 100 of them for one user, 2 MB. */
const MAX_BULK_OBJECTS = 1000;
const MAX_BULK_PER_USER = 100;
export const MAX_BULK_BYTES = 2 * 1024 * 1024;

/** As a track request, with its own caps. */
export function judgeBulk({ body, context }: Call): Verdict {
  const counts = countObjects(body);
  if (typeof counts === 'string') return turnedAway(400, counts);
  const isTooMany = sum(counts) > MAX_BULK_OBJECTS || mostOfOneUser(body) > MAX_BULK_PER_USER;
  return isTooMany ? turnedAway(400, TOO_MANY_OBJECTS) : judgeObjects(body, context);
}

function mostOfOneUser(body: JsonObject): number {
  const counts = new Map<string, number>();
  for (const item of ARRAYS.flatMap((array) => body[array] ?? [])) {
    const who = isObject(item) ? readIdentity(item) : '';
    if (typeof who === 'string') continue;
    const user = JSON.stringify(who);
    counts.set(user, (counts.get(user) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

/** 201 when the one object is applied, with what the user then has of it; no user where an update found nobody. */
export function judgeSync({ body, context, store }: Call): Verdict {
  const counts = countObjects(body);
  if (typeof counts === 'string') return turnedAway(400, counts);
  if (sum(counts) > 1) return turnedAway(400, TOO_MANY_OBJECTS);
  const verdict = judgeObjects(body, context);
  const [change] = verdict.changes;
  if (change === undefined || !('object' in change)) return verdict;
  store.apply(change);
  const profile = store.users.find(change.who);
  const users = profile === undefined ? [] : [{ ...named(change.who), ...outcome(profile, change) }];
  return { reply: jsonReply(201, { users, message: 'success' }), changes: [] };
}

function named(who: Identity): JsonObject {
  if (who.by === 'external_id') return { external_id: who.id };
  if (who.by === 'alias') {
    return { user_alias: { alias_name: who.alias.name, alias_label: who.alias.label } };
  }
  return who.by === 'braze_id' ? {} : { [who.by]: who.address };
}

type TrackChange = Extract<Change, { object: JsonObject }>;

function outcome(profile: Profile, { kind, object }: TrackChange): object {
  if (kind === 'attributes') return { custom_attributes: namedAttributes(profile, object) };
  const field = kind === 'events' ? 'name' : 'product_id';
  const same = profile[kind].filter((each) => each[field] === object[field]);
  const [summary] = summarise(same, field);
  const { name, ...counts } = summary ?? {};
  return { [kind === 'events' ? 'custom_events' : 'purchase_events']: [{ [field]: name, ...counts }] };
}

function namedAttributes({ customAttributes }: Profile, object: JsonObject): JsonObject {
  return Object.fromEntries([...customAttributes].filter(([name]) => Object.hasOwn(object, name)));
}
