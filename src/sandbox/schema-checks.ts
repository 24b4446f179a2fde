/** Small checks of which the schemas of e-commerce events are made; the texts are those of the JSON-schema library whose style Braze's errors have. */
import { currencyCode } from './currency.ts';
import { isObject, type Json } from './json.ts';
import type { Assumptions } from './workspace.ts';

/** The item error for a value at a place such as `#/products/0/price`; undefined when it is fine. */
export type Check = (value: Json, at: string, assume: Assumptions) => string | undefined;

/** Braze's SDKs: texts not blank and up to 255 characters. */
const MAX_TEXT_LENGTH = 255;
const PLATFORMS: readonly string[] = ['web', 'ios', 'android'];

export const text: Check = (value, at) => {
  if (typeof value !== 'string') return wrongType(value, at, 'string');
  if (value.trim() === '') return `The property '${at}' was not of a minimum string length of 1`;
  return value.length > MAX_TEXT_LENGTH
    ? `The property '${at}' was not of a maximum string length of ${MAX_TEXT_LENGTH}`
    : undefined;
};

export const number: Check = (value, at) =>
  Number.isFinite(value) ? undefined : wrongType(value, at, 'number');

/** A number that is not negative. */
export const amount: Check = (value, at, assume) => number(value, at, assume) ?? notNegative(value, at);

/** An integer that is not negative. */
export const count: Check = (value, at) =>
  Number.isInteger(value) ? notNegative(value, at) : wrongType(value, at, 'integer');

export const anObject: Check = (value, at) => (isObject(value) ? undefined : wrongType(value, at, 'object'));

export const currency: Check = (value, at, assume) =>
  text(value, at, assume) ??
  (currencyCode(value, assume) === undefined
    ? `The property '${at}' value ${JSON.stringify(value)} is not a currency of ISO 4217`
    : undefined);

export const source: Check = (value, at, assume) =>
  text(value, at, assume) ??
  (assume.ecommerceSource === 'platform' ? oneOf(PLATFORMS)(value, at, assume) : undefined);

export function oneOf(values: readonly string[]): Check {
  return (value, at) =>
    typeof value === 'string' && values.includes(value)
      ? undefined
      : `The property '${at}' value ${JSON.stringify(value)} did not match one of the following values: ${values.join(', ')}`;
}

export function listOf(check: Check, minItems = 0): Check {
  return (value, at, assume) => {
    if (!Array.isArray(value)) return wrongType(value, at, 'array');
    if (value.length < minItems) {
      return `The property '${at}' did not contain a minimum number of items ${minItems}`;
    }
    for (const [index, item] of value.entries()) {
      const problem = check(item, `${at}/${index}`, assume);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

interface Shape {
  readonly required: Readonly<Record<string, Check>>;
  readonly optional: Readonly<Record<string, Check>>;
  /** True: properties beside those named are of no interest. Otherwise they are faults, unless assumed to be accepted. */
  readonly isOpen?: boolean;
}

export function shape({ required, optional, isOpen = false }: Shape): Check {
  const checks = new Map(Object.entries({ ...required, ...optional }));
  const needed = Object.keys(required);
  return (value, at, assume) => {
    if (!isObject(value)) return wrongType(value, at, 'object');
    const missing = needed.find((name) => !Object.hasOwn(value, name));
    if (missing !== undefined) {
      return `The property '${at}' did not contain a required property of '${missing}'`;
    }
    const mayHaveOthers = isOpen || assume.unknownEcommerceProperties === 'accepted';
    for (const [name, inner] of Object.entries(value)) {
      const check = checks.get(name) ?? (mayHaveOthers ? undefined : additional(name, at));
      const problem = check?.(inner, placeOf(name, at), assume);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

function additional(name: string, at: string): Check {
  return () =>
    `The property '${at}' contains additional properties [${JSON.stringify(name)}] outside of the schema when none are allowed`;
}

function placeOf(name: string, at: string): string {
  return at.endsWith('/') ? `${at}${name}` : `${at}/${name}`;
}

function notNegative(value: Json, at: string): string | undefined {
  return Number(value) >= 0
    ? undefined
    : `The property '${at}' did not have a minimum value of 0, inclusively`;
}

function wrongType(value: Json, at: string, expected: string): string {
  return `The property '${at}' of type ${typeOf(value)} did not match the following type: ${expected}`;
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
