/** `/users/track` by Braze's rules: every object judged by itself, the good ones queued, the bad ones named. Pure. */
import { readIdentity } from './identity.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { checkAttributes, checkEvent, checkPurchase, type ObjectContext } from './object-rules.ts';
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
/** In the order in which Braze applies them. */
const ARRAYS: readonly TrackArray[] = ['attributes', 'events', 'purchases'];
const NOTHING_VALID = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";

/** 201 with what was queued and what was not, or 400 with nothing queued. */
export function judgeTrack(body: JsonObject, context: ObjectContext, packing: Packing): Verdict {
  const problem = shapeProblem(body, packing);
  if (problem !== undefined) return turnedAway(400, problem);
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

function shapeProblem(body: JsonObject, packing: Packing): string | undefined {
  const counts: number[] = [];
  for (const array of ARRAYS) {
    const list = body[array] ?? [];
    if (!Array.isArray(list)) return `'${array}' must be an array of objects`;
    counts.push(list.length);
  }
  const fullest =
    packing === 'combined' ? counts.reduce((sum, count) => sum + count, 0) : Math.max(...counts);
  return fullest > MAX_OBJECTS ? 'Max Input Length Exceeded' : undefined;
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

function judgeObject(array: TrackArray, object: JsonObject, context: ObjectContext): Change | string {
  const who = readIdentity(object);
  if (typeof who === 'string') return who;
  const problem = checkObject(array, object, context);
  if (problem !== undefined) return problem;
  const { _update_existing_only: sent } = object;
  return { kind: array, who, updateOnly: typeof sent === 'boolean' ? sent : undefined, object };
}

function checkObject(array: TrackArray, object: JsonObject, context: ObjectContext): string | undefined {
  if (array === 'attributes') return checkAttributes(object);
  return array === 'events' ? checkEvent(object, context) : checkPurchase(object, context);
}
