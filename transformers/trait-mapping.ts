/** Compiles which trait becomes which Braze field: the user's rules over the built-in table over everything else. */
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import type { MappingRule } from '../src/model/settings.ts';
import { accept, type Draft, MERGE, pathOf, put, reject, type TraitFault, warn } from './attribute-draft.ts';
import { CONVERSIONS, type Unusable } from './conversions.ts';
import { MAX_CHARACTERS } from './limits.ts';
import { compilePath, setOwn, type Target } from './mapping.ts';
import { compileRuleSet, conversionFailed, type RuleSet, targetOf } from './rules.ts';
import { CHECKED_FIELDS } from './standard-attributes.ts';

export interface FieldRule {
  /** The name of the field at Braze. */
  readonly field: string;
  /** Dotted path of the trait; no two rules have the same. */
  readonly path: string;
  /** A name in `CONVERSIONS`; absent: the value goes as it is. */
  readonly convert?: string;
}

export interface TraitTable {
  readonly fields: readonly FieldRule[];
  /** Names that neither a sender nor a rule may set. */
  readonly reserved: readonly string[];
}

/** Puts what the traits hold into the draft. Never changes the traits. */
export type TraitMapping = (traits: JsonObject, draft: Draft) => void;

const RESERVED: TraitFault = {
  code: 'reserved_trait',
  message: 'the name is reserved for identifiers and control fields of Braze: left out',
};

/**
 * A user's rule replaces the built-in ones with its `from` or with its `to` (what only these read is an ordinary trait
 * then), and what it writes wins over a trait spelled like its `to`. Then every trait that nothing reads from, under
 * its own name; then the table: so a trait that is spelled as Braze spells it wins over the mapped one. Throws when a
 * rule writes a reserved name, or one names an unknown conversion.
 *
 * The target begins with the members of every attributes object, and each trait is looked at once. Few are added one by
 * one. Many are copied first, and what must not go out under its own name is set to undefined: by single additions V8
 * would make a slow table of the object.
 */
export function compileTraits(table: TraitTable, rules: readonly MappingRule[] = []): TraitMapping {
  const ruleSet = rules.length > 0 ? compileRuleSet(rules, table.reserved) : undefined;
  const rest = table.fields.filter((field) => !isReplaced(field, rules));
  const consumed = new Set([...rest.map(({ path }) => headOf(path)), ...(ruleSet?.consumed ?? [])]);
  const fields = rest.map((field) => compileField(field, consumed.has(field.field)));
  const deep = fields.filter(({ path }) => path.includes('.'));
  const special = compileSpecial(consumed, fields, table.reserved);
  const taken = [...consumed];
  const blank = blankOf(table);
  return (traits, draft) => {
    const source = ruleSet ? ruleSet.prune(traits) : traits;
    draft.target = isFew(source) ? { ...blank } : copyWithout(source, blank, taken);
    const settled = ruleSet ? applyRules(ruleSet, traits, draft) : NOTHING;
    for (const { read, write } of deep) write(read(source), source, draft);
    takeTraits(source, draft, settled, special);
    for (const [name, value] of settled) setOwn(draft.target, name, value);
  };
}

/** The members of every attributes object, in the order in which they are sent. */
function blankOf({ fields }: TraitTable): Target {
  const names = ['external_id', 'user_alias', '_update_existing_only', ...fields.map(({ field }) => field)];
  // What is parsed gets its members at once and has room for `FEW` more (measured: a literal that grew has for 6).
  const blank: Target = JSON.parse(`{${names.map((name) => `"${name}":0`).join(',')}}`);
  for (const name of names) blank[name] = undefined;
  return blank;
}

const FEW = 15;

function isFew(source: JsonObject): boolean {
  let left = FEW;
  for (const _name in source) {
    left -= 1;
    if (left < 0) return false;
  }
  return true;
}

function copyWithout(source: JsonObject, blank: Target, taken: readonly string[]): Target {
  const target: Target = { ...blank, ...source };
  for (const name of taken) if (Object.hasOwn(source, name)) setOwn(target, name, undefined);
  return target;
}

