/** The kinds of value in Braze's recommended e-commerce events: read from what senders write, and checked. */
import { isObject, type Json } from '../src/model/json.ts';
import { toCurrency } from './currency.ts';
import { isEmptyValue } from './metadata.ts';

/** Braze: ids, names and addresses are at most 255 characters and not blank (validation of its SDKs). */
const MAX_LENGTH = 255;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const DIGITS = /^\d+$/;
/** Braze: the two alerts that a viewed product can be marked for (recommended events docs). */
const ALERTS: ReadonlySet<Json> = new Set(['price_drop', 'back_in_stock']);

export interface ValueType {
  /** The value as Braze takes it; undefined when it cannot be made of this one. Never changes `value`. */
  readonly read: (value: Json) => Json | undefined;
  /** In words, for issues. */
  readonly expected: string;
}

/** By the name that the table of fields uses. */
export const VALUE_TYPES: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ['string', { read: toText, expected: `text of 1 to ${MAX_LENGTH} characters` }],
  ['number', { read: toAmount, expected: 'a number of at least 0' }],
  ['integer', { read: toCount, expected: 'a whole number of at least 0' }],
  ['currency', { read: toCurrency, expected: 'the ISO 4217 code of a currency' }],
  ['alerts', { read: toAlerts, expected: 'a list of price_drop and back_in_stock' }],
  ['discounts', { read: toDiscounts, expected: 'a list of {code, amount}, each amount at least 0' }],
]);

function toText(value: Json): string | undefined {
  const text = typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
  return typeof text === 'string' && text.length <= MAX_LENGTH && text.trim() !== '' ? text : undefined;
}

function toAmount(value: Json): number | undefined {
  const number = typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** Of text only digits: RudderStack leaves `2.0` as text, which Braze refuses. */
function toCount(value: Json): number | undefined {
  const number = typeof value === 'string' && DIGITS.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 ? number : undefined;
}

function toAlerts(value: Json): Json | undefined {
  return Array.isArray(value) && value.every((each) => ALERTS.has(each)) ? value : undefined;
}

function toDiscounts(value: Json): Json | undefined {
  if (!Array.isArray(value)) return undefined;
  const discounts = value.filter((each) => !isEmptyValue(each)).map(toDiscount);
  return discounts.every((each) => each !== undefined) ? discounts : undefined;
}

/** Further members stay: what Braze does with them is not documented. */
function toDiscount(value: Json): Json | undefined {
  if (!isObject(value)) return undefined;
  const code = toText(value.code ?? null);
  const amount = toAmount(value.amount ?? null);
  return code === undefined || amount === undefined ? undefined : { ...value, code, amount };
}
