/**
 * Checks a value against the JSON Schema with ajv, fills in defaults, and turns ajv's errors into faults
 * that say what was found and what was expected. A secret's value never gets into a fault.
 */
import { Ajv, type ErrorObject } from 'ajv';
import type { Schema } from './schema-terms.ts';
import { suggest } from './suggest.ts';

export type Path = readonly (string | number)[];

/** One thing wrong: where in the value, and what was found and expected there. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
  /** Set when only the type is wrong: what would be right, so that text from the environment can be converted. */
  readonly wantedType?: string;
}

/** Checks `value` and fills the schema's defaults into it in place; all faults at once, none when it is good. */
export type Validate = (value: unknown) => Fault[];

/** How a found value is shown; text that came from elsewhere (the environment) can be named instead of shown. */
export type ShowFound = (path: Path, value: unknown) => string;

export function createValidator(
  schema: Schema,
  showFound: ShowFound = (_path, value) => show(value),
): Validate {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    // "Exactly one of these keys" names keys that are defined one level further up.
    strictRequired: false,
    allowUnionTypes: true,
    useDefaults: true,
    verbose: true,
    // A test checks the schema; and it is run a few times only, so that optimising costs more than it saves.
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  });
  ajv.addVocabulary(['secret', 'expects', 'noEffect', 'elsewhere']);
  const check = ajv.compile(schema);
  return (value) => {
    if (check(value)) return [];
    return withoutRepeats((check.errors ?? []).flatMap((error) => toFaults(error, showFound)));
  };
}

/** A wrong type fails a list of values too: one fault is enough. */
function withoutRepeats(faults: readonly Fault[]): Fault[] {
  const seen = new Map(
    faults.toReversed().map((fault) => [`${formatPath(fault.path)}: ${fault.message}`, fault]),
  );
  return [...seen.values()].toReversed();
}

/** `http.port`, `sources[0].id`; the empty path is the whole. */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}

/** A found value in a few words: scalars as they are (shortened), the rest by its kind. */
export function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

/** What a schema asks for, in words: "a whole number from 1 to 65535", "one of alias, merge". */
export function describeExpected(schema: Schema): string {
  if (schema.expects !== undefined) return schema.expects;
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  const type = typeof schema.type === 'string' ? schema.type : '';
  if (type === 'integer' || type === 'number') return describeNumber(type, schema);
  return TYPE_WORDS[type] ?? 'something else';
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  string: 'text that is not empty',
  array: 'a list with at least one entry',
  object: 'a mapping',
};

function describeNumber(type: string, { minimum, maximum }: Schema): string {
  const noun = type === 'integer' ? 'a whole number' : 'a number';
  if (minimum !== undefined && maximum !== undefined) return `${noun} from ${minimum} to ${maximum}`;
  return minimum === undefined ? noun : `${noun} of at least ${minimum}`;
}

function toFaults(error: ErrorObject, showFound: ShowFound): Fault[] {
  // A member that is missing inside `oneOf` is reported by `oneOf` itself.
  if (error.schemaPath.includes('/oneOf/')) return [];
  // It says only that a branch failed, which says itself why.
  if (error.keyword === 'if') return [];
  const path = toPath(error);
  const schema = (error.parentSchema ?? {}) as Schema;
  if (error.keyword === 'additionalProperties') return [unknownKey(path, error, schema)];
  if (error.keyword === 'required') return [{ path, message: missingKey(error) }];
  if (error.keyword === 'oneOf') return [{ path, message: notExactlyOne(schema, error.data) }];
  if (error.keyword === 'uniqueItems')
    return [{ path, message: 'found the same entry twice, expected it once' }];
  return [wrongValue(path, error, schema, showFound)];
}

function wrongValue(path: Path, error: ErrorObject, schema: Schema, showFound: ShowFound): Fault {
  const found = schema.secret === true ? showSecret(error.data) : showFound(path, error.data);
  const message = `found ${found}, expected ${describeExpected(schema)}${hint(schema, error.data)}`;
  if (error.keyword !== 'type' || typeof schema.type !== 'string') return { path, message };
  return { path, message, wantedType: schema.type };
}

function showSecret(value: unknown): string {
  if (value === '') return 'empty text';
  return typeof value === 'object' ? show(value) : `a ${typeof value} (not shown)`;
}

function hint(schema: Schema, value: unknown): string {
  const nearest = typeof value === 'string' ? suggest(value, textsOf(schema.enum)) : null;
  if (nearest !== null) return `, did you mean ${nearest}?`;
  const isText =
    (schema.type === 'string' && schema.enum === undefined) ||
    (Array.isArray(schema.type) && schema.type.includes('string'));
  return isText && (typeof value === 'number' || typeof value === 'boolean') ? ' (put it in quotes)' : '';
}

function textsOf(values: readonly unknown[] = []): string[] {
  return values.filter((value): value is string => typeof value === 'string' && value !== '');
}

function unknownKey(path: Path, error: ErrorObject, schema: Schema): Fault {
  const key = String(error.params.additionalProperty);
  const { form, keys = [] } = schema.elsewhere ?? {};
  const found = keys.includes(key) ? `a key of ${form}` : 'an unknown key';
  return { path: [...path, key], message: `found ${found}, ${hintForKey(key, schema)}` };
}

function hintForKey(key: string, { properties = {}, elsewhere }: Schema): string {
  const { form, keys = [] } = elsewhere ?? {};
  const nearest = keys.includes(key) ? null : suggest(key, Object.keys(properties));
  if (nearest !== null) return `did you mean ${nearest}?`;
  const other = keys.includes(key) ? null : suggest(key, keys);
  if (other !== null) return `did you mean ${other}, which goes with ${form}?`;
  const served = Object.entries(properties).filter(([, { noEffect }]) => noEffect !== true);
  return `expected one of ${served.map(([name]) => name).join(', ')}`;
}

function missingKey(error: ErrorObject): string {
  return `found no ${String(error.params.missingProperty)}, expected one`;
}

/** `oneOf` is used for nothing but "exactly one of these keys". */
function notExactlyOne(schema: Schema, data: unknown): string {
  const keys = (schema.oneOf ?? []).flatMap((choice) => choice.required ?? []);
  const present = keys.filter((key) => typeof data === 'object' && data !== null && Object.hasOwn(data, key));
  return `found ${present.length === 0 ? 'none' : 'both'} of ${keys.join(' and ')}, expected exactly one`;
}

function toPath(error: ErrorObject): Path {
  const steps = error.instancePath.split('/').slice(1);
  return steps.map((step) =>
    /^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~'),
  );
}
