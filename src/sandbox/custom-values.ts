/** What a custom attribute is after an update: plain values, increments, sets, nested objects and lists of objects. Pure. */
import { isObject, type Json, type JsonObject } from './json.ts';
import { changeObjects, type Merge, mergeDeep } from './object-lists.ts';
import { isStorable, MAX_TEXT_LENGTH } from './storable.ts';
import { type Assumptions, MAX_NESTED_BYTES, type Workspace } from './workspace.ts';

export interface UpdateRules {
  /** `_merge_objects`: objects are merged deeply instead of replaced. */
  readonly isMerge: boolean;
  readonly workspace: Workspace;
}

const LIST_OPERATIONS: readonly string[] = ['$add', '$remove', '$update'];

/**
 * The value after the update; undefined when Braze drops the update and the old value stays.
 * A null clears the attribute and is the caller's to handle.
 */
export function nextValue(current: Json | undefined, sent: Json, rules: UpdateRules): Json | undefined {
  const { assume, maxArrayItems } = rules.workspace;
  if (typeof sent === 'string') return fittingText(sent, assume.longStrings);
  if (Array.isArray(sent)) return nextList(sent, maxArrayItems);
  if (!isObject(sent)) return sent;
  if (hasOnly(sent, ['inc'])) return increment(current, sent.inc);
  if (hasOnly(sent, ['add', 'remove'])) return changeSet(current, sent, maxArrayItems);
  const merge: Merge = rules.isMerge ? mergeDeep : (_old, next) => next;
  if (hasOnly(sent, LIST_OPERATIONS)) return fitting(changeObjects(current, sent, merge));
  if (!isStorable(sent)) return undefined;
  return fitting(isObject(current) ? merge(current, sent) : sent);
}

/** A text as it is stored; undefined when it is not. */
export function fittingText(sent: string, longStrings: Assumptions['longStrings']): string | undefined {
  if (sent.length <= MAX_TEXT_LENGTH) return sent;
  return longStrings === 'truncated' ? sent.slice(0, MAX_TEXT_LENGTH) : undefined;
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

function nextList(sent: readonly Json[], maxItems: number): Json | undefined {
  if (!sent.every(isStorable)) return undefined;
  return sent.some(isObject) ? fitting([...sent]) : newest([...new Set(sent)], maxItems);
}

/** Plain arrays are sets: what is added again moves to the end, over the cap the oldest fall off. */
function changeSet(current: Json | undefined, sent: JsonObject, maxItems: number): Json | undefined {
  const { add = [], remove = [] } = sent;
  if (!Array.isArray(add) || !Array.isArray(remove)) return undefined;
  if (!add.every(isStorable)) return undefined;
  const values = new Set(Array.isArray(current) ? current : []);
  for (const value of add) {
    values.delete(value);
    values.add(value);
  }
  for (const value of remove) values.delete(value);
  return newest([...values], maxItems);
}

/** The newest values that fit both caps of an array. */
function newest(values: readonly Json[], maxItems: number): Json[] {
  const kept = values.slice(-maxItems);
  let bytes = bytesOf(kept);
  // Each value takes its own JSON and a comma with it.
  while (bytes > MAX_NESTED_BYTES) bytes -= bytesOf(kept.shift() ?? null) + 1;
  return kept;
}

/** Braze: objects and lists of objects up to 100 KB; what would be larger is not stored. */
function fitting(value: Json | undefined): Json | undefined {
  return value === undefined || bytesOf(value) > MAX_NESTED_BYTES ? undefined : value;
}

function bytesOf(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}
