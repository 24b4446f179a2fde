/** Compiles the mapping rules of a user once, at start: which members they take, and what they write instead. */
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Warning } from '../src/model/outcome.ts';
import type { ConversionName, MappingRule } from '../src/model/settings.ts';
import { compileConversions } from './convert.ts';
import { compilePath, setOwn, type Target } from './mapping.ts';

/**
 * The source as its rules make it; the source itself when there are none. Never changes `source`. Each value
 * that could not be converted is left out with a warning whose path is `root` and the rule's `from`. What the rules take
 * is undefined in it, which is as good as absent.
 */
export type Apply = (source: JsonObject, root: string, warnings: Warning[]) => JsonObject;

/** Takes what rules write. */
export interface Sink {
  /** `from` is the path of the rule that gave the value. */
  readonly put: (to: string, value: Json, from: string) => void;
  /** Hears of a value that could not be converted; the message does not hold the value. */
  readonly complain: (from: string, message: string) => void;
}

/** Rules taken apart, for a caller that has fields of its own to write before them. */
export interface RuleSet {
  /** Members of the source that the rules take: they do not go out under their own name. */
  readonly consumed: ReadonlySet<string>;
  /** The source without what is dropped; only the objects on the way to it are copied. */
  readonly prune: (source: JsonObject) => JsonObject;
  /** Gives each field at most once to the sink. Wants the source as it was before `prune`. */
  readonly write: (source: JsonObject, sink: Sink) => void;
}

/**
 * - `from` is a dotted path of nested objects, or a member whose name has these dots; that one wins.
 * - A member that `from` names is taken: it goes out under `to` (default: the last step of `from`) and no longer
 *   under its own name. What lies deeper is read and stays where it is, unless the rule drops it.
 * - What a rule writes wins over a member of the source with that name. A `default` is written as it is, where the
 *   source has nothing; not in place of something unusable.
 * - Null goes out as null, unconverted: at Braze it clears. A value that cannot be converted is left out.
 * - `drop` leaves the value out, at any depth; other rules may still read it (an e-mail dropped, its hash sent).
 *
 * Throws when a rule writes one of the `forbidden` names or names an unknown conversion.
 */
export function compileRules(
  rules: readonly MappingRule[] | undefined,
  forbidden: readonly string[] = [],
): Apply {
  if (!rules || rules.length === 0) return (source) => source;
  const { consumed, prune, write } = compileRuleSet(rules, forbidden);
  return (source, root, warnings) => {
    // Grown member by member, or with one deleted, V8 makes a slow table of a large object: a copy stays quick.
    const target: Target = { ...prune(source) };
    for (const name of consumed) if (Object.hasOwn(target, name)) setOwn(target, name, undefined);
    write(source, {
      put: (to, value) => setOwn(target, to, value),
      complain: (from, message) => warnings.push(conversionFailed(`${root}.${from}`, message)),
    });
    return target as JsonObject;
  };
}

/** As `compileRules`, in parts. */
export function compileRuleSet(rules: readonly MappingRule[], forbidden: readonly string[] = []): RuleSet {
  const writing = rules.filter(({ drop }) => drop !== true);
  const fields = writing.map(compileField);
  for (const rule of writing) {
    if (forbidden.includes(targetOf(rule))) throw new Error(`a mapping rule cannot write ${targetOf(rule)}`);
  }
  const dropped = rules.filter(({ drop }) => drop === true).map(({ from }) => from);
  return {
    // A path with dots is here too: it may be the literal name of a member.
    consumed: new Set(rules.map(({ from }) => from)),
    prune: compilePrune(dropped),
    write: (source, sink) => {
      for (const field of fields) field(source, sink);
    },
  };
}

export function conversionFailed(path: string, message: string): Warning {
  return { code: 'conversion_failed', message, path };
}

/** The name that a rule writes. */
export function targetOf({ from, to }: MappingRule): string {
  return to ?? from.slice(from.lastIndexOf('.') + 1);
}

type WriteField = (source: JsonObject, sink: Sink) => void;

function compileField(rule: MappingRule): WriteField {
  const { from, convert = [], salt } = rule;
  const to = targetOf(rule);
  const read = compilePath(from);
  const names: readonly ConversionName[] = typeof convert === 'string' ? [convert] : convert;
  const conversion = compileConversions(names, salt);
  return (source, sink) => {
    const given = read(source);
    const value = given === undefined ? rule.default : given;
    if (value === undefined) return;
    if (!conversion || given === undefined || given === null) return sink.put(to, value, from);
    const converted = conversion(given);
    if (converted.value !== undefined) return sink.put(to, converted.value, from);
    sink.complain(from, `expected ${converted.expected}, got ${kindOf(given)}: left out`);
  };
}

/** Members of the source itself are left to `consumed`; here only what lies deeper is cut out. */
function compilePrune(paths: readonly string[]): (source: JsonObject) => JsonObject {
  const deep = paths.filter((path) => path.includes('.')).map((path) => path.split('.'));
  if (deep.length === 0) return (source) => source;
  return (source) => deep.reduce((pruned, [head = '', ...rest]) => without(pruned, head, rest), source);
}

function without(object: JsonObject, head: string, rest: readonly string[]): JsonObject {
  if (!Object.hasOwn(object, head)) return object;
  const [next, ...deeper] = rest;
  const copy = { ...object };
  const child = object[head];
  if (next === undefined) delete copy[head];
  else if (isObject(child)) setOwn(copy, head, without(child, next, deeper));
  return copy;
}
