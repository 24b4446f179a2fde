/** The conversions that a user's mapping rule may name, one or several in a row. Plain values in, plain values out. */
import { createHash } from 'node:crypto';
import { parseTime } from '../src/model/clock.ts';
import type { Json } from '../src/model/json.ts';
import type { ConversionName } from '../src/model/settings.ts';

/** Undefined when `value` cannot be converted. */
type Convert = (value: Json) => string | number | boolean | undefined;

interface Step {
  readonly convert: Convert;
  /** What the conversion takes, for the warning. */
  readonly expected: string;
}

/** The value at the end of the row, or what the step that failed would have taken. */
export type Converted = { readonly value: Json } | { readonly expected: string; readonly value?: never };

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Lower-case; the numbers 1 and 0 are read as their text. */
const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);
/** The years that ISO 8601 writes with four digits. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

const STEPS: Record<Exclude<ConversionName, 'sha256'>, Step> = {
  string: { convert: toText, expected: 'text, a number, or true or false' },
  number: { convert: toNumber, expected: 'a number, or text that is one' },
  integer: { convert: toInteger, expected: 'a number, or text that is one' },
  boolean: { convert: toBoolean, expected: 'true, false, yes, no, 1 or 0' },
  lower: onText((text) => text.toLowerCase()),
  upper: onText((text) => text.toUpperCase()),
  trim: onText((text) => text.trim()),
  date: { convert: toDate, expected: 'a time (ISO 8601 or epoch)' },
};

/** Compiled once. `salt` is put before the text that `sha256` hashes. */
export function compileConversions(
  names: readonly ConversionName[],
  salt = '',
): ((value: Json) => Converted) | undefined {
  if (names.length === 0) return undefined;
  const steps = names.map((name) => stepOf(name, salt));
  return (given) => {
    let value = given;
    for (const { convert, expected } of steps) {
      const next = convert(value);
      if (next === undefined) return { expected };
      value = next;
    }
    return { value };
  };
}

function stepOf(name: ConversionName, salt: string): Step {
  if (name === 'sha256') return onText((text) => sha256(salt + text));
  if (!Object.hasOwn(STEPS, name)) throw new Error(`no conversion ${name}`);
  return STEPS[name];
}

function onText(convert: (text: string) => string): Step {
  return { convert: (value) => (typeof value === 'string' ? convert(value) : undefined), expected: 'text' };
}

function toText(value: Json): string | undefined {
  return typeof value === 'object' ? undefined : String(value);
}

function toNumber(value: Json): number | undefined {
  const number = typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** A fraction is cut off. Adding 0 makes -0 a 0. */
function toInteger(value: Json): number | undefined {
  const number = toNumber(value);
  return number === undefined ? undefined : Math.trunc(number) + 0;
}

function toBoolean(value: Json): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'object') return undefined;
  return TRUTHS.get(String(value).trim().toLowerCase());
}

function toDate(value: Json): string | undefined {
  const time = parseTime(value);
  if (time === undefined || !(time >= FIRST_MS && time <= LAST_MS)) return undefined;
  return new Date(time).toISOString();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
