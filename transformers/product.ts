/** Reads one product of an order into the fields of a purchase, or says what is wrong with it and where. */
import table from '../mappings/purchase.json' with { type: 'json' };
import type { Json, JsonObject } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Issue, Warning } from '../src/model/outcome.ts';
import { toId } from '../src/model/person.ts';
import { toCurrency } from './currency.ts';

export interface Product {
  readonly product_id: string;
  readonly price: number;
  readonly currency: string;
  /** A whole number, at least 1. */
  readonly quantity: number;
}

/** Where a product stands, what its order says, and who hears of its faults. */
export interface ProductReader {
  readonly index: number;
  /** Wins over the product's, as in RudderStack; undefined when the user's rules say where the product's is. */
  readonly orderCurrency: Json | undefined;
  readonly issues: Issue[];
  readonly warnings: Warning[];
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Braze: a product id is at most 255 characters (purchase object docs). */
const MAX_ID_LENGTH = 255;

const CURRENCY = 'the ISO 4217 code of a currency';

/** Undefined after adding at least one issue: RudderStack's text where it has one, what was expected and what came. */
export function readProduct(product: JsonObject, reader: ProductReader): Product | undefined {
  const product_id = readId(product, reader);
  const price = readNumber(product, 'price', reader);
  const quantity = readQuantity(product, reader);
  const currency = readCurrency(product, reader);
  if (product_id === undefined || price === undefined) return undefined;
  if (quantity === undefined || currency === undefined) return undefined;
  return { product_id, price, currency, quantity };
}

function readId(product: JsonObject, reader: ProductReader): string | undefined {
  for (const name of table.productId) {
    const value = product[name];
    if (!value) continue;
    const id = typeof value === 'string' || typeof value === 'number' ? toId(value) : undefined;
    if (id === undefined) continue;
    if (id.length <= MAX_ID_LENGTH) return id;
    const text = `Product Id is longer than ${MAX_ID_LENGTH} characters for product`;
    return fault(reader, name, text, `expected at most ${MAX_ID_LENGTH} characters, got ${id.length}`);
  }
  const came = `product_id: ${cameAt(product, 'product_id')}, sku: ${cameAt(product, 'sku')}`;
  return fault(
    reader,
    'product_id',
    'Product Id is missing for product',
    `expected text or a number, got ${came}`,
  );
}

/** Numbers, and text that is a number as a whole: of `1,234.50` or `10 EUR` one could only guess the value. */
function readNumber(
  product: JsonObject,
  name: 'price' | 'quantity',
  reader: ProductReader,
): number | undefined {
  const value = product[name];
  const number = typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  const label = name === 'price' ? 'Price' : 'Quantity';
  const isMissing = value === undefined || value === null;
  const text = `${label} is ${isMissing ? 'missing' : 'not a number'} for product`;
  return fault(reader, name, text, `expected a number, or text that is one, got ${kindOf(value)}`);
}

/** Fractions are cut off, as RudderStack does: Braze takes whole numbers only. */
function readQuantity(product: JsonObject, reader: ProductReader): number | undefined {
  const given = readNumber(product, 'quantity', reader);
  if (given === undefined) return undefined;
  const quantity = Math.trunc(given);
  if (quantity < 1) {
    const found = `expected at least 1, got ${given}`;
    return fault(reader, 'quantity', 'Quantity is less than 1 for product', found);
  }
  if (quantity !== given) {
    const message = 'not a whole number: the fraction is cut off';
    reader.warnings.push({ code: 'quantity_truncated', message, path: pathOf(reader, 'quantity') });
  }
  return quantity;
}

function readCurrency(product: JsonObject, reader: ProductReader): string | undefined {
  const { index, issues, orderCurrency } = reader;
  const value = orderCurrency || product.currency;
  const path = orderCurrency ? 'properties.currency' : pathOf(reader, 'currency');
  if (!value) {
    const text = `Message properties and product at index: ${index} is missing currency`;
    const message = `${text}: expected ${CURRENCY}, got ${kindOf(value)}`;
    issues.push({ path, message });
    return undefined;
  }
  const code = toCurrency(value);
  if (code !== undefined) return code;
  const text = `Currency is not an ISO 4217 code for product at index: ${index}`;
  issues.push({ path, message: `${text}: expected ${CURRENCY}, got ${cameFor(value)}` });
  return undefined;
}

/** `found` tells what was expected and the kind of what came, never a text: it may be personal data. */
function fault(reader: ProductReader, name: string, text: string, found: string): undefined {
  const message = `${text} at index: ${reader.index}: ${found}`;
  reader.issues.push({ path: pathOf(reader, name), message });
}

function cameAt(product: JsonObject, name: string): string {
  const value = product[name];
  return kindOf(typeof value === 'string' ? value.trim() : value);
}

/** Of a text that is no code one cannot say its kind alone. */
function cameFor(value: Json): string {
  return typeof value === 'string' ? 'other text' : kindOf(value);
}

function pathOf({ index }: ProductReader, name: string): string {
  return `properties.products[${index}].${name}`;
}
