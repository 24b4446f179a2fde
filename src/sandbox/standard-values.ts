/** What a standard attribute becomes: the value in Braze's form, cleared, or left as it is where Braze ignores what was sent. Pure. */
import { countryCode } from './countries.ts';
import { fittingText } from './custom-values.ts';
import { isObject, type Json } from './json.ts';
import { RAILS_TIME_ZONES } from './rails-time-zones.ts';
import { parseDateTime } from './time.ts';
import type { Workspace } from './workspace.ts';

/** The value to store; null clears; undefined leaves the old value. */
type Reader = (value: Json, workspace: Workspace) => Json | undefined;

/** Braze: male, female, other, not applicable, prefers not to say. */
const GENDERS: ReadonlySet<Json> = new Set(['M', 'F', 'O', 'N', 'P']);
const TIME_ZONES: ReadonlySet<string> = new Set([...Intl.supportedValuesOf('timeZone'), ...RAILS_TIME_ZONES]);
const LANGUAGES = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

const asSent: Reader = (value) => value;
const readText: Reader = (value, { assume }) =>
  typeof value === 'string' ? fittingText(value, assume.longStrings) : undefined;
const readBoolean: Reader = (value) => (typeof value === 'boolean' ? value : undefined);
const readTime: Reader = (value) =>
  typeof value === 'string' && parseDateTime(value) !== undefined ? value : undefined;
const readObject: Reader = (value) => (isObject(value) ? value : undefined);

/** Braze's standard attributes by name. Those with rules that refuse the object were checked before. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  ['first_name', readText],
  ['last_name', readText],
  ['home_city', readText],
  ['email', (value) => String(value).toLowerCase()],
  ['email_subscribe', asSent],
  ['push_subscribe', asSent],
  ['email_open_tracking_disabled', readBoolean],
  ['email_click_tracking_disabled', readBoolean],
  ['phone', readText],
  ['dob', readDay],
  ['gender', (value) => (GENDERS.has(value) ? value : undefined)],
  // Braze clears a country that it cannot map, and leaves a time zone that it does not know.
  ['country', (value) => (typeof value === 'string' ? (countryCode(value) ?? null) : null)],
  ['language', readLanguage],
  ['time_zone', (value) => (typeof value === 'string' && isTimeZone(value) ? value : undefined)],
  ['current_location', asSent],
  ['date_of_first_session', readTime],
  ['date_of_last_session', readTime],
  ['marked_email_as_spam_at', readTime],
  ['push_tokens', asSent],
  ['subscription_groups', asSent],
  ['facebook', readObject],
  ['twitter', readObject],
  ['image_url', (value) => (typeof value === 'string' ? value : undefined)],
]);

export function isStandard(name: string): boolean {
  return READERS.has(name);
}

/** `sent` is not null, which clears and is the caller's to handle. */
export function standardValue(name: string, sent: Json, workspace: Workspace): Json | undefined {
  const value = READERS.get(name)?.(sent, workspace);
  if (value !== undefined || workspace.assume.badStandardValues === 'unchanged') return value;
  return isNeverStored(name, sent) ? undefined : sent;
}

/** Braze documents what becomes of an unknown time zone; long texts have an assumption of their own. */
function isNeverStored(name: string, sent: Json): boolean {
  return name === 'time_zone' || (typeof sent === 'string' && READERS.get(name) === readText);
}

function readDay(value: Json): Json | undefined {
  const isDay = typeof value === 'string' && value.length === 10 && value[4] === '-';
  return isDay && parseDateTime(value) !== undefined ? value : undefined;
}

/** ISO 639-1. */
function readLanguage(value: Json): Json | undefined {
  const isCode = typeof value === 'string' && /^[A-Za-z]{2}$/.test(value);
  return isCode && LANGUAGES.of(value) !== undefined ? value.toLowerCase() : undefined;
}

/** IANA names, old ones included, and those of Rails. */
function isTimeZone(name: string): boolean {
  if (TIME_ZONES.has(name)) return true;
  // The runtime takes offsets such as +01:00 too, which are no names.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
