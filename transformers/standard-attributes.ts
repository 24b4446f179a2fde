/** What Braze demands of the attributes it has fields for, by their Braze names: refused, or quietly not set. */
import codes from '../mappings/codes.json' with { type: 'json' };
import genders from '../mappings/genders.json' with { type: 'json' };
import { isObject, type Json } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';

/** A value that Braze's field does not take. */
export interface AttributeFault {
  /** `invalid_…`: Braze refuses the whole object for it. `unusual_value`: it does not set the field, or not so. */
  readonly code: 'invalid_email' | 'invalid_trait' | 'unusual_value';
  /** Names what was expected and the kind of what came, never the value. */
  readonly message: string;
  /** RudderStack too refuses the event, whatever its type. */
  readonly isHopeless?: true;
}

type Check = (value: Json) => AttributeFault | undefined;

/** RudderStack's text. */
export const NOT_TEXT_EMAIL = 'Invalid email, email must be a valid string';

/** The fault of an e-mail that is no text: RudderStack's text, and what came. */
export function notTextEmail(value: Json): AttributeFault & { readonly code: 'invalid_email' } {
  return { code: 'invalid_email', message: `${NOT_TEXT_EMAIL}, got ${kindOf(value)}`, isHopeless: true };
}

/**
 * Braze, e-mail validation: no white space; before the `@` letters and digits of any script and most symbols, dots
 * only between others; behind it ASCII letters, digits, hyphens and at least one dot.
 */
const EMAIL =
  /^[^\s\p{Cc}\p{Cs}@.,:;"()<>[\]\\]+(?:\.[^\s\p{Cc}\p{Cs}@.,:;"()<>[\]\\]+)*@[A-Za-z\d](?:[A-Za-z\d-]*[A-Za-z\d])?(?:\.[A-Za-z\d](?:[A-Za-z\d-]*[A-Za-z\d])?)+$/u;
const MAX_EMAIL_CHARACTERS = 255;
const DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const STATES: ReadonlySet<unknown> = new Set(['opted_in', 'subscribed', 'unsubscribed']);
const GROUP_STATES: ReadonlySet<unknown> = new Set(['subscribed', 'unsubscribed']);
const GENDERS: ReadonlySet<unknown> = new Set(Object.keys(genders));
const COUNTRIES: ReadonlySet<string> = new Set(codes.countries.split(' '));
const LANGUAGES: ReadonlySet<string> = new Set(codes.languages.split(' '));
const ZONES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('timeZone'));

/** Braze: INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO, whatever the value (/users/track docs). */
const FORBIDDEN = 'email_subscription_info';

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['email', checkEmail],
  ['email_subscribe', (value) => (STATES.has(value) ? undefined : invalid(STATE, value))],
  ['push_subscribe', (value) => (STATES.has(value) ? undefined : invalid(STATE, value))],
  ['current_location', checkLocation],
  ['push_tokens', checkTokens],
  ['subscription_groups', checkGroups],
  [FORBIDDEN, (value) => invalid('no attribute of this name', value)],
  [
    'dob',
    (value) => (typeof value === 'string' && DAY.test(value) ? undefined : unusual('YYYY-MM-DD', value)),
  ],
  ['gender', (value) => (GENDERS.has(value) ? undefined : unusual('M, F, O, N or P', value))],
  ['country', checkCountry],
  ['language', checkLanguage],
  ['time_zone', checkZone],
  ['first_name', checkText],
  ['last_name', checkText],
  ['home_city', checkText],
  ['image_url', checkText],
  ['facebook', checkProfile],
  ['twitter', checkProfile],
]);

const STATE = 'opted_in, subscribed or unsubscribed';

/** The fields that have a check. */
export const CHECKED_FIELDS: readonly string[] = [...CHECKS.keys()];

/** The check of a Braze field; undefined for a custom attribute and for fields that take anything. */
export function checkOf(field: string): Check | undefined {
  return CHECKS.get(field);
}

