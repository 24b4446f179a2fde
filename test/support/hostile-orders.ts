/** Properties of e-commerce events for property tests: of the calls, and as Braze documents them. */
import fc from 'fast-check';
import {
  amount,
  count,
  currency,
  hostile,
  members,
  mostly,
  one,
  type Values,
  word,
} from './hostile-values.ts';

export const ECOMMERCE_CALLS = [
  'Product Viewed',
  'Product Added',
  'Product Removed',
  'Checkout Started',
  'Order Completed',
  'Order Refunded',
  'Order Cancelled',
];

/** The names under which Braze judges events by a schema. */
export const RECOMMENDED_EVENTS = [
  'ecommerce.product_viewed',
  'ecommerce.cart_updated',
  'ecommerce.checkout_started',
  'ecommerce.order_placed',
  'ecommerce.order_refunded',
  'ecommerce.order_cancelled',
];

const product = members(
  {
    product_id: word,
    sku: word,
    name: word,
    variant: word,
    price: amount,
    quantity: count,
    currency,
    url: word,
    brand: word,
    product_name: word,
    variant_id: word,
    metadata: hostile,
  },
  ['product_id', 'name', 'price', 'quantity', 'variant_id', 'product_name'],
  40,
);
const discount = members({ code: word, amount }, ['code', 'amount'], 20);
/** Has what each of the e-commerce calls needs, so that any name may stand over it. */
export const shopping = members(
  {
    order_id: word,
    checkout_id: word,
    cart_id: word,
    cancel_reason: word,
    currency,
    total: amount,
    total_value: amount,
    product_id: word,
    product_name: word,
    variant_id: word,
    name: word,
    price: amount,
    quantity: count,
    products: mostly(fc.array(product, { minLength: 1, maxLength: 3 }), 25),
    tax: amount,
    discount: amount,
    discounts: mostly(fc.array(discount, { maxLength: 2 })),
    type: mostly(one(['price_drop'], ['back_in_stock', 'price_drop'])),
    action: mostly(one('add', 'remove', 'replace')),
    source: mostly(one('web', ' iOS ', 'https://shop.example')),
    coupon: word,
  },
  [
    'order_id',
    'checkout_id',
    'cart_id',
    'cancel_reason',
    'currency',
    'total',
    'total_value',
    'product_id',
    'product_name',
    'variant_id',
    'name',
    'price',
    'quantity',
    'products',
    'source',
  ],
  30,
);
/** As Braze documents it, for events that are sent under Braze's own names. */
export const recommended = fc.record(
  {
    order_id: one('o1'),
    currency: one('EUR', 'eur'),
    total_value: mostly(one(5, '5'), 8),
    source: mostly(one('web', 'https://shop.example')),
    products: mostly(
      fc.array(
        fc.record(
          {
            product_id: mostly(one('p1')),
            product_name: one('P'),
            variant_id: one('v'),
            quantity: mostly(one(1)),
            price: mostly(one(2.5)),
            image_url: word,
            metadata: mostly(one({ size: 'L' })),
          },
          { requiredKeys: ['product_id', 'product_name', 'variant_id', 'quantity', 'price'] },
        ),
        { minLength: 1, maxLength: 2 },
      ),
    ),
    cart_id: mostly(one('c1')),
    checkout_id: mostly(one('k1')),
    cancel_reason: one('late'),
    action: mostly(one('add', 'replace')),
    tax: mostly(one(-1, 2)),
    discounts: mostly(one([{ code: 'c', amount: 1 }])),
    metadata: mostly(one({ note: 'n' })),
    extra: word,
    product_id: one('p1'),
    product_name: one('P'),
    variant_id: one('v'),
    price: amount,
  },
  { requiredKeys: [] },
) as Values;
