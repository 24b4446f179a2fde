/** Compiles a table of fields into a function: paths are split and conversions bound once, at start. */
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { CONVERSIONS, type Unusable } from './conversions.ts';

export interface FieldRule {
  /** The name of the field at Braze. */
  readonly field: string;
  /** Dotted path of the trait. */
  readonly path: string;
  /** A name in `CONVERSIONS`; absent: the value goes as it is. */
  readonly convert?: string;
}

export interface MappingTable {
  readonly fields: readonly FieldRule[];
  /** Members that the sender may not set. */
  readonly dropped: readonly string[];
}

/** A Braze object being built. */
export type Target = Record<string, unknown>;

/** Hears of each value that cannot be sent, with its path. */
export type Complain = (path: string, unusable: Unusable) => void;

/** Writes what `source` holds into `target` and says how many members it wrote. Never changes `source`. */
export type Mapping = (source: JsonObject, target: Target, complain: Complain) => number;

const RESERVED: Unusable = {
  rejects: false,
  code: 'reserved_trait',
  message: 'the name is reserved for identifiers and control fields of Braze: left out',
};

type CompiledField = (source: JsonObject, target: Target, complain: Complain) => number;

/**
 * Fields of the table first, then every member that no path begins with, under its own name: so a member that
 * is spelled as Braze spells it wins over the mapped one. Throws when the table names an unknown conversion.
 */
export function compileMapping(table: MappingTable): Mapping {
  const fields = table.fields.map(compileField);
  const consumed = new Set(table.fields.map(({ path }) => path.split('.')[0]));
  const dropped = new Set(table.dropped);
  return (source, target, complain) => {
    let written = 0;
    for (const field of fields) written += field(source, target, complain);
    for (const name of Object.keys(source)) {
      if (consumed.has(name)) continue;
      if (dropped.has(name)) complain(name, RESERVED);
      else {
        setOwn(target, name, source[name] ?? null);
        written += 1;
      }
    }
    return written;
  };
}

/** Null clears the field; what else counts as empty (`''`, 0, false) is left out, as RudderStack does. */
function compileField({ field, path, convert }: FieldRule): CompiledField {
  const read = compilePath(path);
  const conversion = convert === undefined ? undefined : CONVERSIONS.get(convert);
  if (convert !== undefined && !conversion) throw new Error(`no conversion ${convert} for field ${field}`);
  return (source, target, complain) => {
    const value = read(source);
    if (value === undefined || (value !== null && !value)) return 0;
    const converted = value === null || !conversion ? value : conversion(value);
    if (isUnusable(converted, value)) {
      complain(path, converted);
      return 0;
    }
    target[field] = converted;
    return 1;
  };
}

/** Conversions return text or an `Unusable`; a value that passed unchanged is the one that went in. */
function isUnusable(converted: Json | Unusable, value: Json): converted is Unusable {
  return converted !== value && typeof converted === 'object';
}

/** Reads nested objects and literal dotted keys alike; the literal key wins. */
export function compilePath(path: string): (source: JsonObject) => Json | undefined {
  const segments = path.split('.');
  const [head = '', ...rest] = segments;
  if (rest.length === 0) return (source) => ownValue(source, head);
  return (source) => {
    const literal = ownValue(source, path);
    if (literal !== undefined) return literal;
    let value: Json | undefined = source;
    for (const segment of segments) value = isObject(value) ? ownValue(value, segment) : undefined;
    return value;
  };
}

/** A key such as `constructor` is data like any other: what the prototype has under it does not count. */
function ownValue(source: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}

/** Assigning `__proto__` would change the prototype instead of adding a member. */
export function setOwn(target: Target, name: string, value: Json): void {
  if (name !== '__proto__') target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
}
