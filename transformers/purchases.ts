/** Order Completed → one purchase per product. A broken product rejects the whole order. */
import table from '../mappings/purchase.json' with { type: 'json' };
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import type { Operation } from '../src/model/operation.ts';
import { type Issue, type Rejected, rejected, type Warning } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import { appIdOf, without } from './custom-event.ts';
import type { Identity } from './identity.ts';
import { createOperation } from './operation.ts';
import { type Product, readProduct } from './product.ts';

/** Braze: a purchase's quantity is 1 to 100 (purchase object docs). */
const MAX_QUANTITY = 100;
/** A quantity such as 1e12 must not become ten thousand million purchases. */
const MAX_PURCHASES = 10_000;

export interface Order {
  readonly event: BrazierEvent;
  readonly settings: DestinationSettings;
  readonly identity: Identity;
  readonly warnings: Warning[];
}

/** Never half an order: either all of its purchases, or a rejection that names every fault. */
export function purchases(order: Order): readonly Operation[] | Rejected {
  const products = productsOf(order.event.properties);
  if (typeof products === 'string') return invalidOrder([{ path: 'properties.products', message: products }]);
  const issues: Issue[] = [];
  const lines = products.map((product, index) => readLine(product, index, order, issues));
  if (issues.length === 0 && countOf(lines) > MAX_PURCHASES) {
    const message = `Order has more than ${MAX_PURCHASES} purchases of at most ${MAX_QUANTITY} each`;
    issues.push({ path: 'properties.products', message });
  }
  return issues.length > 0 ? invalidOrder(issues) : operationsOf(lines, order);
}

/** The products, or RudderStack's text for what is wrong with them. */
function productsOf(properties: Json): readonly Json[] | string {
  const products = isObject(properties) ? properties.products : undefined;
  if (!products) return 'Products array is missing in the message';
  if (!Array.isArray(products)) return 'Products is not an array';
  return products.some((product) => product !== null) ? products : 'Products array is empty';
}

function invalidOrder(issues: readonly Issue[]): Rejected {
  return rejected('invalid', 'invalid_order', `Invalid Order Completed event: ${issues[0]?.message}`, issues);
}

interface Line {
  readonly product: Product;
  readonly properties: JsonObject | undefined;
}

function readLine(product: Json, index: number, order: Order, issues: Issue[]): Line | undefined {
  if (!isObject(product)) {
    const message = `Product is not an object at index: ${index}`;
    issues.push({ path: `properties.products[${index}]`, message });
    return undefined;
  }
  const { properties } = order.event;
  const orderCurrency = isObject(properties) ? properties.currency : undefined;
  const read = readProduct(product, { index, orderCurrency, issues, warnings: order.warnings });
  if (!read) return undefined;
  const isExtra = order.settings.sendPurchaseEventWithExtraProperties === true;
  return { product: read, properties: isExtra ? extraOf(product) : undefined };
}

/** What the purchase has no field for; undefined when nothing is left. */
function extraOf(product: JsonObject): JsonObject | undefined {
  const extra = without(product, [...table.standard, ...table.reserved]);
  return Object.keys(extra).length > 0 ? extra : undefined;
}

function countOf(lines: readonly (Line | undefined)[]): number {
  return lines.reduce((sum, line) => sum + Math.ceil((line?.product.quantity ?? 0) / MAX_QUANTITY), 0);
}

/** More than Braze takes at once is split: 100 and 100 and the rest. */
function operationsOf(lines: readonly (Line | undefined)[], { event, identity }: Order): Operation[] {
  const { key, external_id, user_alias, _update_existing_only } = identity;
  const app_id = appIdOf(event);
  const operations: Operation[] = [];
  for (const line of lines) {
    if (!line) continue;
    const { product_id, price, currency } = line.product;
    for (let left = line.product.quantity; left > 0; left -= MAX_QUANTITY) {
      const object = {
        external_id,
        user_alias,
        _update_existing_only,
        product_id,
        price,
        currency,
        quantity: Math.min(left, MAX_QUANTITY),
        time: event.timestamp,
        properties: line.properties,
        app_id,
      };
      operations.push(createOperation('purchase', operations.length, [key], object));
    }
  }
  return operations;
}
