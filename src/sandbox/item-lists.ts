/** Lists of ids and items as most of Braze's user endpoints take them: read one by one, capped together. Pure. */
import { isObject, type Json, type JsonObject } from './json.ts';
import { type Change, type ItemError, turnedAway, type Verdict } from './verdict.ts';

/** Braze: 50 ids or items per request on identify, alias, merge, delete, export, rename and remove. */
export const MAX_IDS = 50;
export const TOO_MANY_IDS = 'The max number of ids per request was exceeded';

/** Empty where it is absent; undefined where it is no array. */
export function listOf(value: Json | undefined): readonly Json[] | undefined {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : undefined;
}

/** Turned away when a list is no array, all are empty, or all together are over the cap; else undefined. */
export function checkLists(body: JsonObject, fields: readonly string[]): Verdict | undefined {
  let count = 0;
  for (const field of fields) {
    const list = listOf(body[field]);
    if (list === undefined) return turnedAway(400, `'${field}' must be an array`);
    count += list.length;
  }
  if (count === 0) return turnedAway(400, missing(fields));
  return count > MAX_IDS ? turnedAway(400, TOO_MANY_IDS) : undefined;
}

function missing(fields: readonly string[]): string {
  if (fields.length === 1) return `'${fields[0]}' must be an array of objects`;
  return `one of ${fields.map((field) => `'${field}'`).join(', ')} is required`;
}

/** What came of the items of one or several lists. */
export interface ReadItems {
  readonly changes: Change[];
  readonly errors: ItemError[];
}

/** Reads each item into a change or the text of its error; how many became changes. */
export function readItems(
  list: readonly Json[],
  read: (item: JsonObject) => Change | string,
  into: ReadItems & { readonly errorsAs: string },
): number {
  let good = 0;
  for (const [index, item] of list.entries()) {
    const change = read(isObject(item) ? item : {});
    if (typeof change === 'string') {
      into.errors.push({ type: change, input_array: into.errorsAs, index });
      continue;
    }
    into.changes.push(change);
    good += 1;
  }
  return good;
}
