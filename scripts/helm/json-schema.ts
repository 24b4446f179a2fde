/** The terms that the chart's schema is written in: JSON Schema (draft 7) as Helm reads it. */

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A mapping of exactly these keys. */
export const mapping = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
});

export const text: JsonSchema = { type: 'string' };
export const flag: JsonSchema = { type: 'boolean' };
export const count = (minimum: number): JsonSchema => ({ type: 'integer', minimum });
export const oneOf = (...values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });
export const texts: JsonSchema = { type: 'array', items: text };

/** Labels, annotations, node selectors. */
export const textMap: JsonSchema = { type: 'object', additionalProperties: text };

/** What Kubernetes defines and checks itself: only the kind is checked here. */
export const anyMapping: JsonSchema = { type: 'object' };
export const mappings: JsonSchema = { type: 'array', items: anyMapping };

export const orNull = (schema: JsonSchema): JsonSchema => ({ ...schema, type: [schema.type, 'null'] });
