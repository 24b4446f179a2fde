/** Compiles which trait becomes which Braze field: the user's rules over the built-in table over everything else. */
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import type { MappingRule } from '../src/model/settings.ts';
import { type Draft, pathOf, put, reject, type TraitFault, warn } from './attribute-draft.ts';
import { CONVERSIONS, type Unusable } from './conversions.ts';
import { compilePath } from './mapping.ts';
import { compileRuleSet, conversionFailed, type RuleSet, targetOf } from './rules.ts';

export interface FieldRule {
  /** The name of the field at Braze. */
  readonly field: string;
  /** Dotted path of the trait. */
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
 * then), and what it writes wins over a trait spelled like its `to`. Then the table; then every trait that nothing reads from, under its own name: so a trait
 * that is spelled as Braze spells it wins over the mapped one. Throws when a rule writes a reserved name, or one
 * names an unknown conversion.
 */
export function compileTraits(table: TraitTable, rules: readonly MappingRule[] = []): TraitMapping {
  const ruleSet = rules.length > 0 ? compileRuleSet(rules, table.reserved) : undefined;
  const rest = table.fields.filter((field) => !isReplaced(field, rules));
  const fields = rest.map(compileField);
  const consumed = new Set([...rest.map(({ path }) => headOf(path)), ...(ruleSet?.consumed ?? [])]);
  const putOthers = compileOthers(consumed, new Set(table.reserved));
  return (traits, draft) => {
    const settled = ruleSet ? applyRules(ruleSet, traits, draft) : NOTHING;
    const source = ruleSet ? ruleSet.prune(traits) : traits;
    for (const field of fields) field(source, draft, settled);
    putOthers(source, draft, settled);
  };
}

/** Fields that are written already: no other value for them counts. */
type Settled = ReadonlySet<string>;

const NOTHING: Settled = new Set();

type Put = (source: JsonObject, draft: Draft, settled: Settled) => void;

function compileOthers(consumed: ReadonlySet<string>, reserved: ReadonlySet<string>): Put {
  return (source, draft, settled) => {
    for (const name of Object.keys(source)) {
      if (consumed.has(name) || settled.has(name)) continue;
      if (reserved.has(name)) warn(draft, RESERVED, name);
      else put(draft, name, source[name] ?? null, name);
    }
  };
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
  const settled = new Set<string>();
  ruleSet.write(traits, {
    put: (to, value, from) => {
      const before = draft.written;
      put(draft, to, value, from);
      if (draft.written > before) settled.add(to);
    },
    complain: (from, message) => draft.warnings.push(conversionFailed(pathOf(draft, from), message)),
  });
  return settled;
}

/** Null clears the field; what else counts as empty (`''`, 0, false) is left out, as RudderStack does. */
function compileField({ field, path, convert }: FieldRule): Put {
  const read = compilePath(path);
  const conversion = convert === undefined ? undefined : CONVERSIONS.get(convert);
  if (convert !== undefined && !conversion) throw new Error(`no conversion ${convert} for field ${field}`);
  return (source, draft, settled) => {
    const value = read(source);
    if (value === undefined || (value !== null && !value) || settled.has(field)) return;
    const converted = value === null || !conversion ? value : conversion(value);
    if (isUnusable(converted, value)) (converted.rejects ? reject : warn)(draft, converted, path);
    else put(draft, field, converted, path);
  };
}

/** Conversions return text or an `Unusable`; a value that passed unchanged is the one that went in. */
function isUnusable(converted: Json | Unusable, value: Json): converted is Unusable {
  return converted !== value && isObject(converted);
}
