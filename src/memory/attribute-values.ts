/** Which attributes of an object can be compared with what Braze has, and which always have to be sent. Pure. */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { pushHash } from './hash.ts';

/** Name whom or how to update; they are no attributes. */
const STEERING: ReadonlySet<string> = new Set([
  'external_id',
  'user_alias',
  'braze_id',
  '_update_existing_only',
  '_merge_objects',
  'push_token_import',
]);

/** RudderStack never drops these: Braze changes them by itself, or a person does by other ways. */
const ALWAYS_SENT: ReadonlySet<string> = new Set([
  'subscription_groups',
  'email_subscribe',
  'push_subscribe',
  'country',
  'language',
]);

/** Members of a value that changes what is there instead of replacing it (Braze: nested attributes, arrays, increments). */
const OPERATORS = ['$add', '$update', '$remove', 'add', 'remove', 'inc'] as const;

export function isSteering(name: string): boolean {
  return STEERING.has(name);
}

/** Its effect depends on what is there, or on time: nobody can say that it changes nothing. */
export function mustBeSent(name: string, value: Json, object: JsonObject): boolean {
  if (ALWAYS_SENT.has(name)) return true;
  if (!isObject(value)) return false;
  return object._merge_objects === true || OPERATORS.some((operator) => Object.hasOwn(value, operator));
}

/**
 * Attributes by their hashes: for each its name's and its value's, four numbers of 32 bits in all. Small enough to be
 * searched from the front.
 */
export type Known = readonly number[];

const STRIDE = 4;

/** Of one person so many attributes are remembered: names that are ever new would else grow one entry without end. */
const MAX_ATTRIBUTES = 256;

/** Those remembered last. */
export function latest(known: Known): Known {
  return known.slice(-MAX_ATTRIBUTES * STRIDE);
}

export function hashAttribute(name: string, value: Json, seed: number): Known {
  const hashes: number[] = [];
  pushHash(hashes, name, seed);
  pushHash(hashes, JSON.stringify(value), seed);
  return hashes;
}

export function has(known: Known, attribute: Known): boolean {
  const at = find(known, attribute);
  return at >= 0 && known[at + 2] === attribute[2] && known[at + 3] === attribute[3];
}

/** Without the attributes of these names. */
export function without(known: Known, attributes: readonly Known[]): Known {
  if (attributes.every((attribute) => find(known, attribute) < 0)) return known;
  const rest: number[] = [];
  for (let at = 0; at < known.length; at += STRIDE) {
    const each = known.slice(at, at + STRIDE);
    if (attributes.every((attribute) => find(attribute, each) < 0)) rest.push(...each);
  }
  return rest;
}

function find(known: Known, attribute: Known): number {
  for (let at = 0; at < known.length; at += STRIDE) {
    if (known[at] === attribute[0] && known[at + 1] === attribute[1]) return at;
  }
  return -1;
}
