/** Order Completed → one purchase per product. A broken product rejects the whole order. */
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type Json } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Operation } from '../src/model/operation.ts';
import { type Issue, type Rejected, rejected, type Warning } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import { appIdOf } from './custom-event.ts';
import type { Identity } from './identity.ts';
import { createOperation } from './operation.ts';
import { createLineReader, type Line, type LineReader } from './purchase-line.ts';
import type { Build } from './with-attributes.ts';

/** Braze: a purchase's quantity is 1 to 100 (purchase object docs). */
const MAX_QUANTITY = 100;
/** A quantity such as 1e12 must not become ten thousand million purchases. */
const MAX_PURCHASES = 10_000;

/** How to build an order. Never half of it: either all of its purchases, or a rejection that names every fault. */
export type Purchases = (event: BrazierEvent) => Build;

export function createPurchases(settings: DestinationSettings): Purchases {
  const readerOf = createLineReader(settings);
  return (event) => (identity, warnings) => purchases(event, identity, warnings, readerOf);
}

function purchases(
  event: BrazierEvent,
  identity: Identity,
  warnings: Warning[],
  readerOf: LineReader,
): readonly Operation[] | Rejected {
  const products = productsOf(event.properties);
  if (typeof products === 'string') return invalidOrder([{ path: 'properties.products', message: products }]);
  const issues: Issue[] = [];
  const order = isObject(event.properties) ? event.properties : {};
  const lines = products.map(readerOf(order, { issues, warnings }));
  if (issues.length === 0 && countOf(lines) > MAX_PURCHASES) {
    const text = `Order has more than ${MAX_PURCHASES} purchases of at most ${MAX_QUANTITY} each`;
    const message = `${text}: expected smaller quantities, got ${countOf(lines)} purchases`;
    issues.push({ path: 'properties.products', message });
  }
  return issues.length > 0 ? invalidOrder(issues) : operationsOf(lines, event, identity);
}

/** The products, or RudderStack's text for what is wrong with them, with what came. */
function productsOf(properties: Json): readonly Json[] | string {
  const products = isObject(properties) ? properties.products : undefined;
  if (!products) return `Products array is missing in the message: ${expectedList(kindOf(products))}`;
  if (!Array.isArray(products)) return `Products is not an array: ${expectedList(kindOf(products))}`;
  if (products.some((product) => product !== null)) return products;
  return `Products array is empty: ${expectedList(products.length === 0 ? 'an empty list' : 'a list of null')}`;
}

function expectedList(came: string): string {
  return `expected a list of at least one product, got ${came}`;
}

function invalidOrder(issues: readonly Issue[]): Rejected {
  return rejected('invalid', 'invalid_order', `Invalid Order Completed event: ${issues[0]?.message}`, issues);
}

function countOf(lines: readonly (Line | undefined)[]): number {
  return lines.reduce((sum, line) => sum + Math.ceil((line?.product.quantity ?? 0) / MAX_QUANTITY), 0);
}

/** More than Braze takes at once is split: 100 and 100 and the rest. */
function operationsOf(
  lines: readonly (Line | undefined)[],
  event: BrazierEvent,
  identity: Identity,
): Operation[] {
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
