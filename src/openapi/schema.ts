/** JSON Schemas of the HTTP APIs (2020-12, as OpenAPI 3.1 has them), in short: each tied to the type it describes. */

/** A schema with a `title` becomes a component of that name in a description. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
}

export interface ObjectSchema extends JsonSchema {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

export const TEXT = { type: 'string' } as const satisfies JsonSchema;
export const FLAG = { type: 'boolean' } as const satisfies JsonSchema;
export const COUNT = { type: 'integer', minimum: 0 } as const satisfies JsonSchema;
/** As `toISOString` writes it. */
export const INSTANT = { type: 'string', format: 'date-time' } as const satisfies JsonSchema;

export function described<Described extends JsonSchema>(schema: Described, description: string): Described {
  return { ...schema, description };
}

export function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

export function oneOfTexts(values: readonly string[]): JsonSchema {
  return { type: 'string', enum: values };
}

/** A member that may be absent. */
export interface Optional {
  readonly optional: JsonSchema;
}

export const optional = (schema: JsonSchema): Optional => ({ optional: schema });

/** A schema for each member, marked where the type has a question mark: a member more or less does not compile. */
export type MembersOf<Type> = {
  readonly [Name in keyof Type]-?: object extends Pick<Type, Name> ? Optional : JsonSchema;
};

/** The schema of objects of a type; a member that is not named fails it. */
export function objectOf<Type>(title: string | null, members: MembersOf<Type>): ObjectSchema {
  const entries = Object.entries<JsonSchema | Optional>(members);
  return {
    ...(title !== null && { title }),
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, member]) => [name, 'optional' in member ? member.optional : member]),
    ),
    required: entries.filter(([, member]) => !('optional' in member)).map(([name]) => name),
    additionalProperties: false,
  };
}
