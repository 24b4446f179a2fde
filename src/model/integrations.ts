/** Finds what an event's integrations object says about Braze, however the sender spelled the name. */
import { isObject, type Json, type JsonObject } from './json.ts';

const NAME = 'braze';
/** RudderStack looks for the options under these spellings, in this order. */
const SPELLINGS = ['BRAZE', 'Braze', 'braze'];

/** The options given to Braze (`appId`, `alias`), or undefined. */
export function brazeOptions(integrations: Json | undefined): JsonObject | undefined {
  if (!isObject(integrations)) return undefined;
  for (const spelling of SPELLINGS) {
    const value = integrations[spelling];
    if (isObject(value)) return value;
  }
  for (const key of Object.keys(integrations)) {
    const value = integrations[key];
    if (isSame(key, NAME) && isObject(value)) return value;
  }
  return undefined;
}

/**
 * The yes or no given to `name` (lower-case), an object counting as yes; undefined when there is neither.
 * `exact`, RudderStack's spelling, wins over the others.
 */
export function wish(integrations: JsonObject, name: string, exact: string): boolean | undefined {
  const first = asWish(integrations[exact]);
  if (first !== undefined) return first;
  for (const key of Object.keys(integrations)) {
    if (!isSame(key, name)) continue;
    const other = asWish(integrations[key]);
    if (other !== undefined) return other;
  }
  return undefined;
}

function asWish(value: Json | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return isObject(value) ? true : undefined;
}

/** Names are compared without regard to case: what an event says hides every spelling of it in its envelope. */
export function withDefaults(own: JsonObject, defaults: JsonObject): JsonObject {
  const names = new Set(Object.keys(own).map((key) => key.toLowerCase()));
  const kept = Object.entries(defaults).filter(([key]) => !names.has(key.toLowerCase()));
  return { ...Object.fromEntries(kept), ...own };
}

/** The length first: it spares most keys the lower-casing. */
function isSame(key: string, name: string): boolean {
  return key.length === name.length && key.toLowerCase() === name;
}
