/** Which values Braze stores within arrays and objects. Braze drops the whole update when anything in it is not one of them. Pure. */
import { isObject, type Json } from './json.ts';
import { parseDateTime } from './time.ts';

/** Braze: strings, names and nested keys up to 255 characters. */
export const MAX_TEXT_LENGTH = 255;
/** Braze: a date within an object is stored with a year from 0 to 3000. */
const LAST_MOMENT_MS = Date.UTC(3001, 0);

/** False for null, long texts, bad keys and bad dates, and for all that holds one of them. */
export function isStorable(value: Json): boolean {
  if (value === null) return false;
  if (typeof value === 'string') return value.length <= MAX_TEXT_LENGTH;
  if (Array.isArray(value)) return value.every(isStorable);
  if (!isObject(value)) return true;
  if (Object.hasOwn(value, '$time')) return isDate(value.$time) && Object.keys(value).length === 1;
  return Object.entries(value).every(([key, inner]) => isKey(key) && isStorable(inner));
}

function isDate(value: Json | undefined): boolean {
  const at = typeof value === 'string' ? parseDateTime(value) : undefined;
  return at !== undefined && at < LAST_MOMENT_MS;
}

function isKey(key: string): boolean {
  return key !== '' && key.length <= MAX_TEXT_LENGTH && !/[ .$]/.test(key);
}