/** Null clears a field; Braze refuses it only under the name that it refuses altogether. */
export function isCleared(field: string, value: Json): value is null {
  return value === null && field !== FORBIDDEN;
}

function invalid(expected: string, value: Json): AttributeFault {
  return { code: 'invalid_trait', message: `expected ${expected}, got ${kindOf(value)}` };
}

function unusual(expected: string, value: Json): AttributeFault {
  return {
    code: 'unusual_value',
    message: `expected ${expected}, got ${other(value)}: Braze may not set it`,
  };
}

/** Of a text one cannot say its kind alone: it is the other kind of text. */
function other(value: Json): string {
  return typeof value === 'string' && value !== '' ? 'other text' : kindOf(value);
}

function checkText(value: Json): AttributeFault | undefined {
  return typeof value === 'string' ? undefined : unusual('text', value);
}

/** Braze: `facebook` and `twitter` are objects (user attributes docs). */
function checkProfile(value: Json): AttributeFault | undefined {
  return isObject(value) ? undefined : unusual('an object', value);
}

function checkEmail(value: Json): AttributeFault | undefined {
  if (typeof value !== 'string') return notTextEmail(value);
  if (value.length <= MAX_EMAIL_CHARACTERS && EMAIL.test(value)) return undefined;
  return { code: 'invalid_email', message: `expected an e-mail address, got ${other(value)}` };
}

function checkLocation(value: Json): AttributeFault | undefined {
  const isPlace = isObject(value) && isNumber(value.longitude) && isNumber(value.latitude);
  return isPlace ? undefined : invalid('an object with the numbers longitude and latitude', value);
}

function isNumber(value: Json | undefined): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

function checkTokens(value: Json): AttributeFault | undefined {
  if (Array.isArray(value) && value.every(isToken)) return undefined;
  return invalid('a list of objects with the texts app_id and token (device_id: 8 to 255 bytes)', value);
}

function isToken(value: Json): boolean {
  if (!isObject(value) || !isFilled(value.app_id) || !isFilled(value.token)) return false;
  const { device_id } = value;
  if (device_id === undefined || device_id === null) return true;
  if (typeof device_id !== 'string') return false;
  const bytes = Buffer.byteLength(device_id);
  return bytes >= 8 && bytes <= 255;
}

function checkGroups(value: Json): AttributeFault | undefined {
  if (Array.isArray(value) && value.every(isGroupState)) return undefined;
  return invalid('a list of objects with subscription_group_id and subscription_state', value);
}

function isGroupState(value: Json): boolean {
  return (
    isObject(value) && isFilled(value.subscription_group_id) && GROUP_STATES.has(value.subscription_state)
  );
}

function isFilled(value: Json | undefined): boolean {
  return typeof value === 'string' && value !== '';
}

/** Braze finds the country of many names by itself: only what looks like a code is judged. */
function checkCountry(value: Json): AttributeFault | undefined {
  if (typeof value !== 'string') return unusual('a country of ISO 3166-1', value);
  const isCountry = value.length !== 2 || COUNTRIES.has(value) || COUNTRIES.has(value.toUpperCase());
  return isCountry ? undefined : unusual('a country of ISO 3166-1', value);
}

function checkLanguage(value: Json): AttributeFault | undefined {
  const [code = ''] = typeof value === 'string' ? value.split(/[-_]/, 1) : [];
  return LANGUAGES.has(code.toLowerCase()) ? undefined : unusual('a language of ISO 639-1', value);
}

/** Braze takes the names of Rails too, which have no slash: only what looks like an IANA name is judged. */
function checkZone(value: Json): AttributeFault | undefined {
  if (typeof value === 'string' && (!value.includes('/') || isZone(value))) return undefined;
  return unusual('a time zone of the IANA database', value);
}

function isZone(name: string): boolean {
  if (ZONES.has(name)) return true;
  try {
    // Older names of zones, such as US/Pacific, are known only to the formatter.
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
