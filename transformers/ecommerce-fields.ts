/** Compiles the field table of a recommended event: where each field comes from, in order, and what Braze takes there. */
import type { Json, JsonObject } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Issue } from '../src/model/outcome.ts';
import type { MappingRule } from '../src/model/settings.ts';
import { VALUE_TYPES } from './ecommerce-values.ts';
import type { Target } from './mapping.ts';
import { isEmptyValue } from './metadata.ts';
import { targetOf } from './rules.ts';

export interface FieldSpec {
  readonly field: string;
  /** Members of the source; the first that is not empty counts. */
  readonly from: readonly string[];
  /** A name in `VALUE_TYPES`. */
  readonly type: string;
  /** Braze refuses the event without it. */
  readonly required?: boolean;
}

/** What is learned while fields are read. */
export interface Reading {
  /** Where the source stands in the event, e.g. `properties.products[1]`. */
  readonly root: string;
  /** Members that went into a field: they are no leftovers. */
  readonly used: Set<string>;
  /** One for each field that is missing or cannot be sent. */
  readonly issues: Issue[];
}

/** Writes what `source` holds into `target`. Never changes `source`. */
export type ReadFields = (source: JsonObject, target: Target, reading: Reading) => void;

/** A field that a rule of the user writes comes from there first. Throws when the table names an unknown type. */
export function compileFields(
  specs: readonly FieldSpec[],
  rules: readonly MappingRule[] | undefined,
): ReadFields {
  const written = new Set(rules?.map(targetOf));
  const fields = specs.map((spec) => compileField(spec, written.has(spec.field)));
  return (source, target, reading) => {
    for (const field of fields) field(source, target, reading);
  };
}

function compileField({ field, from, type, required = false }: FieldSpec, isWritten: boolean): ReadFields {
  const valueType = VALUE_TYPES.get(type);
  if (!valueType) throw new Error(`no type ${type} for field ${field}`);
  const { read, expected } = valueType;
  const names = isWritten ? [...new Set([field, ...from])] : from;
  const place = names.length > 1 ? `${field} (from ${names.join(', ')})` : field;
  const fault = ({ root, issues }: Reading, name: string, given: Json | undefined) => {
    const kind = kindOf(typeof given === 'string' ? given.trim() : given);
    issues.push({ path: `${root}.${name}`, message: `${place}: expected ${expected}, got ${kind}` });
  };
  return (source, target, reading) => {
    const name = names.find((each) => !isEmptyValue(ownValue(source, each)));
    if (name === undefined) {
      if (required) fault(reading, names[0] ?? field, ownValue(source, names[0] ?? field));
      return;
    }
    const given = source[name] as Json;
    const value = read(given);
    if (value === undefined) fault(reading, name, given);
    else target[field] = value;
    // An alternative that says the same is no loss; one that differs is kept among the leftovers.
    for (const each of names) if (source[each] === given) reading.used.add(each);
  };
}

function ownValue(source: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}
