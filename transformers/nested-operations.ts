/** A trait of the form `{add, update, remove}` → Braze's operations on a list of objects. Exact, or a named fault. */
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Issue } from '../src/model/outcome.ts';
import { ownValue, setOwn } from './mapping.ts';

/** What becomes of the trait. Paths go on from the trait's: `.update[0].identifier`. */
export interface NestedOperation {
  readonly value: JsonObject;
  readonly hasUpdate: boolean;
  /** Members beside the three: Braze has no place for them next to an operation, so they are not sent. */
  readonly leftOut: readonly string[];
  /** When there is one the trait cannot be sent. */
  readonly issues: readonly Issue[];
}

const ADD = 'add';
const UPDATE = 'update';
const REMOVE = 'remove';
const MEMBERS: ReadonlySet<string> = new Set([ADD, UPDATE, REMOVE]);

/** True for an object whose `add`, `update` or `remove` is a list; every other object is ordinary data. */
export function isNestedOperation(trait: JsonObject): boolean {
  return (
    Array.isArray(ownValue(trait, ADD)) ||
    Array.isArray(ownValue(trait, UPDATE)) ||
    Array.isArray(ownValue(trait, REMOVE))
  );
}

/**
 * `update` becomes `$update`, `remove` `$remove` and `add` `$add`, in this order; those that are null, false or
 * absent do not appear. Neither the trait nor what it holds is changed.
 */
export function nestedOperation(trait: JsonObject): NestedOperation {
  const issues: Issue[] = [];
  const value: JsonObject = {};
  const update = ownValue(trait, UPDATE);
  const remove = ownValue(trait, REMOVE);
  const add = ownValue(trait, ADD);
  if (update) value.$update = eachOf(update, `.${UPDATE}`, issues, toUpdate);
  if (remove) value.$remove = eachOf(remove, `.${REMOVE}`, issues, toRemove);
  if (add) value.$add = eachOf(add, `.${ADD}`, issues, (item) => item);
  const leftOut = Object.keys(trait)
    .filter((name) => !MEMBERS.has(name))
    .map((name) => `.${name}`);
  return { value, hasUpdate: Boolean(update), leftOut, issues };
}

type Make = (item: JsonObject, path: string, issues: Issue[]) => JsonObject;

function eachOf(list: Json, path: string, issues: Issue[], make: Make): Json[] {
  if (!Array.isArray(list)) {
    issues.push({ path, message: `expected a list, got ${kindOf(list)}` });
    return [];
  }
  return list.map((item, index) => {
    if (isObject(item)) return make(item, `${path}[${index}]`, issues);
    issues.push({ path: `${path}[${index}]`, message: `expected an object, got ${kindOf(item)}` });
    return null;
  });
}

function toUpdate(item: JsonObject, path: string, issues: Issue[]): JsonObject {
  const found = identify(item, path, issues);
  const rest: JsonObject = {};
  for (const name of Object.keys(item)) {
    if (name !== 'identifier' && name !== found.$identifier_key) setOwn(rest, name, item[name] ?? null);
  }
  return { ...found, $new_object: rest };
}

/** Its further members only describe the object to remove: Braze needs the identifier alone. */
function toRemove(item: JsonObject, path: string, issues: Issue[]): JsonObject {
  return identify(item, path, issues);
}

function identify(item: JsonObject, path: string, issues: Issue[]): JsonObject {
  const key = ownValue(item, 'identifier');
  if (typeof key !== 'string' || key === '') {
    const message = `expected the name of a member, got ${kindOf(key)}`;
    issues.push({ path: `${path}.identifier`, message });
    return {};
  }
  const value = ownValue(item, key);
  if (value === undefined || typeof value === 'object') {
    issues.push({ path: `${path}.${key}`, message: `expected text or a number, got ${kindOf(value)}` });
    return {};
  }
  return { $identifier_key: key, $identifier_value: value };
}
