/** Reads a query or a body by the schema that describes it: what cannot be understood is named, never guessed and never passed over. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { readCursor } from '../dead-letters/resend-cursor.ts';
import { parseTime } from '../model/clock.ts';
import type { Json } from '../model/json.ts';
import type { JsonSchema, ObjectSchema } from '../openapi/schema.ts';

/** A problem's text names the member and what was expected. */
export type Asked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

/** Times come out as ms since the epoch, members that are absent with their defaults. */
export type Reader<Value> = (asked: unknown) => Asked<Value>;

const ajv = new Ajv({
  allErrors: true,
  useDefaults: true,
  allowUnionTypes: true,
  // Tests check the schemas.
  meta: false,
  validateSchema: false,
  code: { optimize: false },
  formats: {
    // More than the format's own: a date alone, a time without an offset.
    'date-time': (text: string) => parseTime(text) !== undefined,
    cursor: (text: string) => readCursor(text) !== undefined,
  },
});

/** Reads a body as parsed. */
export function createReader<Value>(schema: ObjectSchema): Reader<Value> {
  let validate: ValidateFunction | undefined;
  return (asked) => {
    // At the first use: few of them are used in the life of a process, and none at its start.
    validate ??= ajv.compile(schema);
    if (validate(asked)) return { ok: true, value: withTimes(asked as Members, schema) as Value };
    return { ok: false, problem: problemOf(validate.errors ?? [], schema) };
  };
}

/** Reads a query: its numbers and flags are text. */
export function createQueryReader<Value>(schema: ObjectSchema): Reader<Value> {
  const read = createReader<Value>(schema);
  return (asked) =>
    read(
      Object.fromEntries(
        Object.entries(asked as Members).map(([name, given]) => [
          name,
          typeof given === 'string' ? typedOf(given, schema.properties[name]) : given,
        ]),
      ),
    );
}

type Members = Readonly<Record<string, unknown>>;

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function typedOf(text: string, schema: JsonSchema = {}): unknown {
  const types = [schema.type ?? []].flat();
  const isNumber = types.includes('integer') || types.includes('number');
  if (isNumber && NUMBER.test(text)) return Number(text);
  return types.includes('boolean') && (text === 'true' || text === 'false') ? text === 'true' : text;
}

function withTimes(members: Members, { properties }: ObjectSchema): Members {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      properties[name]?.format === 'date-time' ? parseTime(value as Json) : value,
    ]),
  );
}

/** What is wrong with a member says more than that the whole is none of the forms it may have. */
function problemOf(errors: readonly ErrorObject[], schema: ObjectSchema): string {
  const error = errors.find(({ schemaPath }) => !schemaPath.startsWith('#/anyOf'));
  if (error === undefined) return `expected ${schema.description}`;
  const { keyword, instancePath, params } = error;
  if (keyword === 'additionalProperties') return `${params.additionalProperty}: there is no such member`;
  const name = keyword === 'required' ? params.missingProperty : instancePath.split('/')[1];
  return name === undefined
    ? 'expected a JSON object'
    : `${name}: expected ${expectedOf(schema.properties[name])}`;
}

const EXPECTED: Readonly<Record<string, string>> = {
  'date-time': 'a time (ISO 8601 such as 2026-01-01, or ms since the epoch)',
  cursor: '`next` of the answer before',
  boolean: 'true or false',
  array: 'a list of ids',
};

function expectedOf({ enum: values, type, format, minimum, maximum }: JsonSchema = {}): string {
  if (values !== undefined) return `one of ${values.join(', ')}`;
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`;
  return EXPECTED[format ?? String(type)] ?? 'text';
}
