/** Braze's recommended e-commerce events: their schemas, and what Braze answers to an event that breaks its schema. Pure. */
import type { JsonObject } from './json.ts';
import {
  amount,
  anObject,
  type Check,
  count,
  currency,
  listOf,
  number,
  oneOf,
  shape,
  source,
  text,
} from './schema-checks.ts';
import type { Assumptions } from './workspace.ts';

const PREFIX = 'ecommerce.';

const LINE_ITEM = shape({
  required: { product_id: text, product_name: text, variant_id: text, quantity: count, price: amount },
  optional: { image_url: text, product_url: text, metadata: anObject },
  isOpen: true,
});
const DISCOUNT = shape({ required: { code: text, amount }, optional: {}, isOpen: true });

const SALE = { currency, source, products: listOf(LINE_ITEM) };
const COSTS = { subtotal_value: number, tax: number, shipping: number };
const DISCOUNTS = { total_discounts: amount, discounts: listOf(DISCOUNT) };
/** Braze's docs show the status URL within the metadata and name it beside them. */
const EXTRAS = { metadata: anObject, order_status_url: text };

const CART = shape({
  required: { cart_id: text, currency, source, products: listOf(LINE_ITEM, 1) },
  optional: {
    total_value: amount,
    action: oneOf(['add', 'remove', 'replace']),
    ...COSTS,
    metadata: anObject,
  },
});

/** The six events of Braze's page on e-commerce events. */
const SCHEMAS: ReadonlyMap<string, Check> = new Map([
  [
    'ecommerce.product_viewed',
    shape({
      required: {
        product_id: text,
        product_name: text,
        variant_id: text,
        price: amount,
        currency,
        source,
      },
      optional: {
        image_url: text,
        product_url: text,
        metadata: anObject,
        type: listOf(oneOf(['price_drop', 'back_in_stock'])),
      },
    }),
  ],
  ['ecommerce.cart_updated', checkCart],
  [
    'ecommerce.checkout_started',
    shape({
      required: { checkout_id: text, total_value: amount, ...SALE },
      optional: { cart_id: text, ...COSTS, metadata: anObject },
    }),
  ],
  [
    'ecommerce.order_placed',
    shape({
      required: { order_id: text, total_value: amount, ...SALE },
      optional: { cart_id: text, ...COSTS, ...DISCOUNTS, ...EXTRAS },
    }),
  ],
  [
    'ecommerce.order_refunded',
    shape({
      required: { order_id: text, total_value: amount, ...SALE },
      optional: { ...DISCOUNTS, ...EXTRAS },
    }),
  ],
  [
    'ecommerce.order_cancelled',
    shape({
      required: { order_id: text, cancel_reason: text, total_value: amount, ...SALE },
      optional: { ...COSTS, ...DISCOUNTS, ...EXTRAS },
    }),
  ],
]);

/** The total may be absent where the action names what was added or removed. */
function checkCart(value: Parameters<Check>[0], at: string, assume: Assumptions): string | undefined {
  const problem = CART(value, at, assume);
  if (problem !== undefined) return problem;
  const { action, total_value: total } = value as JsonObject;
  if (total !== undefined || action === 'add' || action === 'remove') return undefined;
  return `The property '${at}' did not contain a required property of 'total_value'`;
}

/** Undefined for an event that is fine or is none of these; the first fault otherwise. */
export function checkEcommerce(event: JsonObject, assume: Assumptions): string | undefined {
  const { name, properties } = event;
  if (typeof name !== 'string' || !name.startsWith(PREFIX)) return undefined;
  const check = SCHEMAS.get(name);
  if (check !== undefined) return check(properties ?? {}, '#/', assume);
  if (assume.unknownEcommerceEvents === 'accepted') return undefined;
  return `The property '#/name' value "${name}" did not match one of the following values: ${[...SCHEMAS.keys()].join(', ')}`;
}
