/** What holds for every event, however odd: the transformers are pure, and their operations are well made. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { checkEvent, normalise } from '../../src/model/normalise.ts';
import type { Operation } from '../../src/model/operation.ts';
import type { Issue } from '../../src/model/outcome.ts';
import { personKey } from '../../src/model/person.ts';
import type { DestinationSettings } from '../../src/model/settings.ts';
import type { TransformResult } from '../../src/model/transform.ts';
import { createTransform } from '../../transformers/transform.ts';
import { hostileEvent } from '../support/hostile-events.ts';
import { anySettings as everySetting } from '../support/hostile-settings.ts';
import { deepFreeze } from '../support/hostile-values.ts';

const HEADERS = { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' };
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'time',
  'event_name',
  'email',
  'gender',
  'id',
  'userId',
  'external_id',
  'address',
];

const json = fc.jsonValue({ maxDepth: 4, noUnicodeString: false }) as fc.Arbitrary<Json>;
const id = fc.oneof(fc.constantFrom('u1', 'a1', ' u1 ', '', 0, 7), json);
const name = fc.oneof(fc.constantFrom(...ODD_NAMES), fc.string({ unit: 'binary', maxLength: 8 }));
/** Through text, so that `__proto__` is an own member as it is in a parsed body. */
const object = fc
  .array(fc.tuple(name, fc.oneof(json, id)), { maxLength: 8 })
  .map((members) =>
    JSON.parse(`{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)}}`),
  );
const product = fc.oneof(
  json,
  fc.record(
    { product_id: id, sku: id, price: fc.oneof(fc.double(), json), quantity: fc.oneof(fc.nat(500), json) },
    { requiredKeys: [] },
  ),
);
const properties = fc.oneof(
  object,
  json,
  fc.record({ currency: fc.oneof(fc.constant('eur'), json), products: fc.array(product, { maxLength: 4 }) }),
);
const types = ['identify', 'track', 'page', 'screen', 'group', 'alias', ' TRACK ', 'other', '__proto__'];
const time = fc.oneof(
  json,
  fc.double(),
  fc.constantFrom('2026-04-01T10:00:00.000Z', '2026-04-01 10:00:00+02:00'),
);
const anyEvent = fc.record(
  {
    type: fc.oneof(fc.constantFrom(...types), json),
    userId: id,
    anonymousId: id,
    previousId: id,
    groupId: id,
    messageId: id,
    event: fc.oneof(fc.constantFrom('Order Completed', 'constructor', 'Lamp Lit'), json),
    name: id,
    traits: fc.oneof(object, json),
    properties,
    context: fc.oneof(fc.record({ traits: object, externalId: fc.array(json) }, { requiredKeys: [] }), json),
    integrations: fc.oneof(
      fc.record({ Braze: fc.record({ alias: fc.record({ alias_name: id, alias_label: id }), appId: id }) }),
      json,
    ),
    timestamp: time,
    originalTimestamp: time,
    sentAt: time,
  },
  { requiredKeys: [] },
);
const anySettings: fc.Arbitrary<DestinationSettings> = fc.record(
  { sendPurchaseEventWithExtraProperties: fc.boolean(), aliasCall: fc.constantFrom('alias', 'merge') },
  { requiredKeys: [] },
);

function fresh(raw: unknown): JsonObject {
  return JSON.parse(JSON.stringify(raw));
}

function run(raw: JsonObject, settings: DestinationSettings) {
  const { event, warnings } = normalise(deepFreeze(raw), HEADERS);
  return { event, warnings, result: createTransform(deepFreeze(settings))(deepFreeze(event)) };
}

/** What is said about places in the event. */
function placesOf(result: TransformResult): readonly Issue[] {
  if (result.status === 'operations') return result.warnings;
  return result.status === 'rejected' ? result.issues : [];
}

function operationsOf(result: TransformResult): readonly Operation[] {
  return result.status === 'operations' ? result.operations : [];
}

describe('transformers', () => {
  it('never throw, change nothing they are given, and give the same result twice', () => {
    fc.assert(
      fc.property(anyEvent, anySettings, (raw, settings) => {
        expect(run(fresh(raw), { ...settings })).toEqual(run(fresh(raw), { ...settings }));
      }),
      { numRuns: 1000, seed: 11 },
    );
  });

  it('hold to that under every setting, for events made to hurt, and with each rejection naming its place', () => {
    fc.assert(
      fc.property(hostileEvent, everySetting, (raw, settings) => {
        const first = run(raw, settings);
        expect(run(raw, settings)).toEqual(first);
        for (const { path, message } of placesOf(first.result)) expect(path && message).toBeTruthy();
        if (first.result.status === 'rejected') expect(first.result.issues.length).toBeGreaterThan(0);
        for (const { text, bytes } of operationsOf(first.result)) {
          expect(JSON.stringify(JSON.parse(text))).toBe(text);
          expect(bytes).toBe(Buffer.byteLength(text));
        }
      }),
      { numRuns: 1500, seed: 15 },
    );
  });

  it('make operations that parse, are measured rightly, name a person and have a part of their own', () => {
    let made = 0;
    fc.assert(
      fc.property(anyEvent, anySettings, (raw, settings) => {
        const { result } = run(fresh(raw), { ...settings });
        if (result.status !== 'operations') return;
        expect(result.operations.length).toBeGreaterThan(0);
        expect(new Set(result.operations.map(({ part }) => part)).size).toBe(result.operations.length);
        for (const { text, bytes, keys, part, kind } of result.operations) {
          made += 1;
          expect(isObject(JSON.parse(text))).toBe(true);
          expect(bytes).toBe(new TextEncoder().encode(text).length);
          expect(keys.length).toBeGreaterThan(0);
          expect(new Set(keys).size).toBe(keys.length);
          for (const key of keys) expect(key).toMatch(/^(external_id:|alias:.*:).+$/s);
          expect(part.startsWith(`${kind}:`)).toBe(true);
        }
      }),
      { numRuns: 1000, seed: 12 },
    );
    expect(made).toBeGreaterThan(150);
  });

  it('give an accepted event an outcome that names the person of its record', () => {
    fc.assert(
      fc.property(anyEvent, anySettings, (generated, settings) => {
        const raw = fresh(generated);
        if (checkEvent(raw)) return;
        const key = personKey(raw);
        const { event, result } = run(raw, { ...settings });
        if (result.status !== 'operations') return;
        expect(personKey(event as unknown as JsonObject)).toBe(key);
        for (const operation of result.operations) expect(operation.keys).toContain(key);
      }),
      { numRuns: 1000, seed: 13 },
    );
  });

  it('name exactly one identifier in every track object, and a whole one', () => {
    fc.assert(
      fc.property(anyEvent, anySettings, (raw, settings) => {
        const { result } = run(fresh(raw), { ...settings });
        if (result.status !== 'operations') return;
        for (const { kind, text } of result.operations) {
          if (kind !== 'attributes' && kind !== 'event' && kind !== 'purchase') continue;
          const object: JsonObject = JSON.parse(text);
          expect(
            ['external_id', 'user_alias', 'braze_id'].filter((key) => Object.hasOwn(object, key)),
          ).toHaveLength(1);
          expect(object._update_existing_only).toBe(object.user_alias === undefined ? undefined : false);
        }
      }),
      { numRuns: 1000, seed: 14 },
    );
  });
});
