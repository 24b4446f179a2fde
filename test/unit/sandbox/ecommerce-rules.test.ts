import { expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/sandbox/json.ts';
import type { WorkspaceOptions } from '../../../src/sandbox/workspace.ts';
import { errorOf, event } from './judging.ts';

const item: JsonObject = {
  product_id: 'p1',
  product_name: 'Lamp',
  variant_id: 'v1',
  quantity: 2,
  price: 9.5,
};
const sale: JsonObject = { total_value: 19, currency: 'EUR', source: 'web', products: [item] };
const costs: JsonObject = { subtotal_value: 17, tax: 1, shipping: 1 };
const discounts: JsonObject = { total_discounts: 1, discounts: [{ code: 'SALE', amount: 1 }] };
const { quantity: _quantity, ...product } = item;

/** What each event needs, and what it may have beside that. */
const SAMPLES: readonly (readonly [string, JsonObject, JsonObject])[] = [
  [
    'product_viewed',
    { ...product, currency: 'EUR', source: 'https://shop.example' },
    { image_url: 'i', product_url: 'u', metadata: { a: 1 }, type: ['price_drop', 'back_in_stock'] },
  ],
  ['cart_updated', { cart_id: 'c1', ...sale }, { ...costs, action: 'replace', metadata: {} }],
  ['checkout_started', { checkout_id: 'c1', ...sale }, { ...costs, cart_id: 'c1', metadata: {} }],
  [
    'order_placed',
    { order_id: 'o1', ...sale },
    { ...costs, ...discounts, cart_id: 'c1', metadata: {}, order_status_url: 'u' },
  ],
  ['order_refunded', { order_id: 'o1', ...sale }, { ...discounts, metadata: {} }],
  [
    'order_cancelled',
    { order_id: 'o1', cancel_reason: 'too dark', ...sale },
    { ...costs, ...discounts, metadata: {} },
  ],
];

function problem(name: string, properties: Json, options: WorkspaceOptions = {}): unknown {
  return errorOf('events', event({ name: `ecommerce.${name}`, properties }), options);
}
const placed = (more: JsonObject, options?: WorkspaceOptions) =>
  problem('order_placed', { order_id: 'o1', ...sale, ...more }, options);

it.each(SAMPLES)('rule 30: ecommerce.%s needs its properties and may have others', (name, needed, extra) => {
  expect(problem(name, needed)).toBeUndefined();
  expect(problem(name, { ...needed, ...extra })).toBeUndefined();
  for (const missing of Object.keys(needed)) {
    const { [missing]: _, ...rest } = needed;
    expect(problem(name, rest)).toBe(`The property '#/' did not contain a required property of '${missing}'`);
  }
});

it.each(SAMPLES)(
  'rule 30: ecommerce.%s takes no property of another type, and none without',
  (name, needed, extra) => {
    for (const field of Object.keys({ ...needed, ...extra })) {
      expect(problem(name, { ...needed, ...extra, [field]: true })).toMatch(`The property '#/${field}' `);
    }
    expect(problem(name, null)).toMatch("The property '#/' did not contain a required property of");
  },
);

it.each<[JsonObject, string]>([
  [{ order_id: ' ' }, "The property '#/order_id' was not of a minimum string length of 1"],
  [{ order_id: 'o'.repeat(256) }, "The property '#/order_id' was not of a maximum string length of 255"],
  [{ total_value: -1 }, "The property '#/total_value' did not have a minimum value of 0, inclusively"],
  [
    { total_value: '19' },
    "The property '#/total_value' of type string did not match the following type: number",
  ],
  [
    { total_discounts: -1 },
    "The property '#/total_discounts' did not have a minimum value of 0, inclusively",
  ],
  [{ currency: 'QQQ' }, `The property '#/currency' value "QQQ" is not a currency of ISO 4217`],
  [{ source: '' }, "The property '#/source' was not of a minimum string length of 1"],
  [{ metadata: [] }, "The property '#/metadata' of type array did not match the following type: object"],
  [{ tax: null }, "The property '#/tax' of type null did not match the following type: number"],
  [{ products: {} }, "The property '#/products' of type object did not match the following type: array"],
  [
    { products: [item, 'x'] },
    "The property '#/products/1' of type string did not match the following type: object",
  ],
  [
    { products: [{ ...item, quantity: 1.5 }] },
    "The property '#/products/0/quantity' of type number did not match the following type: integer",
  ],
  [
    { products: [{ ...item, quantity: -1 }] },
    "The property '#/products/0/quantity' did not have a minimum value of 0, inclusively",
  ],
  [
    { products: [item, product] },
    "The property '#/products/1' did not contain a required property of 'quantity'",
  ],
  [
    { discounts: [{ code: 'x' }] },
    "The property '#/discounts/0' did not contain a required property of 'amount'",
  ],
])('rule 30: an order with %j → %s', (more, expected) => {
  expect(placed(more)).toBe(expected);
});

it.each<[JsonObject]>([
  [{ order_id: 'o'.repeat(255) }],
  [{ total_value: 0, tax: -1, currency: 'eur', products: [] }],
  [{ products: [{ ...item, quantity: 0, price: 0, color: 'red' }] }],
])('rule 30: an order with %j is fine', (more) => {
  expect(placed(more)).toBeUndefined();
});

it('rule 30: a cart needs a product, and its total unless the action is add or remove', () => {
  const cart = { cart_id: 'c1', currency: 'EUR', source: 'web', products: [item] };
  const MISSING = "The property '#/' did not contain a required property of 'total_value'";
  const types = ['add', 'remove', 'replace'].map((action) => problem('cart_updated', { ...cart, action }));
  expect([...types, problem('cart_updated', cart)]).toEqual([undefined, undefined, MISSING, MISSING]);
  expect(problem('cart_updated', { ...cart, action: 'empty' })).toBe(
    `The property '#/action' value "empty" did not match one of the following values: add, remove, replace`,
  );
  expect(problem('cart_updated', { ...cart, action: 'add', products: [] })).toBe(
    "The property '#/products' did not contain a minimum number of items 1",
  );
});

it('rule 30: a property that the schema does not know is refused, and accepted by a switch', () => {
  expect(placed({ coupon: 'x' })).toBe(
    `The property '#/' contains additional properties ["coupon"] outside of the schema when none are allowed`,
  );
  const options = { assume: { unknownEcommerceProperties: 'accepted' } } as const;
  expect(placed({ coupon: 'x' }, options)).toBeUndefined();
});

it('rule 30: an unknown ecommerce event is a custom event, and refused by a switch', () => {
  expect(problem('wishlist_updated', { coupon: 'x' })).toBeUndefined();
  const options = { assume: { unknownEcommerceEvents: 'refused' } } as const;
  expect(problem('wishlist_updated', {}, options)).toMatch(/^The property '#\/name' value "ecommerce.wish/);
});

it('rule 30: the source is any text, and a platform by a switch', () => {
  const options = { assume: { ecommerceSource: 'platform' } } as const;
  const types = ['ios', 'https://shop.example'].map((source) => placed({ source }, options));
  expect(types).toEqual([
    undefined,
    `The property '#/source' value "https://shop.example" did not match one of the following values: web, ios, android`,
  ]);
});
