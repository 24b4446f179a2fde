/** Purchases under settings that the configuration does not let through, and what they carry for queue and replay. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { normalise } from '../../../src/model/normalise.ts';
import type { DestinationSettings } from '../../../src/model/settings.ts';
import { createTransform } from '../../../transformers/transform.ts';

const TEA = { product_id: 'tea-1', price: 4, quantity: 1 };

function purchasesOf(properties: JsonObject, settings: DestinationSettings): JsonObject[] {
  const raw = { type: 'track', userId: 'u1', event: 'Order Completed', properties };
  const { event } = normalise(raw, { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' });
  const result = createTransform(settings)(event);
  if (result.status !== 'operations') throw new Error(JSON.stringify(result));
  return result.operations.map(({ text }) => JSON.parse(text));
}

describe('properties of purchases', () => {
  const RESERVED = ['time', 'event_name', 'product_id', 'quantity', 'price', 'currency'];

  it('never have a name that Braze keeps for itself, whatever is asked for', () => {
    const order = { ...Object.fromEntries(RESERVED.map((name) => [name, 1])), currency: 'EUR', a: 1 };
    const products = [{ ...TEA, time: 1, event_name: 1, sku: 's', currency: 'EUR', b: 2 }];
    const settings = { orderProperties: [...RESERVED, 'a'], sendPurchaseEventWithExtraProperties: true };
    expect(purchasesOf({ ...order, products }, settings)[0]?.properties).toEqual({ a: 1, b: 2 });
  });

  it.each(['time', 'event_name'])('a rule that writes %s stops the start', (to) => {
    for (const where of ['purchases', 'ecommerce', 'ecommerceProducts']) {
      const settings = { useEcommerceRecommendedEvents: true, mappings: { [where]: [{ from: 'a', to }] } };
      expect(() => createTransform(settings)).toThrow(to);
    }
  });

  it('keep members such as __proto__ as ordinary ones', () => {
    const order = JSON.parse('{"currency":"EUR","__proto__":{"x":1},"products":[]}');
    order.products.push(JSON.parse('{"product_id":"p","price":1,"quantity":1,"constructor":2}'));
    const [purchase] = purchasesOf(order, {
      orderProperties: ['__proto__', 'toString'],
      sendPurchaseEventWithExtraProperties: true,
    });
    expect(JSON.stringify(purchase?.properties)).toBe('{"__proto__":{"x":1},"constructor":2}');
  });
});

describe('the currency', () => {
  const rule = { mappings: { purchases: [{ from: 'money', to: 'currency' }] } };

  it("is the order's, else the product's, unless a rule says where the product has it", () => {
    const order = { currency: 'EUR', products: [{ ...TEA, currency: 'USD', money: 'chf' }] };
    expect(purchasesOf(order, {})[0]?.currency).toBe('EUR');
    expect(purchasesOf({ products: order.products }, {})[0]?.currency).toBe('USD');
    expect(purchasesOf(order, rule)[0]?.currency).toBe('CHF');
    expect(purchasesOf({ currency: 'EUR', products: [TEA] }, rule)[0]?.currency).toBe('EUR');
  });
});
