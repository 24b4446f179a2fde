/** Braze's documented limits, checked before anything is sent: what it would refuse, and what it would drop or change. */
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { type Rejected, rejected, type Warning } from '../src/model/outcome.ts';

/** Braze: an external id of 988 bytes or more is refused (EXTERNAL_USER_ID_TOO_LARGE, /users/track docs). */
export const MAX_EXTERNAL_ID_BYTES = 987;
/** Braze: names of attributes, events and properties, and text values, have at most 255 characters. */
export const MAX_CHARACTERS = 255;
/** Braze: an array attribute keeps 500 elements unless the contract says otherwise; the oldest fall off. */
const MAX_ELEMENTS = 500;
/** What Braze gives a meaning inside an attribute, and so no wrong name there. */
const OPERATORS: ReadonlySet<string> = new Set([
  '$add',
  '$update',
  '$remove',
  '$identifier_key',
  '$identifier_value',
  '$new_object',
  '$time',
]);
const WRONG_IN_NESTED_NAME = /[ .$]/;

/** The rejection of an external id that Braze would refuse, or undefined. `path` is where the id stands. */
export function externalIdTooLong(externalId: string, path = 'userId'): Rejected | undefined {
  // UTF-8 needs at most three bytes for a unit of UTF-16: short ids are not measured.
  if (externalId.length * 3 <= MAX_EXTERNAL_ID_BYTES) return undefined;
  const bytes = Buffer.byteLength(externalId);
  if (bytes <= MAX_EXTERNAL_ID_BYTES) return undefined;
  const message = `expected an external id of at most ${MAX_EXTERNAL_ID_BYTES} bytes, got ${bytes}`;
  return rejected('invalid', 'external_id_too_long', message, [{ path, message }]);
}

/** Sent all the same, as the other warnings here: a contract may allow more. */
export function nameTooLong(name: string, path: string): Warning {
  const message = `expected a name of at most ${MAX_CHARACTERS} characters, got ${name.length}: Braze may drop it`;
  return { code: 'name_too_long', message, path };
}

export function textTooLong(text: string, path: string): Warning {
  const message = `expected text of at most ${MAX_CHARACTERS} characters, got ${text.length}: Braze may drop it`;
  return { code: 'text_too_long', message, path };
}

/** What Braze does not take as it is in a list or an object that is an attribute. */
export interface NestedFault {
  readonly code: string;
  readonly message: string;
  /** Goes on from the attribute's path: `.a[1].b`. */
  readonly below: string;
}

/** The first fault only. */
export function checkNestedAttribute(value: Json[] | JsonObject): NestedFault | undefined {
  if (!Array.isArray(value)) return faultInObject(value, '');
  if (value.length > MAX_ELEMENTS && !isObject(value[0])) {
    const message = `expected at most ${MAX_ELEMENTS} elements, got ${value.length}: Braze keeps the last ones`;
    return { code: 'array_too_long', message, below: '' };
  }
  return faultInList(value, '');
}

/** In a plain list only long texts count; objects in it have the rules of objects. */
function faultInList(list: readonly Json[], below: string): NestedFault | undefined {
  for (let index = 0; index < list.length; index += 1) {
    const value = list[index];
    if (typeof value === 'string' && value.length > MAX_CHARACTERS) {
      const { code, message } = textTooLong(value, '');
      return { code, message, below: `${below}[${index}]` };
    }
    if (typeof value !== 'object' || value === null) continue;
    const fault = faultIn(value, `${below}[${index}]`);
    if (fault) return fault;
  }
  return undefined;
}

function faultIn(value: Json[] | JsonObject, below: string): NestedFault | undefined {
  return Array.isArray(value) ? faultInList(value, below) : faultInObject(value, below);
}

const NAME = `expected a name of 1 to ${MAX_CHARACTERS} characters without space, . and $`;
const TEXT = `expected text of at most ${MAX_CHARACTERS} characters`;
const NO_NULL = 'expected anything but null';

function faultInObject(object: JsonObject, below: string): NestedFault | undefined {
  for (const name of Object.keys(object)) {
    if (isWrongNestedName(name)) return ignored(NAME, `${below}.${name}`);
    const fault = faultInMember(object[name] ?? null, name, below);
    if (fault) return fault;
  }
  return undefined;
}

function faultInMember(value: Json, name: string, below: string): NestedFault | undefined {
  if (value === null) return ignored(NO_NULL, `${below}.${name}`);
  if (typeof value === 'object') return faultIn(value, `${below}.${name}`);
  const isLong = typeof value === 'string' && value.length > MAX_CHARACTERS;
  return isLong ? ignored(TEXT, `${below}.${name}`) : undefined;
}

function ignored(expected: string, below: string): NestedFault {
  const message = `${expected} inside a nested attribute: Braze may ignore the whole of it`;
  return { code: 'nested_value_ignored', message, below };
}

function isWrongNestedName(name: string): boolean {
  if (name === '' || name.length > MAX_CHARACTERS) return true;
  return WRONG_IN_NESTED_NAME.test(name) && !OPERATORS.has(name);
}
