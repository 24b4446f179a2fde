/** One user's profile, how an attribute object changes it, and how two of them become one. Pure data, no look-up. */
import { nextValue, type UpdateRules } from './custom-values.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { isStandard, standardValue } from './standard-values.ts';
import { MAX_TEXT_LENGTH } from './storable.ts';
import type { Workspace } from './workspace.ts';

export interface Profile {
  externalId: string | undefined;
  /** Label → name: a user has at most one alias of a label. */
  readonly aliases: Map<string, string>;
  /** Braze's standard fields. */
  readonly attributes: Map<string, Json>;
  readonly customAttributes: Map<string, Json>;
  /** Whole, in the order applied. */
  readonly events: JsonObject[];
  readonly purchases: JsonObject[];
  /** Position of the last change in the order of all changes. */
  updated: number;
}

/** A profile as `GET /_sandbox/users` shows it. */
export interface SandboxUser {
  readonly external_id: string | null;
  readonly user_aliases: readonly { readonly alias_name: string; readonly alias_label: string }[];
  readonly attributes: JsonObject;
  readonly custom_attributes: JsonObject;
  readonly events: readonly JsonObject[];
  readonly purchases: readonly JsonObject[];
}

/** Keys that steer the update, and `bio`, which Braze ignores: neither standard nor custom attributes. */
const NOT_STORED: ReadonlySet<string> = new Set([
  'external_id',
  'user_alias',
  'braze_id',
  '_update_existing_only',
  '_merge_objects',
  'push_token_import',
  'bio',
]);

export function newProfile(): Profile {
  return {
    externalId: undefined,
    aliases: new Map(),
    attributes: new Map(),
    customAttributes: new Map(),
    events: [],
    purchases: [],
    updated: 0,
  };
}

/**
 * Applies an attribute object: null clears, standard fields by name, everything else is a custom attribute.
 * What Braze would silently leave out leaves the old value.
 */
export function setAttributes(profile: Profile, object: JsonObject, workspace: Workspace): void {
  const rules = { isMerge: object._merge_objects === true, workspace };
  for (const [name, value] of Object.entries(object)) {
    if (NOT_STORED.has(name)) continue;
    if (isStandard(name)) setStandard(profile, name, { value, workspace });
    else if (isCustom(name, workspace)) setCustom(profile.customAttributes, name, { value, rules });
  }
}

function isCustom(name: string, { blockedNames }: Workspace): boolean {
  return name.length <= MAX_TEXT_LENGTH && !blockedNames.has(name);
}

function setStandard(
  profile: Profile,
  name: string,
  { value, workspace }: { readonly value: Json; readonly workspace: Workspace },
): void {
  const next = value === null ? null : standardValue(name, value, workspace);
  if (next === null) profile.attributes.delete(name);
  else if (name === 'subscription_groups') setGroups(profile, value);
  else if (next !== undefined) profile.attributes.set(name, next);
}

function setGroups(profile: Profile, groups: Json): void {
  if (!Array.isArray(groups)) return;
  for (const group of groups) {
    if (!isObject(group)) continue;
    setSubscription(profile, String(group.subscription_group_id), String(group.subscription_state));
  }
}

function setCustom(
  attributes: Map<string, Json>,
  name: string,
  update: { readonly value: Json; readonly rules: UpdateRules },
): void {
  if (update.value === null) {
    attributes.delete(name);
    return;
  }
  const next = nextValue(attributes.get(name), update.value, update.rules);
  if (next !== undefined) attributes.set(name, next);
}

/** Sets the state of one subscription group; the other groups stay as they are. */
export function setSubscription(profile: Profile, groupId: string, state: string): void {
  const groups = profile.attributes.get('subscription_groups');
  const others = (Array.isArray(groups) ? groups : []).filter(
    (group) => !isObject(group) || group.subscription_group_id !== groupId,
  );
  const entry = { subscription_group_id: groupId, subscription_state: state };
  profile.attributes.set('subscription_groups', [...others, entry]);
}

/** What `kept` lacks it gains from `gone`; events and purchases are appended. Aliases are the caller's to move. */
export function absorb(kept: Profile, gone: Profile): void {
  fillGaps(kept.attributes, gone.attributes);
  fillGaps(kept.customAttributes, gone.customAttributes);
  for (const event of gone.events) kept.events.push(event);
  for (const purchase of gone.purchases) kept.purchases.push(purchase);
}

function fillGaps(kept: Map<string, Json>, gone: ReadonlyMap<string, Json>): void {
  for (const [name, value] of gone) {
    if (!kept.has(name)) kept.set(name, value);
  }
}

/** A snapshot: later changes of the profile do not show in it. */
export function showProfile(profile: Profile): SandboxUser {
  return {
    external_id: profile.externalId ?? null,
    user_aliases: [...profile.aliases].map(([label, name]) => ({ alias_name: name, alias_label: label })),
    attributes: Object.fromEntries(profile.attributes),
    custom_attributes: Object.fromEntries(profile.customAttributes),
    events: [...profile.events],
    purchases: [...profile.purchases],
  };
}
