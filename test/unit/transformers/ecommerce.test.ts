/** Recommended e-commerce events: what their table and their rules say of every event and every field. */
import { describe, expect, it } from 'vitest';
import table from '../../../mappings/ecommerce.json' with { type: 'json' };
import type { Json, JsonObject } from '../../../src/model/json.ts';
import { normalise } from '../../../src/model/normalise.ts';
import type { DestinationSettings } from '../../../src/model/settings.ts';
import { createTransform } from '../../../transformers/transform.ts';

const ON = { useEcommerceRecommendedEvents: true };
const ITEM = { product_id: 'tea-1', name: 'Oolong', quantity: 1, price: 4 };
/** Enough for any of the seven. */
const FULL: JsonObject = {
  ...ITEM,
  cart_id: 'c1',
  checkout_id: 'k1',
  order_id: 'o1',
  cancel_reason: 'late',
  total: 4,
  currency: 'EUR',
  products: [ITEM],
};

function run(event: string, properties: Json, settings: DestinationSettings = ON, rest: JsonObject = {}) {
  const raw = { type: 'track', userId: 'u1', event, properties, ...rest };
  return createTransform(settings)(
    normalise(raw, { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' }).event,
  );
}

/** The properties of the one event, or the paths of the faults. */
function sent(
  event: string,
  properties: Json,
  settings?: DestinationSettings,
  rest?: JsonObject,
): JsonObject {
  const result = run(event, properties, settings, rest);
  if (result.status !== 'operations') throw new Error(JSON.stringify(result));
  return JSON.parse(result.operations[0]?.text ?? '').properties;
}

function faults(event: string, properties: Json, settings?: DestinationSettings): string[] {
  const result = run(event, properties, settings);
  if (result.status !== 'rejected') throw new Error(JSON.stringify(result));
  expect(result).toMatchObject({ kind: 'invalid', code: 'invalid_ecommerce' });
  expect(result.message).toContain(result.issues[0]?.message);
  return result.issues.map(({ path }) => path);
}

const VALUES: Record<string, { good: [Json, Json][]; bad: Json[] }> = {
  string: {
    good: [
      ['a', 'a'],
      [7, '7'],
      [0, '0'],
      ['x'.repeat(255), 'x'.repeat(255)],
    ],
    bad: ['x'.repeat(256), true, false, { a: 1 }, ['a']],
  },
  number: {
    good: [
      [0, 0],
      [1.5, 1.5],
      [' 4.20 ', 4.2],
      ['1e2', 100],
    ],
    bad: [-0.01, '-1', '4,20', '$4', true, [1], { a: 1 }, '1e999'],
  },
  integer: {
    good: [
      [0, 0],
      [3, 3],
      ['12', 12],
    ],
    bad: [1.5, -1, '2.0', '-3', 'x', true, [1]],
  },
  currency: {
    good: [
      ['EUR', 'EUR'],
      [' jpy ', 'JPY'],
    ],
    bad: ['EURO', 'XYZ', 'E', 978, true, ['EUR']],
  },
  alerts: {
    good: [
      [['price_drop'], ['price_drop']],
      [
        ['back_in_stock', 'price_drop'],
        ['back_in_stock', 'price_drop'],
      ],
    ],
    bad: ['price_drop', ['sale'], [['price_drop']], { a: 1 }, 7],
  },
  discounts: {
    good: [
      [[{ code: 'A', amount: '3' }], [{ code: 'A', amount: 3 }]],
      [[{ code: 5, amount: 0, note: 'n' }, null, {}], [{ code: '5', amount: 0, note: 'n' }]],
    ],
    bad: [
      'A',
      ['A'],
      [{ code: 'A' }],
      [{ amount: 1 }],
      [{ code: 'A', amount: -1 }],
      { code: 'A', amount: 1 },
    ],
  },
};

const CALLS = new Map(table.events.map(({ event, name }) => [name, event]));
const FIELDS = Object.entries(table.fields).flatMap(([name, fields]) =>
  fields.map((field) => [name, field.field, field] as const),
);

describe('each field of each event', () => {
  const rows = FIELDS.map(([name, field, spec]) => {
    const others = without(
      FULL,
      spec.from.filter((each) => !each.endsWith('_id')),
    );
    const required = 'required' in spec && spec.required === true;
    return { ...spec, ...VALUES[spec.type], name, field, required, others, call: CALLS.get(name) ?? '' };
  });

  it.each(rows)('$name $field takes $type', ({ call, field, from: [source = ''], others, good = [] }) => {
    for (const [given, expected] of good) {
      expect(sent(call, { ...others, [source]: given })[field]).toEqual(expected);
    }
  });

  it.each(rows)('$name $field is refused if not $type', ({ call, from: [source = ''], others, bad = [] }) => {
    for (const given of bad) {
      expect(faults(call, { ...others, [source]: given })).toContain(`properties.${source}`);
    }
  });

  it.each(rows)('$name $field may be missing: not if required ($required)', (row) => {
    const { call, field, from, required } = row;
    for (const empty of [null, ' ', [], {}]) {
      const properties = { ...without(FULL, from), [from[0] ?? '']: empty };
      if (required) expect(faults(call, properties)).toContain(`properties.${from[0]}`);
      else expect(sent(call, properties)).not.toHaveProperty(field);
    }
  });

  it.each(rows)('$name $field comes from $from, the first that is given', (row) => {
    const { call, field, from, good = [] } = row;
    const values = good.map(([given]) => given);
    for (const index of from.keys()) {
      const given = from.slice(index).map((each, rank) => [each, values[rank % values.length] ?? null]);
      const result = run(call, { ...without(FULL, from), ...Object.fromEntries(given) });
      // Where other fields need what was taken away here, their faults are not this field's.
      if (result.status === 'rejected')
        expect(result.issues.map(({ message }) => message.split(/[ :]/)[0])).not.toContain(field);
      else
        expect(sent(call, { ...without(FULL, from), ...Object.fromEntries(given) })[field]).toEqual(
          good[0]?.[1],
        );
    }
  });
});

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

describe('each field of a product', () => {
  it.each(table.product.map((field) => [field.field, field] as const))(
    '%s',
    (field, { type, from, ...spec }) => {
      const [source = ''] = from;
      const withProduct = (product: JsonObject) => ({ ...FULL, products: [{ ...ITEM, ...product }] });
      const first = (properties: JsonObject) => {
        const [item] = sent('Order Completed', properties).products as JsonObject[];
        return item;
      };
      for (const [given, expected] of VALUES[type]?.good ?? []) {
        expect(first(withProduct({ [source]: given }))).toMatchObject({ [field]: expected });
      }
      for (const bad of VALUES[type]?.bad ?? []) {
        expect(faults('Order Completed', withProduct({ [source]: bad }))).toContain(
          `properties.products[0].${source}`,
        );
      }
      const none = Object.fromEntries(from.map((each) => [each, null]));
      if ('required' in spec && spec.required) {
        expect(faults('Order Completed', withProduct(none))).toContain(`properties.products[0].${source}`);
      } else {
        expect(first(withProduct(none))).not.toHaveProperty(field);
      }
    },
  );
});

describe('the event', () => {
  it.each(table.events)('$event becomes $name, trimmed and in any case', ({ event, name, action }) => {
    for (const spelling of [event, ` ${event.toUpperCase()}\t`]) {
      const result = run(spelling, FULL);
      const text = result.status === 'operations' ? (result.operations[0]?.text ?? '') : '';
      expect(JSON.parse(text)).toMatchObject({ external_id: 'u1', name, time: '2026-05-01T12:00:00.000Z' });
    }
    expect(sent(event, FULL).action).toBe(action);
  });

  it.each(['Cart Viewed', 'constructor', '__proto__', 'toString'])('%s is a custom event', (event) => {
    expect(sent(event, FULL)).toEqual(FULL);
  });

  it('every value of an accepted call is in the event, once', () => {
    const marked = { ...FULL, revenue: 'r-1', value: 'v-1', coupon: 'c-9', deep: { a: ['x'] } };
    const text = JSON.stringify(sent('Order Completed', marked));
    for (const value of ['r-1', 'v-1', 'c-9', '"a":["x"]', 'k1', 'o1'])
      expect(text.split(value)).toHaveLength(2);
  });

  it('changes nothing it is given', () => {
    const freeze = (value: Json): Json => {
      if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
      return value;
    };
    const properties = freeze({
      ...FULL,
      discounts: [{ code: 'A', amount: '1' }],
      deep: { empty: null, a: 1 },
    });
    expect(() => sent('Order Completed', properties)).not.toThrow();
  });
});

describe('source', () => {
  const viewed = (rest: JsonObject, source?: Json) =>
    sent('Product Viewed', source === undefined ? FULL : { ...FULL, source }, ON, rest).source;

  it.each([
    [{ channel: 'web' }, 'web'],
    [{ channel: 'mobile', context: { os: { name: 'iPadOS' } } }, 'web'],
    [{ channel: 'mobile', context: { os: { name: 'iOS' } } }, 'ios'],
    [{ channel: 'mobile', context: { os: { name: 'Android 16' } } }, 'android'],
    [{ channel: 'Mobile', context: { os: { name: 'ANDROID' } } }, 'android'],
    [{ channel: 'sources', context: { os: { name: 'Android' } } }, 'web'],
    [{ channel: 'web', context: { channel: 'mobile', os: { name: 'Android' } } }, 'android'],
    [{ channel: 'mobile', context: { channel: 'web', os: { name: 'Android' } } }, 'web'],
    [{ channel: 'mobile', context: { os: 'Android' } }, 'web'],
    [{}, 'web'],
  ])('%j is %s', (rest, source) => {
    expect(viewed(rest)).toBe(source);
  });

  it('is the one given when Braze knows it', () => {
    expect(viewed({ channel: 'web' }, ' Android ')).toBe('android');
    expect(viewed({ channel: 'web' }, 'newsletter')).toBe('web');
  });
});
