/** What a custom attribute is after an update: plain values, increments, sets, nested objects and lists of objects. Pure. */
import { isObject, type Json, type JsonObject } from './json.ts';

/** Braze: strings, names and nested keys up to 255 characters; arrays of plain values up to 500 by default. */
const MAX_TEXT_LENGTH = 255;
const MAX_ARRAY_ITEMS = 500;
const LIST_OPERATIONS: readonly string[] = ['$add', '$remove', '$update'];

/**
 * The value after the update; undefined when Braze drops the update and the old value stays.
 * A null clears the attribute and is the caller's to handle.
 */
export function nextValue(current: Json | undefined, sent: Json, merge: boolean): Json | undefined {
  if (typeof sent === 'string') return sent.length <= MAX_TEXT_LENGTH ? sent : undefined;
  if (Array.isArray(sent)) return nextList(sent);
  if (!isObject(sent)) return sent;
  if (hasOnly(sent, ['inc'])) return increment(current, sent.inc);
  if (hasOnly(sent, ['add', 'remove'])) return changeSet(current, sent);
  if (hasOnly(sent, LIST_OPERATIONS)) return changeObjects(current, sent, merge);
  if (!isStorable(sent)) return undefined;
  return merge && isObject(current) ? mergeDeep(current, sent) : sent;
}

function hasOnly(object: JsonObject, names: readonly string[]): boolean {
  const keys = Object.keys(object);
  return keys.length > 0 && keys.every((key) => names.includes(key));
}

function increment(current: Json | undefined, by: Json | undefined): Json | undefined {
  if (typeof by !== 'number' || !Number.isInteger(by)) return undefined;
  if (current === undefined) return by;
  return typeof current === 'number' ? current + by : undefined;
}

function nextList(sent: readonly Json[]): Json | undefined {
  if (!sent.every(isStorable)) return undefined;
  return sent.some(isObject) ? [...sent] : newest([...new Set(sent)]);
}

/** Plain arrays are sets: what is added again moves to the end, over the cap the oldest fall off. */
function changeSet(current: Json | undefined, sent: JsonObject): Json | undefined {
  const { add = [], remove = [] } = sent;
  if (!Array.isArray(add) || !Array.isArray(remove)) return undefined;
  if (!add.every(isStorable)) return undefined;
  const values = new Set(Array.isArray(current) ? current : []);
  for (const value of add) {
    values.delete(value);
    values.add(value);
  }
  for (const value of remove) values.delete(value);
  return newest([...values]);
}

function newest(values: readonly Json[]): Json[] {
  return values.slice(-MAX_ARRAY_ITEMS);
}

/** A list of objects: Braze adds first, then removes, then updates, whatever the order sent. */
function changeObjects(current: Json | undefined, sent: JsonObject, merge: boolean): Json | undefined {
  const { $add: add = [], $remove: remove = [], $update: update = [] } = sent;
  if (!Array.isArray(add) || !Array.isArray(remove) || !Array.isArray(update)) return undefined;
  if (!add.every((item) => isObject(item) && isStorable(item))) return undefined;
  let list: Json[] = [...(Array.isArray(current) ? current : []), ...add];
  for (const item of remove) list = list.filter((entry) => !isNamedBy(entry, item));
  for (const item of update) {
    list = list.map((entry) => (isNamedBy(entry, item) ? updated(entry, item, merge) : entry));
  }
  return list;
}

function isNamedBy(entry: Json, item: Json): boolean {
  if (!isObject(entry) || !isObject(item)) return false;
  const { $identifier_key: key, $identifier_value: value } = item;
  return typeof key === 'string' && value !== undefined && Object.hasOwn(entry, key) && entry[key] === value;
}

function updated(entry: Json, item: Json, merge: boolean): Json {
  const next = isObject(item) ? item.$new_object : undefined;
  if (!isObject(entry) || !isObject(next) || !isStorable(next)) return entry;
  return merge ? mergeDeep(entry, next) : next;
}

function mergeDeep(old: JsonObject, sent: JsonObject): JsonObject {
  const merged = new Map(Object.entries(old));
  for (const [key, value] of Object.entries(sent)) {
    const before = merged.get(key);
    merged.set(key, isObject(before) && isObject(value) ? mergeDeep(before, value) : value);
  }
  return Object.fromEntries(merged);
}

/** Braze drops the whole nested update when anything within is null, too long, or badly named. */
function isStorable(value: Json): boolean {
  if (value === null) return false;
  if (typeof value === 'string') return value.length <= MAX_TEXT_LENGTH;
  if (Array.isArray(value)) return value.every(isStorable);
  if (!isObject(value)) return true;
  return Object.entries(value).every(([key, inner]) => isKey(key) && isStorable(inner));
}

function isKey(key: string): boolean {
  // `$time` marks a date within a nested object; no other key may hold a dollar sign.
  return key === '$time' || (key !== '' && key.length <= MAX_TEXT_LENGTH && !/[ .$]/.test(key));
}
