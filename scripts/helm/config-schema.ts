/**
 * Brazier's own configuration schema as the chart takes it under `config`: the same keys and ranges, and for each key that
 * names a file (`restApiKeyFile`) one that names a Secret's key instead (`restApiKeySecret: {name, key}`).
 */
import { CONFIG_SCHEMA } from '../../src/config/schema.ts';
import type { Schema } from '../../src/config/schema-terms.ts';
import { type JsonSchema, mapping } from './json-schema.ts';

/** Annotations of Brazier's own validator, and examples that no Helm shows. */
const OWN_KEYWORDS = new Set(['secret', 'expects', 'elsewhere', 'noEffect', 'examples', 'default']);

/** `mode` says the kind, `persistence.mountPath` the path. */
const DECIDED_BY_THE_CHART = ['kind', 'path'];

const SECRET_KEY: JsonSchema = {
  ...mapping({
    name: { type: 'string', minLength: 1, description: 'Name of a Secret that exists (tpl).' },
    key: { type: 'string', minLength: 1, description: 'Its key.' },
  }),
  required: ['name', 'key'],
};

const SECRET_KEYS: JsonSchema = {
  if: { type: 'array' },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: { type: 'array', items: SECRET_KEY, minItems: 1, maxItems: 2 },
  else: SECRET_KEY,
};

/** The keys that hold a secret itself, wherever they stand. */
export function secretKeys(schema: Schema = CONFIG_SCHEMA): Set<string> {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) =>
    value.secret === true ? [key] : [],
  );
  return new Set([...own, ...partsOf(schema).flatMap((part) => [...secretKeys(part)])]);
}

function partsOf(schema: Schema): Schema[] {
  const { properties = {}, items, if: _, then: met, else: unmet } = schema;
  return [...Object.values(properties), items, met, unmet].filter((part) => part !== undefined);
}

/** `config` but for what depends on other values: the log, and which keys an entry must have. */
export function configSchema(): JsonSchema {
  const { properties = {} } = CONFIG_SCHEMA;
  return mapping({
    ...Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, translate(schema)])),
    log: { type: 'object' },
    sources: entries(properties.sources, false),
    destinations: entries(properties.destinations, false),
  });
}

/** `config.log` of one mode. */
export function logSchema(mode: 'embedded' | 'kafka'): JsonSchema {
  const log = CONFIG_SCHEMA.properties?.log ?? {};
  const form = (mode === 'kafka' ? log.then : log.else) ?? {};
  const properties = Object.entries(form.properties ?? {}).filter(
    ([key]) => !DECIDED_BY_THE_CHART.includes(key),
  );
  return translate({ ...form, properties: Object.fromEntries(properties) });
}

/** What each entry must have, where no workspaceConfig.json brings it. */
export function entryRules(): JsonSchema {
  const { sources, destinations } = CONFIG_SCHEMA.properties ?? {};
  return { properties: { sources: entries(sources, true), destinations: entries(destinations, true) } };
}

/** A list of sources or destinations: its entries' keys, or only which of them must be there. */
function entries({ items = {} }: Schema = {}, isRules: boolean): JsonSchema {
  const { oneOf, allOf, ...keys } = translate(items);
  return {
    type: 'array',
    items: isRules ? { ...(oneOf ? { oneOf } : {}), ...(allOf ? { allOf } : {}) } : keys,
  };
}

function translate(schema: Schema): JsonSchema {
  // Helm shows what did not match a pattern: of a secret only `brazier check` judges the letters, without showing them.
  const left = schema.secret === true ? new Set([...OWN_KEYWORDS, 'pattern']) : OWN_KEYWORDS;
  const kept = Object.entries(schema).filter(([keyword]) => !left.has(keyword));
  return Object.fromEntries(
    kept.flatMap(([keyword, value]): [string, unknown][] =>
      keyword === 'properties' ? withSecrets(value) : [[keyword, translateKeyword(keyword, value)]],
    ),
  );
}

function translateKeyword(keyword: string, value: unknown): unknown {
  if (keyword === 'pattern') return forGo(String(value));
  if (['items', 'if', 'then', 'else', 'not'].includes(keyword)) return translate(value as Schema);
  if (keyword === 'additionalProperties' && typeof value === 'object') return translate(value as Schema);
  if (['oneOf', 'anyOf', 'allOf'].includes(keyword)) return choices(value as readonly Schema[]);
  return value;
}

/** Where a file is one of the choices, a Secret's key is another. */
function choices(schemas: readonly Schema[]): JsonSchema[] {
  return schemas.flatMap((schema) => {
    const [key = ''] = schema.required ?? [];
    const isFile = schema.required?.length === 1 && key.endsWith('File');
    return isFile ? [translate(schema), { required: [secretNameOf(key)] }] : [translate(schema)];
  });
}

const secretNameOf = (fileKey: string): string => fileKey.replace(/File$/, 'Secret');

function withSecrets(properties: unknown): [string, unknown][] {
  const known = Object.entries(properties as Readonly<Record<string, Schema>>);
  const files = known.filter(([key]) => key.endsWith('File'));
  const secrets = files.map(([key, { type }]): [string, JsonSchema] => [
    secretNameOf(key),
    Array.isArray(type) ? SECRET_KEYS : SECRET_KEY,
  ]);
  const own = known.map(([key, schema]): [string, JsonSchema] => [key, translate(schema)]);
  const all: [string, unknown] = ['properties', Object.fromEntries([...own, ...secrets])];
  return files.length === 0 ? [all] : [all, ['dependencies', exclusions(files.map(([key]) => key))]];
}

/** A file and a Secret for the same thing: one would be passed over in silence. */
function exclusions(fileKeys: readonly string[]): JsonSchema {
  return Object.fromEntries(fileKeys.map((key) => [secretNameOf(key), { not: { required: [key] } }]));
}

/** Helm's Go knows no lookahead; what it would have refused, `brazier check` refuses. */
function forGo(pattern: string): string {
  return pattern.replaceAll(/\(\?![^()]*\)/g, '');
}
