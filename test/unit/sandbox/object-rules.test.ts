import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sandbox/json.ts';
import { accepted, errorOf, event, judge, NOW, purchase, TIME } from './judging.ts';

it.each<[JsonObject, string | undefined]>([
  [{}, undefined],
  [{ name: null }, "'name' is required"],
  [{ name: '' }, "'name' is not valid"],
  [{ name: 7 }, "'name' is not valid"],
  [{ name: 'n'.repeat(256) }, undefined],
  [{ time: null }, "'time' is required"],
  [{ time: 'yesterday' }, "'time' is not valid"],
  [{ time: 1_700_000_000 }, "'time' is not valid"],
  [{ app_id: 'nobody knows' }, undefined],
])('rule 20: an event has a name and a time: %j → %s', (more, expected) => {
  expect(errorOf('events', event(more))).toBe(expected);
});

it('rule 20: long names and unknown app ids are refused by a switch', () => {
  const assume = { longEventNames: 'refused', unknownAppIds: 'refused' } as const;
  const options = { assume, appIds: ['app'] };
  const types = [
    { name: 'n'.repeat(255), app_id: 'app' },
    { name: 'n'.repeat(256) },
    { app_id: 'other' },
  ].map((more) => errorOf('events', event(more), options));
  expect(types).toEqual([undefined, "'name' is not valid", "'app_id' is not valid"]);
  expect(errorOf('purchases', purchase({ app_id: 7 }), options)).toBe("'app_id' is not valid");
});

it('rule 21: a time in the future becomes now, one in the past stays as sent', () => {
  const times = [event({ time: '2027-01-01' }), event(), purchase({ time: '2026-11-22T12:00:00.001Z' })].map(
    (object) => accepted({ [object.name === undefined ? 'purchases' : 'events']: [object] }).time,
  );
  expect(times).toEqual([NOW, TIME, NOW]);
});

it.each<[JsonObject, string | undefined]>([
  [{ properties: null }, undefined],
  [{ properties: { price: 1, currency: 'EUR' } }, undefined],
  [{ properties: { ['n'.repeat(255)]: 1 } }, undefined],
  [{ properties: [] }, "'properties' is not valid"],
  [{ properties: 'x' }, "'properties' is not valid"],
  [{ properties: { '': 1 } }, "'properties' is not valid"],
  [{ properties: { $x: 1 } }, "'properties' is not valid"],
  [{ properties: { ['n'.repeat(256)]: 1 } }, "'properties' is not valid"],
])('rule 22: properties are an object with names that are fine: %j → %s', (more, expected) => {
  expect(errorOf('events', event(more))).toBe(expected);
  expect(errorOf('purchases', purchase({ properties: null, ...more }))).toBe(
    'price' in Object(more.properties) ? "The property 'price' is reserved" : expected,
  );
});

it('rule 22: bad names are accepted by a switch', () => {
  const options = { assume: { badPropertyNames: 'accepted' } } as const;
  expect(errorOf('events', event({ properties: { $x: 1, '': 2 } }), options)).toBeUndefined();
});

it('rule 23: the names that the object itself has are reserved in its properties', () => {
  const names = ['time', 'event_name', 'product_id', 'quantity', 'price', 'currency'];
  const refused = (array: 'events' | 'purchases', object: (more: JsonObject) => JsonObject) =>
    names.filter((name) => {
      const type = errorOf(array, object({ properties: { [name]: 1 } }));
      return type === `The property '${name}' is reserved`;
    });
  expect(refused('events', event)).toEqual(['time', 'event_name']);
  expect(refused('purchases', purchase)).toEqual(names);
});

it('rule 24: the first 256 properties are kept', () => {
  const properties = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`p${index}`, index]));
  const first = Object.keys(properties).slice(0, 256);
  for (const body of [{ events: [event({ properties })] }, { purchases: [purchase({ properties })] }]) {
    expect(Object.keys(Object(accepted(body).properties))).toEqual(first);
  }
});

/** Properties whose JSON has this many bytes. */
function sized(bytes: number, isNested: boolean): JsonObject {
  const properties = { text: '', list: isNested ? [1] : 1 };
  return { ...properties, text: 'x'.repeat(bytes - JSON.stringify(properties).length) };
}
const KB = 1024;

