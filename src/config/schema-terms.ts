/** What the configuration's schema is written in: its language, and terms that several parts of it share. */
import { isObject } from '../model/json.ts';

/** A JSON Schema (draft 7) with this project's annotations; see `validator.ts` for what they do. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  /** Two forms (one value or a list, a mapping of either kind), told apart by a type or by a key's value, so that faults stay exact. */
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;
  /** What a problem says was expected, where type, range and list of values do not say it well. */
  readonly expects?: string;
  /** The value never appears in a problem, a log line or the printed configuration. */
  readonly secret?: boolean;
  /** Of a mapping in two forms: the other's name and keys, so that a key that stands in the wrong one is told as such. */
  readonly elsewhere?: { readonly form: string; readonly keys: readonly string[] };
  /** RudderStack's cloud mode never used it: any value passes, with a warning. */
  readonly noEffect?: boolean;
}

export const TEXT = { type: 'string', minLength: 1 } as const;

export const FILE = { ...TEXT, expects: 'the path of a file' } as const;

export const ID: Schema = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  expects: 'a name of at most 64 letters, digits, dots, dashes and underscores',
};

/** The one of a schema's two forms that describes `value`; the schema itself when it has one form. */
export function formOf(schema: Schema, value: unknown): Schema {
  const { if: condition, then: met, else: unmet } = schema;
  if (condition === undefined || met === undefined || unmet === undefined) return schema;
  return meets(value, condition) ? met : unmet;
}

function meets(value: unknown, { type, properties = {} }: Schema): boolean {
  if (type === 'array') return Array.isArray(value);
  if (!isObject(value)) return false;
  return Object.entries(properties).every(([key, { enum: values = [] }]) => values.includes(value[key]));
}
