/** What the operations of an event carry for queue, packing and replay: keys, part names, bytes. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { normalise } from '../../../src/model/normalise.ts';
import type { DestinationSettings } from '../../../src/model/settings.ts';
import { createTransform } from '../../../transformers/transform.ts';

function operationsOf(raw: JsonObject, settings: DestinationSettings = {}) {
  const { event } = normalise(raw, { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' });
  const result = createTransform(settings)(event);
  if (result.status !== 'operations') throw new Error(JSON.stringify(result));
  return result.operations;
}

function partsAndKeys(raw: JsonObject, settings?: DestinationSettings) {
  return operationsOf(raw, settings).map(({ part, keys }) => [part, ...keys]);
}

describe('operations', () => {
  it('an identify that links names both sides, and comes before the attributes', () => {
    expect(partsAndKeys({ type: 'identify', userId: 'u1', anonymousId: 'a1', traits: { a: 1 } })).toEqual([
      ['identify:0', 'external_id:u1', 'alias:rudder_id:a1'],
      ['attributes:0', 'external_id:u1'],
    ]);
  });

  it('alias operations name both sides', () => {
    expect(partsAndKeys({ type: 'alias', userId: 'u1', previousId: 'p1' })).toEqual([
      ['alias:0', 'external_id:u1', 'alias:rudder_id:p1'],
      ['identify:0', 'external_id:u1', 'alias:rudder_id:p1'],
    ]);
    expect(partsAndKeys({ type: 'alias', userId: 'u1', previousId: 'p1' }, { aliasCall: 'merge' })).toEqual([
      ['merge:0', 'external_id:p1', 'external_id:u1'],
    ]);
  });

  it('purchases are numbered through the whole order, split ones too', () => {
    const products = [
      { sku: 'a', price: 1, quantity: 150 },
      { sku: 'b', price: 1, quantity: 1 },
    ];
    const properties = { currency: 'EUR', products };
    expect(
      partsAndKeys({
        type: 'track',
        event: 'Order Completed',
        anonymousId: 'a1',
        properties,
        traits: { a: 1 },
      }),
    ).toEqual([
      ['attributes:0', 'alias:rudder_id:a1'],
      ['purchase:0', 'alias:rudder_id:a1'],
      ['purchase:1', 'alias:rudder_id:a1'],
      ['purchase:2', 'alias:rudder_id:a1'],
    ]);
  });

  it('bytes are UTF-8 bytes', () => {
    const [operation] = operationsOf({ type: 'track', event: 'Café ☕ 🫖', userId: 'u1' });
    expect(operation?.bytes).toBe(new TextEncoder().encode(operation?.text).length);
    expect(operation?.bytes).toBeGreaterThan(operation?.text.length ?? 0);
  });
});
