/** Reads one product of an order into the fields of a purchase, or says what is wrong with it and where. */
import table from '../mappings/purchase.json' with { type: 'json' };
import type { Json, JsonObject } from '../src/model/json.ts';
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

/** Undefined after adding at least one issue. The texts are RudderStack's where it has one. */
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
    return fault(reader, name, `Product Id is longer than ${MAX_ID_LENGTH} characters for product`);
  }
  return fault(reader, 'product_id', 'Product Id is missing for product');
}

/** Numbers, and text that is a number as a whole: of `1,234.50` or `10 EUR` one could only guess the value. */
function readNumber(
  product: JsonObject,
  name: 'price' | 'quantity',
  reader: ProductReader,
): number | undefined {
  const label = name === 'price' ? 'Price' : 'Quantity';
  const value = product[name];
  if (value === undefined || value === null) return fault(reader, name, `${label} is missing for product`);
  const number = typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  return fault(reader, name, `${label} is not a number for product`);
}

/** Fractions are cut off, as RudderStack does: Braze takes whole numbers only. */
function readQuantity(product: JsonObject, reader: ProductReader): number | undefined {
  const given = readNumber(product, 'quantity', reader);
  if (given === undefined) return undefined;
  const quantity = Math.trunc(given);
  if (quantity < 1) return fault(reader, 'quantity', 'Quantity is less than 1 for product');
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
    const message = `Message properties and product at index: ${index} is missing currency`;
    issues.push({ path, message });
    return undefined;
  }
  const code = toCurrency(value);
  if (code !== undefined) return code;
  issues.push({ path, message: `Currency is not an ISO 4217 code for product at index: ${index}` });
  return undefined;
}

function fault(reader: ProductReader, name: string, text: string): undefined {
  reader.issues.push({ path: pathOf(reader, name), message: `${text} at index: ${reader.index}` });
}

function pathOf({ index }: ProductReader, name: string): string {
  return `properties.products[${index}].${name}`;
}