it.each([
  [100 * KB, true, undefined],
  [100 * KB + 1, true, "'properties' must be at most 100 KB"],
  [100 * KB + 1, false, undefined],
])(
  'rule 25: properties with nested values have at most 100 KB: %i bytes, nested %s → %s',
  (bytes, isNested, expected) => {
    const properties = sized(bytes, isNested);
    for (const body of [{ events: [event({ properties })] }, { purchases: [purchase({ properties })] }]) {
      expect(judge(body, { bodyBytes: bytes + 100 }).body.errors?.[0].type).toBe(expected);
    }
  },
);

it('rule 25: purchases have 50 KB by a switch, events 100 KB still', () => {
  const options = { bodyBytes: 60 * KB, strictPurchaseSize: true };
  const errors = [50 * KB, 50 * KB + 1].map((bytes) => {
    const properties = sized(bytes, true);
    const { body } = judge(
      { events: [event({ properties })], purchases: [purchase({ properties })] },
      options,
    );
    return body.errors;
  });
  const type = "'properties' must be at most 50 KB";
  expect(errors).toEqual([undefined, [{ type, input_array: 'purchases', index: 0 }]]);
});

it.each<[JsonObject, string | undefined]>([
  [{}, undefined],
  [{ price: -3 }, undefined],
  [{ price: 0 }, undefined],
  [{ product_id: 17 }, undefined],
  [{ currency: 'eur' }, undefined],
  [{ product_id: null }, "'product_id' is required"],
  [{ product_id: '' }, "'product_id' is not valid"],
  [{ currency: null }, "'currency' is required"],
  [{ currency: 'EURO' }, "'currency' is not valid"],
  [{ currency: 'QQQ' }, "'currency' is not valid"],
  [{ currency: 978 }, "'currency' is not valid"],
  [{ price: null }, "'price' is required"],
  [{ price: '9.5' }, "'price' is not valid"],
  [{ time: null }, "'time' is required"],
  [{ time: 'now' }, "'time' is not valid"],
])('rule 26: a purchase has a product, a currency, a price and a time: %j → %s', (more, expected) => {
  expect(errorOf('purchases', purchase(more))).toBe(expected);
});

it('rule 26: a numeric product id is stored as text, a currency in capitals', () => {
  const stored = accepted({ purchases: [purchase({ product_id: 17, currency: 'eur' })] });
  expect(stored).toMatchObject({ product_id: '17', currency: 'EUR' });
});

it('rule 26: a currency in small letters is refused by a switch', () => {
  const options = { assume: { lowerCaseCurrencies: 'refused' } } as const;
  const types = ['EUR', 'eur'].map((currency) => errorOf('purchases', purchase({ currency }), options));
  expect(types).toEqual([undefined, "'currency' is not valid"]);
});

it.each([1, 100, null])('rule 27: a quantity is an integer from 1 to 100: %j is fine', (quantity) => {
  expect(errorOf('purchases', purchase({ quantity }))).toBeUndefined();
});
it.each([0, -1, 101, 1.5, '2', true, []])(
  'rule 27: a quantity is an integer from 1 to 100: %j is refused',
  (quantity) => {
    expect(errorOf('purchases', purchase({ quantity }))).toBe("'quantity' is not valid");
  },
);

it('rule 28: a product id has at most 255 characters', () => {
  const types = [255, 256].map((length) =>
    errorOf('purchases', purchase({ product_id: 'p'.repeat(length) })),
  );
  expect(types).toEqual([undefined, "'product_id' is not valid"]);
});

it('rule 29: a new customer gets an error for each purchase, and the rest is taken', () => {
  const { body } = judge(
    { events: [event()], purchases: [purchase(), purchase({ quantity: 0 })] },
    { purchases: false },
  );
  const type = 'Purchases are not available for this workspace, use ecommerce recommended events';
  expect(body).toEqual({
    events_processed: 1,
    message: 'success',
    errors: [0, 1].map((index) => ({ type, input_array: 'purchases', index })),
  });
});
