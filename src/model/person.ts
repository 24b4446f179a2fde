/** Who an event is about: the identities in it, the one that counts, and the keys that keep a person's order. */
import { brazeOptions } from './integrations.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

/** The members that name a person; a raw event and a normalised one both have them. */
export interface PersonSource {
  readonly type?: Json | undefined;
  readonly userId?: Json | undefined;
  readonly anonymousId?: Json | undefined;
  readonly traits?: Json | undefined;
  readonly context?: Json | undefined;
  readonly integrations?: Json | undefined;
}

/** An alias as Braze writes it. */
export type UserAlias = { readonly alias_name: string; readonly alias_label: string };

/** The label of aliases made of anonymous ids: RudderStack's, so that profiles made by it are found again. */
export const ANONYMOUS_LABEL = 'rudder_id';

/**
 * An id as text: trimmed, well-formed Unicode. Numbers, true and non-empty objects and arrays become their
 * JSON text, as RudderStack's SDKs and gateway do; null, false, blank text and empty containers are no ids.
 */
export function toId(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return cleanId(value);
  if (value === undefined || value === null || value === false) return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value === 'object' && Object.keys(value).length === 0) return undefined;
  return cleanId(JSON.stringify(value));
}

function cleanId(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === '' ? undefined : trimmed.toWellFormed();
}

/**
 * The Braze external id: brazeExternalId, else the id of a warehouse record, else the user id, else the ids among
 * the traits.
 */
export function externalIdOf(source: PersonSource, type = source.type): string | undefined {
  return (
    brazeExternalIdOf(source.context) ??
    warehouseIdOf(source.context, type) ??
    toId(source.userId) ??
    idInTraits(source, type) ??
    contextId(source)
  );
}

function brazeExternalIdOf(context: Json | undefined): string | undefined {
  if (!isObject(context) || !Array.isArray(context.externalId)) return undefined;
  const entry = context.externalId.find((each) => isObject(each) && each.type === 'brazeExternalId');
  return isObject(entry) ? toId(entry.id) : undefined;
}

/** Whether a reverse ETL job mapped the event: its traits are Braze's fields already. Any truthy mark counts. */
export function isMapped(context: Json | undefined): boolean {
  return isObject(context) && Boolean(context.mappedToDestination);
}

/** The first external id of a mapped event, whatever its type. An alias call names both its sides itself. */
function warehouseIdOf(context: Json | undefined, type: Json | undefined): string | undefined {
  if (!isObject(context) || !context.mappedToDestination || isType(type, 'alias')) return undefined;
  const [first] = Array.isArray(context.externalId) ? context.externalId : [];
  return isObject(first) && first.id ? toId(first.id) : undefined;
}

/** A group call's root traits describe the group: an id among them is not the person's. */
function idInTraits(source: PersonSource, type: Json | undefined): string | undefined {
  if (!isObject(source.traits) || isType(type, 'group')) return undefined;
  return toId(source.traits.userId) ?? toId(source.traits.id);
}

function contextId({ context }: PersonSource): string | undefined {
  if (!isObject(context) || !isObject(context.traits)) return undefined;
  return toId(context.traits.userId) ?? toId(context.traits.id);
}

/** Whether the type that an event gives is this one; its case and spaces around it do not count. */
export function isType(type: Json | undefined, name: string): boolean {
  return typeof type === 'string' && type.trim().toLowerCase() === name;
}

/** The alias: the one given in the integrations object when it is complete, else the anonymous id. */
export function aliasOf(source: PersonSource): UserAlias | undefined {
  const custom = customAlias(source.integrations);
  if (custom) return custom;
  const anonymousId = toId(source.anonymousId);
  return anonymousId === undefined ? undefined : { alias_name: anonymousId, alias_label: ANONYMOUS_LABEL };
}

function customAlias(integrations: Json | undefined): UserAlias | undefined {
  const alias = brazeOptions(integrations)?.alias;
  if (!isObject(alias)) return undefined;
  const alias_name = toId(alias.alias_name);
  const alias_label = toId(alias.alias_label);
  return alias_name === undefined || alias_label === undefined ? undefined : { alias_name, alias_label };
}

/** The key of an external id. The prefix keeps it apart from an alias of the same text. */
export function externalIdKey(externalId: string): string {
  return `external_id:${externalId}`;
}

/** The key of an alias. Two aliases whose colons make them look alike only wait for one another. */
export function aliasKey(alias: UserAlias): string {
  return `alias:${alias.alias_label}:${alias.alias_name}`;
}

/**
 * The key of the person a raw event is about, in the form of the operations' keys; undefined when it names
 * nobody. `type` is the one a single-call route gives, in place of the event's own.
 */
export function personKey(raw: JsonObject, type?: string): string | undefined {
  const externalId = externalIdOf(raw, type ?? raw.type);
  if (externalId !== undefined) return externalIdKey(externalId);
  const alias = aliasOf(raw);
  return alias && aliasKey(alias);
}
