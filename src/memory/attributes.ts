/**
 * Remembers of each person which value of each attribute Braze last accepted, as hashes, and leaves out of an attributes
 * object what would change nothing.
 *
 * - Something is left out only while nothing of that person is under way that could change it: no attributes object, no
 *   link, no merge. Silver under way, gold remembered: gold again has to go.
 * - What Braze accepted is remembered in the order of the person; what it rejected is forgotten, since nobody knows what
 *   became of it.
 * - A link or merge changes both sides in ways only Braze knows: both are forgotten, when it is planned and when it ends.
 * - Data under an alias that was linked reaches the user behind it: it goes whole, and the user is forgotten.
 * - After the time to live a person is forgotten, so that what was changed in Braze by other hands is mended then.
 */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Operation } from '../model/operation.ts';
import {
  has,
  hashAttribute,
  isSteering,
  type Known,
  latest,
  mustBeSent,
  without,
} from './attribute-values.ts';
import type { Journal } from './journal.ts';
import { createKeptMap } from './kept-map.ts';

/** An attributes object under way, for its outcome. */
export interface AttributesTicket {
  readonly key: string;
  /** Users behind the alias that the object goes under. */
  readonly users: readonly string[];
  /** To be remembered when Braze accepts. */
  readonly values: readonly Known[];
  /** To be forgotten in any case: what they are afterwards only Braze knows. */
  readonly forgotten: readonly Known[];
}

export interface PlannedAttributes {
  /** Null: nothing is left to send. */
  readonly operation: Operation | null;
  readonly leftOut: number;
  readonly ticket: AttributesTicket;
}

export interface AttributeMemory {
  /** `repeat`: a replay, of which nothing is left out. `users`: those behind an alias that was linked. */
  plan(operation: Operation, users: readonly string[], repeat: boolean): PlannedAttributes;
  /** For each object that was planned and not left out. */
  settled(ticket: AttributesTicket, isDelivered: boolean): void;
  linkPlanned(keys: readonly string[]): void;
  linkSettled(keys: readonly string[]): void;
  flush(): void;
}

export interface AttributeMemoryOptions {
  readonly maxPersons: number;
  readonly ttlMs: number;
  readonly epochMs: () => number;
  /** Of the hashes; the same for as long as the journal is. */
  readonly seed: number;
  readonly journal?: Journal;
}

interface Person {
  readonly known: Known;
  /** ms since the epoch: when the first of its attributes was remembered. */
  readonly since: number;
}

export function createAttributeMemory(options: AttributeMemoryOptions): AttributeMemory {
  const { journal, ttlMs, epochMs, seed } = options;
  const persons = createKeptMap<Person>({
    maxEntries: options.maxPersons,
    encode: ({ known, since }) => [since, Buffer.from(Uint32Array.from(known).buffer).toString('base64')],
    decode: decodePerson,
    ...(journal ? { journal } : {}),
  });
  /** Attributes objects and links of each identity without an outcome. */
  const underWay = new Map<string, number>();

  function started(key: string): void {
    underWay.set(key, (underWay.get(key) ?? 0) + 1);
  }

  function ended(key: string): void {
    const count = (underWay.get(key) ?? 0) - 1;
    if (count > 0) underWay.set(key, count);
    else underWay.delete(key);
  }

  function personOf(key: string): Person | undefined {
    const person = persons.get(key);
    if (!person || epochMs() - person.since < ttlMs) return person;
    persons.delete(key);
    return undefined;
  }

  function plan(operation: Operation, users: readonly string[], repeat: boolean): PlannedAttributes {
    const [key = ''] = operation.keys;
    const object = JSON.parse(operation.text) as JsonObject;
    // A replay is older than what is remembered.
    const known = repeat || underWay.has(key) || users.length > 0 ? undefined : personOf(key)?.known;
    const isAmbiguous = isObject(object.user_alias) && String(object.user_alias.alias_label).includes(':');
    const sorted = { ...sort(object, isAmbiguous ? [] : (known ?? []), seed), isAmbiguous };
    const ticket = ticketOf(operation, users, sorted);
    if (sorted.sent === 0) return { operation: null, leftOut: sorted.leftOut.size, ticket };
    started(key);
    for (const user of users) {
      started(user);
      persons.delete(user);
    }
    if (sorted.leftOut.size === 0) return { operation, leftOut: 0, ticket };
    return { operation: reduced(operation, object, sorted.leftOut), leftOut: sorted.leftOut.size, ticket };
  }

  function settled({ key, users, values, forgotten }: AttributesTicket, isDelivered: boolean): void {
    ended(key);
    for (const user of users) {
      ended(user);
      persons.delete(user);
    }
    const person = personOf(key);
    const rest = without(person?.known ?? [], [...values, ...forgotten]);
    const known = isDelivered && users.length === 0 ? latest([...rest, ...values.flat()]) : rest;
    if (known.length === 0) persons.delete(key);
    else persons.set(key, { known, since: person?.since ?? epochMs() });
  }

  return {
    plan,
    settled,
    linkPlanned(keys) {
      for (const key of keys) {
        started(key);
        persons.delete(key);
      }
    },
    linkSettled(keys) {
      for (const key of keys) {
        ended(key);
        persons.delete(key);
      }
    },
    flush: () => persons.flush(),
  };
}

/** Two aliases with colons in their labels may have keys that look alike: nothing is remembered of those. */
function ticketOf(
  { keys: [key = ''] }: Operation,
  users: readonly string[],
  { values, forgotten, isAmbiguous }: Sorted,
): AttributesTicket {
  if (!isAmbiguous) return { key, users, values, forgotten };
  return { key, users, values: [], forgotten: [...values, ...forgotten] };
}

interface Sorted {
  readonly isAmbiguous: boolean;
  readonly values: readonly Known[];
  readonly forgotten: readonly Known[];
  readonly leftOut: ReadonlySet<string>;
  readonly sent: number;
}

function sort(object: JsonObject, known: Known, seed: number): Omit<Sorted, 'isAmbiguous'> {
  const values: Known[] = [];
  const forgotten: Known[] = [];
  const leftOut = new Set<string>();
  for (const name of Object.keys(object)) {
    if (isSteering(name)) continue;
    const value = object[name] ?? null;
    const attribute = hashAttribute(name, value, seed);
    if (mustBeSent(name, value, object)) forgotten.push(attribute);
    else if (has(known, attribute)) leftOut.add(name);
    else values.push(attribute);
  }
  return { values, forgotten, leftOut, sent: values.length + forgotten.length };
}

function reduced(operation: Operation, object: JsonObject, leftOut: ReadonlySet<string>): Operation {
  const members = Object.keys(object).filter((name) => !leftOut.has(name));
  // Joined, not copied into an object: a name such as `__proto__` is data.
  const texts = members.map((name) => `${JSON.stringify(name)}:${JSON.stringify(object[name])}`);
  const text = `{${texts.join(',')}}`;
  return { ...operation, text, bytes: Buffer.byteLength(text) };
}

function decodePerson(json: Json): Person | undefined {
  if (!Array.isArray(json)) return undefined;
  const [since, hashes] = json;
  if (typeof since !== 'number' || typeof hashes !== 'string') return undefined;
  // Copied: words of four bytes need a buffer that begins where one begins.
  const { buffer } = Uint8Array.from(Buffer.from(hashes, 'base64'));
  return { since, known: Array.from(new Uint32Array(buffer)) };
}
