/**
 * A map with a cap, kept in a journal: the entries not used for longest go first, and a restart finds the rest.
 *
 * Two generations of half the cap each: an entry that is used moves to the younger one; when that is full, the older one
 * is dropped whole. So an entry lives at least as long as half the cap of others are used after it.
 */
import type { Json } from '../model/json.ts';
import type { Journal, Line } from './journal.ts';

export interface KeptMap<Value> {
  /** Counts as use. */
  get(key: string): Value | undefined;
  /** Also after a change of the value itself: what the journal holds is what it was at the last `set`. */
  set(key: string, value: Value): void;
  /** Written down even when the key is not there: an older file may have it. */
  delete(key: string): void;
  /** Hands what changed to the journal. */
  flush(): void;
  readonly size: number;
}

export interface KeptMapOptions<Value> {
  readonly maxEntries: number;
  /** Absent: nothing is kept. */
  readonly journal?: Journal;
  /** Null: the value is not worth keeping. */
  readonly encode: (value: Value) => Json;
  /** Undefined: of no use any more. */
  readonly decode: (json: Json) => Value | undefined;
}

/** The older generation was dropped. No identity key looks like it: those have a colon. */
const TURNED: Line = ['turned', null];

/** Lines a file may hold beyond what is in use before it is written anew. */
const SPARE_LINES = 10_000;

export function createKeptMap<Value>(options: KeptMapOptions<Value>): KeptMap<Value> {
  const { journal, encode, decode } = options;
  const half = Math.max(1, Math.ceil(options.maxEntries / 2));
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  let lines: Line[] = [];
  let changed = new Set<string>();
  for (const [key, value] of journal?.lines ?? []) load(key, value);
  // What could not be trusted was decoded with care: written again, the next start may trust it.
  if (journal?.trusted === false)
    for (const map of [old, young]) for (const key of map.keys()) changed.add(key);

  function load(key: string, json: Json): void {
    if (key === TURNED[0]) {
      turn();
      return;
    }
    old.delete(key);
    const value = json === null ? undefined : decode(json);
    if (value === undefined) young.delete(key);
    else young.set(key, value);
  }

  function turn(): void {
    old = young;
    young = new Map();
  }

  function put(key: string, value: Value): void {
    if (young.size >= half && !young.has(key)) {
      gather();
      if (journal) lines.push(TURNED);
      turn();
    }
    old.delete(key);
    young.set(key, value);
    if (journal) changed.add(key);
  }

  /** Each key once, as it is now. */
  function gather(): void {
    for (const key of changed) lines.push([key, jsonOf(key)]);
    changed = new Set();
  }

  function jsonOf(key: string): Json {
    const value = young.get(key) ?? old.get(key);
    return value === undefined ? null : encode(value);
  }

  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined) return value;
      const older = old.get(key);
      if (older !== undefined) put(key, older);
      return older;
    },
    set: put,
    delete(key) {
      young.delete(key);
      old.delete(key);
      if (journal) changed.add(key);
    },
    flush() {
      if (!journal || (changed.size === 0 && lines.length === 0)) return;
      gather();
      journal.write(lines);
      lines = [];
      if (journal.written > 2 * (young.size + old.size) + SPARE_LINES)
        journal.compact(() => linesOf(() => [old, young], encode));
    },
    get size() {
      return young.size + old.size;
    },
  };
}

/** All entries, the older generation first; begun anew when one of the two is dropped on the way. */
function* linesOf<Value>(
  generations: () => readonly Map<string, Value>[],
  encode: (value: Value) => Json,
): Generator<Line> {
  for (const [index, generation] of generations().entries()) {
    if (index > 0) yield TURNED;
    for (const [key, value] of generation) {
      if (!generations().includes(generation)) {
        yield* [TURNED, TURNED];
        return yield* linesOf(generations, encode);
      }
      yield [key, encode(value)];
    }
  }
}
