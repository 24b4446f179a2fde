/** What Braze demands of the `properties` of an event or purchase. Pure; the answer is the item error's text. */
import { notValid } from './error-texts.ts';
import { isObject, isSet, type JsonObject } from './json.ts';
import type { Assumptions } from './workspace.ts';

export interface PropertyRules {
  /** Names that the object itself uses. */
  readonly reserved: ReadonlySet<string>;
  /** Cap of the properties' JSON where a value is nested. */
  readonly maxBytes: number;
  /** Size of the whole request; no object in it can be larger. */
  readonly bodyBytes: number;
  readonly assume: Assumptions;
}

/** Braze: property names up to 255 characters, 256 of them. */
const MAX_NAME_LENGTH = 255;
const MAX_PROPERTIES = 256;

/** Undefined when the properties are fine; those over the cap of 256 are then gone. */
export function checkProperties(object: JsonObject, rules: PropertyRules): string | undefined {
  const { properties } = object;
  if (!isSet(properties)) return undefined;
  if (!isObject(properties)) return notValid('properties');
  const names = Object.keys(properties);
  const problem = checkNames(names, rules);
  if (problem !== undefined) return problem;
  if (isTooLarge(properties, rules)) return `'properties' must be at most ${rules.maxBytes / 1024} KB`;
  if (names.length > MAX_PROPERTIES) object.properties = firstProperties(properties);
  return undefined;
}

function checkNames(names: readonly string[], { reserved, assume }: PropertyRules): string | undefined {
  for (const name of names) {
    if (reserved.has(name)) return `The property '${name}' is reserved`;
    if (assume.badPropertyNames === 'refused' && isBadName(name)) return notValid('properties');
  }
  return undefined;
}

function isBadName(name: string): boolean {
  return name === '' || name.length > MAX_NAME_LENGTH || name.startsWith('$');
}

/** Braze caps properties only where one of them is an object or an array. */
function isTooLarge(properties: JsonObject, { bodyBytes, maxBytes }: PropertyRules): boolean {
  if (bodyBytes <= maxBytes) return false;
  const isNested = Object.values(properties).some((value) => typeof value === 'object' && value !== null);
  return isNested && Buffer.byteLength(JSON.stringify(properties)) > maxBytes;
}

function firstProperties(properties: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).slice(0, MAX_PROPERTIES));
}
