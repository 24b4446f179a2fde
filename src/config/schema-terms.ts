/** What the configuration's schema is written in: its language, and terms that several parts of it share. */

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
  readonly oneOf?: readonly Schema[];
  /** One value or a list of them, a value or one for each source type: told apart by the type, so that faults stay exact. */
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;
  /** What a problem says was expected, where type, range and list of values do not say it well. */
  readonly expects?: string;
  /** The value never appears in a problem, a log line or the printed configuration. */
  readonly secret?: boolean;
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
