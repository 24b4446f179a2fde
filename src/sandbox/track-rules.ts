/** `/users/track` by Braze's rules: every object judged by itself, the good ones queued, the bad ones named. Pure. */
import { isObject, type Json, type JsonObject } from './json.ts';
import { judgeObject } from './judge-object.ts';
import type { ObjectContext } from './object-rules.ts';
import {
  type Change,
  type ItemError,
  jsonReply,
  type TrackArray,
  turnedAway,
  type Verdict,
} from './verdict.ts';

/** `combined`: 75 objects of all kinds in one request; `perArray`: 75 of each kind (contracts before that rule). */
export type Packing = 'combined' | 'perArray';

/** Braze: 75 objects per request. */
const MAX_OBJECTS = 75;
export const TOO_MANY_OBJECTS = 'Max Input Length Exceeded';
/** In the order in which Braze applies them. */
export const ARRAYS: readonly TrackArray[] = ['attributes', 'events', 'purchases'];
const NOTHING_VALID = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";

/** 201 with what was queued and what was not, or 400 with nothing queued. */
export function judgeTrack(body: JsonObject, context: ObjectContext, packing: Packing): Verdict {
  const counts = countObjects(body);
  if (typeof counts === 'string') return turnedAway(400, counts);
  const fullest = packing === 'combined' ? sum(counts) : Math.max(...counts);
  return fullest > MAX_OBJECTS ? turnedAway(400, TOO_MANY_OBJECTS) : judgeObjects(body, context);
}

/** The objects of each array, or what is no array. */
export function countObjects(body: JsonObject): readonly number[] | string {
  const counts: number[] = [];
  for (const array of ARRAYS) {
    const list = body[array] ?? [];
    if (!Array.isArray(list)) return `'${array}' must be an array of objects`;
    counts.push(list.length);
  }
  return counts;
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** As `judgeTrack`, for any number of objects. */
export function judgeObjects(body: JsonObject, context: ObjectContext): Verdict {
  const changes: Change[] = [];
  const errors: ItemError[] = [];
  const processed: Record<string, number> = {};
  for (const array of ARRAYS) {
    const before = changes.length;
    judgeArray(array, body[array], { context, changes, errors });
    if (changes.length > before) processed[`${array}_processed`] = changes.length - before;
  }
  const withErrors = errors.length > 0 ? { errors } : {};
  if (changes.length === 0) {
    return { reply: jsonReply(400, { message: NOTHING_VALID, ...withErrors }), changes };
  }
  return { reply: jsonReply(201, { ...processed, message: 'success', ...withErrors }), changes };
}

interface Sorted {
  readonly context: ObjectContext;
  readonly changes: Change[];
  readonly errors: ItemError[];
}

function judgeArray(array: TrackArray, list: Json | undefined, into: Sorted): void {
  if (!Array.isArray(list)) return;
  for (const [index, item] of list.entries()) {
    const change = judgeObject(array, isObject(item) ? item : {}, into.context);
    if (typeof change === 'string') into.errors.push({ type: change, input_array: array, index });
    else into.changes.push(change);
  }
}
