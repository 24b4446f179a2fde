/** Values and names for property tests: hostile ones of every kind, and ways to mix them with plausible ones. */
import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/model/json.ts';

export type Values = fc.Arbitrary<Json>;

/** Names that Braze's attributes object gives a meaning. */
export const BRAZE_FIELDS = [
  'external_id',
  'braze_id',
  'user_alias',
  '_update_existing_only',
  '_merge_objects',
  'push_token_import',
  'app_id',
  'first_name',
  'home_city',
  'email_subscription_info',
  'date_of_first_session',
  'email_open_tracking_disabled',
  'facebook',
  'bio',
];
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '$set',
  'a.b',
  'a b',
  'time',
  'event_name',
  'product_id',
  'currency',
  'quantity',
  'price',
  'metadata',
  'action',
  'x'.repeat(255),
  'y'.repeat(256),
  '\u{1f36f}'.repeat(130),
  '\ud800',
  'a\u0000b',
];
const ODD_TEXTS = [
  'kim@localhost',
  'a@b..c',
  'Kim <kim@example.com>',
  '',
  ' \t',
  '\u00a0',
  'NaN',
  'Infinity',
  '1e400',
  '0x10',
  '1,234.50',
  '-0',
  'null',
  'true',
  '{}',
  '__proto__',
  '\ud800',
  'lone \udc00 low',
  'a\u0000b',
  '\ufeff',
  'z'.repeat(255),
  'z'.repeat(256),
  'z'.repeat(988),
  '\u00e9'.repeat(494),
];
const HUGE: readonly Json[] = [
  'h'.repeat(60_000),
  'h'.repeat(110_000),
  Array.from({ length: 501 }, (_, index) => index),
  Array.from({ length: 60 }, () => 'e'.repeat(1_000)),
  Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, index])),
];

/** Names with meaning, then any text. `__proto__` becomes an own member, as in parsed JSON. */
export function objectOf(
  names: fc.Arbitrary<string>,
  values: Values,
  maxLength: number,
): fc.Arbitrary<JsonObject> {
  return fc.array(fc.tuple(names, values), { maxLength }).map((members) => Object.fromEntries(members));
}

/** Levels of nesting; ingest takes events of at most 200. */
function nested(levels: number, isList: boolean): Json {
  let value: Json = 'bottom';
  for (let level = 0; level < levels; level += 1) value = isList ? [value] : { in: value };
  return value;
}

export const oddName = fc.oneof(
  fc.constantFrom(...ODD_NAMES),
  fc.constantFrom(...BRAZE_FIELDS),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const oddText = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 10 }));
/** `JSON.parse` makes Infinity of 1e400. */
const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1.5, 1e21, 5e-324, 2 ** 53 + 2, Infinity, -Infinity),
  fc.double({ noNaN: true }),
);
const small: Values = fc.oneof(oddText, oddNumber, fc.constantFrom(null, true, false, [], {}));
const nestedOdd: Values = fc.oneof(
  objectOf(oddName, small, 4),
  fc.array(small, { maxLength: 4 }),
  fc.array(objectOf(oddName, small, 3), { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 3 }) as Values,
);
const rare: Values = fc.oneof(
  fc.constantFrom(...HUGE),
  fc.tuple(fc.constantFrom(5, 60, 190), fc.boolean()).map(([levels, isList]) => nested(levels, isList)),
);
/** Anything at all, of any type. */
export const hostile: Values = fc.oneof(
  { weight: 24, arbitrary: small },
  { weight: 8, arbitrary: nestedOdd },
  { weight: 1, arbitrary: rare },
);

/** One in `odds` is hostile. */
export function mostly(good: Values, odds = 12): Values {
  return fc.oneof({ weight: odds - 1, arbitrary: good }, { weight: 1, arbitrary: hostile });
}

/** An object of known members, most of which are there, and a few hostile ones beside them. */
export function members(known: Record<string, Values>, needed: readonly string[], odds = 12): Values {
  const good = fc
    .tuple(
      fc.record(known, { requiredKeys: needed as string[] }),
      fc.oneof(
        { weight: 3, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: objectOf(oddName, hostile, 4) },
      ),
    )
    .map(([plain, odd]) => ({ ...plain, ...odd }) as JsonObject);
  return mostly(good, odds);
}

export const one = (...values: Json[]): Values => fc.constantFrom(...values);

export const id = mostly(one('u1', 'u2', 'u3', ' u4 ', 7, 'x'.repeat(987), '\u00e9'.repeat(493)), 20);
export const word = mostly(one('lamp', 'Tea', '0', 5, 'https://shop.example/a', 'w'.repeat(255)), 60);
export const amount = mostly(one(0, 4.2, '4.20', ' 7 ', 12, '1e2', 1e6), 60);
export const count = mostly(
  fc.oneof({ weight: 20, arbitrary: one(1, 2, '3', 100) }, { weight: 8, arbitrary: one(101, 250, 2.5) }),
  25,
);
export const currency = mostly(one('EUR', 'usd', ' GBP '), 30);
export const time = mostly(
  one('2026-04-01T10:00:00.000Z', '2026-04-01 10:00:00+02:00', 1775037600, '2031-01-01'),
  6,
);
export const flag = mostly(one(true, false));

/** Also of what lies under odd names. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const key of Object.getOwnPropertyNames(value)) {
    deepFreeze(Object.getOwnPropertyDescriptor(value, key)?.value);
  }
  return Object.freeze(value);
}