/** Most traits are short and nobody's business: one look-up and they are done. */
function takeTraits(
  source: JsonObject,
  draft: Draft,
  settled: Settled,
  special: ReadonlyMap<string, Take>,
): void {
  const { target } = draft;
  for (const name in source) {
    const value = source[name] ?? null;
    const take = special.get(name);
    const settledValue = settled.size === 0 ? undefined : settled.get(name);
    // In the place of the trait that it hides.
    if (settledValue !== undefined) setOwn(target, name, settledValue);
    if (take) take(value, source, draft, settled);
    else if (settledValue !== undefined) continue;
    else if (isShort(name, value)) {
      target[name] = value;
      draft.written += 1;
    } else put(draft, name, value, name);
  }
}

/** What the user's rules write, by field: no other value for it counts. */
type Settled = ReadonlyMap<string, Json>;

const NOTHING: Settled = new Map();

/** What becomes of a trait that is not simply sent under its own name. */
type Take = (value: Json, source: JsonObject, draft: Draft, settled: Settled) => void;

/** By the trait's name. Whoever comes later counts. */
function compileSpecial(
  consumed: Iterable<string>,
  fields: readonly Field[],
  reserved: readonly string[],
): ReadonlyMap<string, Take> {
  const special = new Map<string, Take>();
  for (const name of [...CHECKED_FIELDS, '__proto__']) special.set(name, putUnlessSettled(name));
  for (const name of consumed) special.set(name, leaveToOthers);
  for (const { path, write } of fields) if (!path.includes('.')) special.set(path, write);
  for (const name of reserved) special.set(name, leaveOut(name));
  return special;
}

function putUnlessSettled(name: string): Take {
  return (value, _source, draft, settled) => {
    if (!settled.has(name)) put(draft, name, value, name);
  };
}

/** The user's rules or a field with a longer path read it. */
function leaveToOthers(): void {}

function leaveOut(name: string): Take {
  return (_value, _source, draft) => {
    draft.target[name] = undefined;
    warn(draft, RESERVED, name);
  };
}

function isShort(name: string, value: Json): boolean {
  if (name.length > MAX_CHARACTERS) return false;
  return typeof value === 'string' ? value.length <= MAX_CHARACTERS : typeof value !== 'object';
}

function headOf(path: string): string {
  const [head = path] = path.split('.', 1);
  return head;
}

/** A dropped `address` takes what would be read from it along. */
function isReplaced({ field, path }: FieldRule, rules: readonly MappingRule[]): boolean {
  return rules.some(
    (rule) =>
      rule.from === path || (rule.drop === true ? rule.from === headOf(path) : targetOf(rule) === field),
  );
}

function applyRules(ruleSet: RuleSet, traits: JsonObject, draft: Draft): Settled {
  const settled = new Map<string, Json>();
  ruleSet.write(traits, {
    put: (to, given, from) => {
      const value = accept(draft, to, given, from);
      if (value === undefined) return;
      settled.set(to, value);
      draft.written += 1;
      // The rule came after the operation that asked for merging.
      if (to === MERGE) draft.merge = undefined;
    },
    complain: (from, message) => draft.warnings.push(conversionFailed(pathOf(draft, from), message)),
  });
  return settled;
}

/** A field of the table, compiled. */
interface Field {
  readonly path: string;
  readonly read: (source: JsonObject) => Json | undefined;
  readonly write: (value: Json | undefined, source: JsonObject, draft: Draft) => void;
}

/**
 * Null clears the field; what else counts as empty (`''`, 0, false) is left out, as RudderStack does. A trait that
 * is spelled like the field is the one that counts, unless the table reads it (`isOwnTrait`).
 */
function compileField({ field, path, convert }: FieldRule, isOwnTrait: boolean): Field {
  const conversion = convert === undefined ? undefined : CONVERSIONS.get(convert);
  if (convert !== undefined && !conversion) throw new Error(`no conversion ${convert} for field ${field}`);
  return {
    path,
    read: compilePath(path),
    write: (value, source, draft) => {
      if (isEmpty(value) || (!isOwnTrait && Object.hasOwn(source, field))) return;
      const converted = value === null || !conversion ? value : conversion(value);
      if (isUnusable(converted, value)) (converted.rejects ? reject : warn)(draft, converted, path);
      else put(draft, field, converted, path);
    },
  };
}

function isEmpty(value: Json | undefined): value is undefined {
  return value !== null && !value;
}

/** Conversions return text or an `Unusable`; a value that passed unchanged is the one that went in. */
function isUnusable(converted: Json | Unusable, value: Json): converted is Unusable {
  return converted !== value && isObject(converted);
}
