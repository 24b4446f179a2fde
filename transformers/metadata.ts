/** What a recommended event has no field for: the leftovers of an object, without what is empty. */
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { setOwn, type Target } from './mapping.ts';

/** Null, blank text, `{}`, `[]` and lists of nothing else say nothing; 0 and false do. */
export function isEmptyValue(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (Array.isArray(value)) return value.every(isEmptyValue);
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/**
 * The members that are neither in `used` nor empty, those of objects within too; undefined when there is none.
 * Lists go as they are, since leaving out an element would move the others.
 */
export function leftovers(source: JsonObject, used?: ReadonlySet<string>): JsonObject | undefined {
  const kept: Target = {};
  let isKept = false;
  for (const name of Object.keys(source)) {
    if (used?.has(name)) continue;
    const value = scrub(source[name] ?? null);
    if (value === undefined) continue;
    setOwn(kept, name, value);
    isKept = true;
  }
  return isKept ? (kept as JsonObject) : undefined;
}

function scrub(value: Json): Json | undefined {
  if (isEmptyValue(value)) return undefined;
  return isObject(value) ? leftovers(value) : value;
}
