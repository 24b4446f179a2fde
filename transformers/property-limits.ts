/** Braze's limits on the properties of a custom event: names that it refuses, and what it would drop. */
import type { Json, JsonObject } from '../src/model/json.ts';
import { type Issue, type Rejected, rejected, type Warning } from '../src/model/outcome.ts';
import { MAX_CHARACTERS, textTooLong } from './limits.ts';

/** Braze: the 257th property and those after it are ignored (custom event docs). */
export const MAX_PROPERTIES = 256;

const WRONG_NAME = `expected a property name of 1 to ${MAX_CHARACTERS} characters that does not begin with $`;

/**
 * The rejection when Braze would refuse a name, with an issue for each such; undefined otherwise. What Braze may
 * drop becomes a warning, at most one for each property, and is sent as it is: a contract may allow more.
 */
export function checkProperties(properties: JsonObject, warnings: Warning[]): Rejected | undefined {
  const issues: Issue[] = [];
  let count = 0;
  for (const name in properties) {
    const value = properties[name];
    // What a mapping rule has taken.
    if (value === undefined) continue;
    count += 1;
    if (isWrongName(name)) issues.push({ path: pathOf(name), message: `${WRONG_NAME}, got ${cameAs(name)}` });
    const warning = hasLongText(value) ? findLongText(value, pathOf(name)) : undefined;
    if (warning) warnings.push(warning);
  }
  if (count > MAX_PROPERTIES) warnings.push(tooMany(count));
  const [issue] = issues;
  return issue && rejected('invalid', 'invalid_property_name', `${issue.path}: ${issue.message}`, issues);
}

function isWrongName(name: string): boolean {
  return name === '' || name.length > MAX_CHARACTERS || name.charCodeAt(0) === DOLLAR;
}

const DOLLAR = 36;

function cameAs(name: string): string {
  if (name === '') return 'an empty one';
  return name.length > MAX_CHARACTERS ? `one of ${name.length}` : 'one that does';
}

/** A name that is far too long is cut: the path only has to be found again. */
function pathOf(name: string): string {
  return `properties.${name.slice(0, MAX_CHARACTERS)}`;
}

/** Asked of every value, found in few: it makes no paths. */
function hasLongText(value: Json): boolean {
  if (typeof value === 'string') return value.length > MAX_CHARACTERS;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasLongText);
  for (const name in value) if (hasLongText(value[name] ?? null)) return true;
  return false;
}

function findLongText(value: Json, path: string): Warning | undefined {
  if (typeof value === 'string') return value.length > MAX_CHARACTERS ? textTooLong(value, path) : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const isList = Array.isArray(value);
  for (const [name, inner] of Object.entries(value)) {
    const warning = findLongText(inner, isList ? `${path}[${name}]` : `${path}.${name}`);
    if (warning) return warning;
  }
  return undefined;
}

function tooMany(count: number): Warning {
  const message = `expected at most ${MAX_PROPERTIES} properties, got ${count}: Braze ignores the rest`;
  return { code: 'too_many_properties', message, path: 'properties' };
}
