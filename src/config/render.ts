/** The configuration as it was understood, as YAML for people to read: defaults filled in, secrets masked. */
import { stringify } from 'yaml';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { originOf } from './data-centers.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { formOf, type Schema } from './schema-terms.ts';

const MASK = '********';

/** `effective` as `loadConfig` gives it. No secret is in the text. */
export function renderConfig(effective: JsonObject): string {
  return stringify(shown(effective, CONFIG_SCHEMA)).replaceAll(
    /^(\s*(?:- )?dataCenter: )(.*)$/gm,
    withOrigin,
  );
}

function withOrigin(line: string, _key: string, name: string): string {
  const origin = originOf(name.replaceAll(/["']/g, ''));
  return origin === null ? line : `${line} # ${origin}`;
}

/** Follows the schema, so that what it does not know, or what has no effect, is not shown either. */
function shown(value: Json, schema: Schema): Json {
  const form = formOf(schema, value);
  if (form.secret === true) return Array.isArray(value) ? value.map(() => MASK) : MASK;
  const { items = {} } = form;
  if (Array.isArray(value)) return value.map((item) => shown(item, items));
  return isObject(value) ? shownMembers(value, form) : value;
}

function shownMembers(value: JsonObject, { properties = {} }: Schema): JsonObject {
  const members = Object.entries(properties).flatMap(([key, schema]) => {
    const member = Object.hasOwn(value, key) ? value[key] : undefined;
    const isMeant = schema.noEffect !== true && member !== undefined;
    return isMeant ? [[key, shown(member, schema)] as const] : [];
  });
  return Object.fromEntries(members);
}
