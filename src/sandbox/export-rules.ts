/** `/users/export/ids` by Braze's rules: who is asked for, who is known of them, and which fields go out. Reads only. */
import { type Call, profilesOf } from './call.ts';
import { type Identity, readAlias, readExternalId } from './identity.ts';
import { checkLists, listOf, MAX_IDS, TOO_MANY_IDS } from './item-lists.ts';
import { idText, isObject, type Json, type JsonObject } from './json.ts';
import type { Profile } from './profile.ts';
import { quantityOf, summarise } from './summaries.ts';
import { jsonReply, turnedAway, type Verdict } from './verdict.ts';

/** Fields for which Braze reads messages too; without them an export is cheap and has a higher rate limit. */
const COSTLY_FIELDS = ['campaigns_received', 'canvases_received'];
const LISTS = ['external_ids', 'user_aliases'] as const;
const SINGLES = ['braze_id', 'device_id', 'email_address', 'phone'] as const;

/** Whether the fields asked for leave out the costly ones. */
export function isCheapExport(body: Json | undefined): boolean {
  const fields = isObject(body) ? body.fields_to_export : undefined;
  return Array.isArray(fields) && !COSTLY_FIELDS.some((field) => fields.includes(field));
}

/** 201 with the users found; external ids that nobody has stand in `invalid_user_ids`, which is absent when all are known. */
export function judgeExport({ body, store }: Call): Verdict {
  const problem = exportProblem(body);
  if (problem !== undefined) return problem;
  const people = new Set<Profile>();
  const unknown: string[] = [];
  for (const who of asked(body)) {
    const found = profilesOf(who, store);
    for (const profile of found) people.add(profile);
    if (found.length === 0 && who.by === 'external_id') unknown.push(who.id);
  }
  const users = Array.from(people, (profile) => pick(exported(profile), body.fields_to_export));
  const invalid = unknown.length > 0 ? { invalid_user_ids: unknown } : {};
  return { reply: jsonReply(201, { users, ...invalid, message: 'success' }), changes: [] };
}

function exportProblem(body: JsonObject): Verdict | undefined {
  const { fields_to_export: fields } = body;
  if (
    fields !== undefined &&
    !(Array.isArray(fields) && fields.every((field) => typeof field === 'string'))
  ) {
    return turnedAway(400, "'fields_to_export' must be an array of strings");
  }
  const singles = SINGLES.filter((field) => idText(body[field]) !== undefined);
  if (singles.length === 0) return checkLists(body, LISTS);
  const listed = LISTS.flatMap((field) => listOf(body[field]) ?? []);
  const isAlone = singles.length === 1 && listed.length === 0;
  if (isAlone) return undefined;
  return turnedAway(400, listed.length > MAX_IDS ? TOO_MANY_IDS : 'only one kind of identifier is allowed');
}

function asked(body: JsonObject): Identity[] {
  const ids = (listOf(body.external_ids) ?? []).map((id) => readExternalId(id));
  const aliases = (listOf(body.user_aliases) ?? []).map((alias) => readAlias(alias));
  const email = idText(body.email_address);
  const phone = idText(body.phone);
  return [
    ...ids.filter((who) => typeof who !== 'string'),
    ...aliases.flatMap((alias) => (alias === undefined ? [] : [{ by: 'alias' as const, alias }])),
    ...(email === undefined ? [] : [{ by: 'email' as const, address: email }]),
    ...(phone === undefined ? [] : [{ by: 'phone' as const, address: phone }]),
  ];
}

/** Braze: empty fields are left out; the state of a subscription is `subscribed` until somebody says otherwise. */
function exported(profile: Profile): JsonObject {
  const { attributes, customAttributes, aliases, events, purchases } = profile;
  const {
    current_location: location,
    subscription_groups: _groups,
    ...standard
  } = Object.fromEntries(attributes);
  const all: Record<string, unknown> = {
    external_id: profile.externalId,
    user_aliases: [...aliases].map(([label, name]) => ({ alias_name: name, alias_label: label })),
    push_subscribe: 'subscribed',
    email_subscribe: 'subscribed',
    ...standard,
    last_coordinates: isObject(location) ? [location.longitude, location.latitude] : undefined,
    custom_attributes: Object.fromEntries(customAttributes),
    custom_events: summarise(events, 'name'),
    purchases: summarise(purchases, 'product_id'),
    total_revenue: revenueOf(purchases),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => !isEmpty(value))) as JsonObject;
}

/** In the currencies as sent: the sandbox knows no exchange rates. */
function revenueOf(purchases: readonly JsonObject[]): number | undefined {
  if (purchases.length === 0) return undefined;
  return purchases.reduce((total, purchase) => total + Number(purchase.price) * quantityOf(purchase), 0);
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === undefined || value === null;
  return Object.keys(value).length === 0;
}

function pick(user: JsonObject, fields: Json | undefined): JsonObject {
  if (!Array.isArray(fields)) return user;
  return Object.fromEntries(Object.entries(user).filter(([name]) => fields.includes(name)));
}
