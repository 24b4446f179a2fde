/** Custom attributes that are objects or lists of objects: merged, and changed item by item. Pure. */
import { isObject, type Json, type JsonObject } from './json.ts';
import { isStorable } from './storable.ts';

/** What an object becomes when another is sent for it. */
export type Merge = (old: JsonObject, sent: JsonObject) => JsonObject;

/** Members of `sent` go over those of `old`, objects within objects too. */
export function mergeDeep(old: JsonObject, sent: JsonObject): JsonObject {
  const merged = new Map(Object.entries(old));
  for (const [key, value] of Object.entries(sent)) {
    const before = merged.get(key);
    merged.set(key, isObject(before) && isObject(value) ? mergeDeep(before, value) : value);
  }
  return Object.fromEntries(merged);
}

/**
 * The list after `{$add, $remove, $update}`: Braze adds first, then removes, then updates, whatever the order sent.
 * Undefined when anything in it cannot be stored: the whole update is dropped.
 */
export function changeObjects(current: Json | undefined, sent: JsonObject, merge: Merge): Json | undefined {
  const { $add: add = [], $remove: remove = [], $update: update = [] } = sent;
  if (!isList(add, isStorable) || !isList(remove, isNaming)) return undefined;
  if (!isList(update, (item) => isNaming(item) && isStorableObject(item.$new_object))) return undefined;
  let list: Json[] = [...(Array.isArray(current) ? current : []), ...add];
  for (const item of remove) list = list.filter((entry) => !isNamedBy(entry, item));
  for (const item of update) {
    list = list.map((entry) => (isNamedBy(entry, item) ? updated(entry, item.$new_object, merge) : entry));
  }
  return list;
}

function isList(value: Json, isFine: (item: JsonObject) => boolean): value is JsonObject[] {
  return Array.isArray(value) && value.every((item) => isObject(item) && isFine(item));
}

function isNaming({ $identifier_key: key, $identifier_value: value }: JsonObject): boolean {
  return typeof key === 'string' && value !== undefined;
}

function isStorableObject(value: Json | undefined): boolean {
  return isObject(value) && isStorable(value);
}

function isNamedBy(entry: Json, { $identifier_key: key, $identifier_value: value }: JsonObject): boolean {
  return isObject(entry) && Object.hasOwn(entry, String(key)) && entry[String(key)] === value;
}

function updated(entry: Json, next: Json | undefined, merge: Merge): Json {
  return isObject(entry) && isObject(next) ? merge(entry, next) : entry;
}
