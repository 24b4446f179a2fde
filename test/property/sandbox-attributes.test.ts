import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/sandbox/json.ts';
import { newProfile, setAttributes, showProfile } from '../../src/sandbox/profile.ts';
import { createWorkspace } from '../../src/sandbox/workspace.ts';

const WORKSPACE = createWorkspace({ maxArrayItems: 25 });

const plain: fc.Arbitrary<Json> = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.boolean(),
  fc.constantFrom('a', 'b', 'DE', 'Germany', 'UTC', '2026-01-01', 'x'.repeat(255), 'x'.repeat(256)),
);
const plains = fc.array(plain, { maxLength: 40 });
const inner: fc.Arbitrary<Json> = fc.oneof(plain, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>);
const item = fc.dictionary(fc.constantFrom('id', 'x', 'a.b', '$time', '__proto__'), inner, { maxKeys: 3 });
const naming = fc.record({
  $identifier_key: fc.constantFrom('id', 'x', '__proto__'),
  $identifier_value: plain,
  $new_object: item,
});
const items = fc.array(item, { maxLength: 4 });
const namings = fc.array(naming, { maxLength: 3 });
const value = fc.oneof(
  inner,
  plains,
  item,
  items,
  fc.record({ add: plains, remove: plains }, { requiredKeys: [] }),
  fc.record({ inc: inner }),
  fc.record({ $add: items, $update: namings, $remove: namings }, { requiredKeys: [] }),
) as fc.Arbitrary<Json>;
const NAMES = ['n1', 'n2', '__proto__', 'country', 'time_zone', 'gender', 'first_name', '_merge_objects'];
const updates = fc.array(fc.dictionary(fc.constantFrom(...NAMES), value) as fc.Arbitrary<JsonObject>, {
  maxLength: 6,
});

/** Everything that Braze would not have stored. */
function unstorable(json: Json): Json[] {
  if (json === null) return [json];
  if (typeof json === 'string') return json.length > 255 ? [json] : [];
  if (Array.isArray(json)) {
    const isLong = json.length > 25 && !json.some((each) => typeof each === 'object');
    return isLong ? [json] : json.flatMap(unstorable);
  }
  if (typeof json !== 'object') return [];
  const bad = Object.keys(json).filter((key) => key === '' || (key !== '$time' && /[ .$]/.test(key)));
  return [...bad, ...Object.values(json).flatMap(unstorable)];
}

it('stores nothing that Braze would not, whatever is sent in whatever order', () => {
  fc.assert(
    fc.property(updates, (sent) => {
      const profile = newProfile();
      for (const object of sent) setAttributes(profile, structuredClone(object), WORKSPACE);
      const { attributes, custom_attributes: custom } = showProfile(profile);
      expect(Object.values(custom).flatMap(unstorable)).toEqual([]);
      expect(attributes.country ?? 'DE').toMatch(/^[A-Z]{2}$/);
      expect(attributes.time_zone ?? 'UTC').toBeTypeOf('string');
      expect(attributes.gender ?? 'M').toMatch(/^[MFONP]$/);
    }),
    { seed: 5, numRuns: 500 },
  );
});

it('leaves every attribute that an update does not name', () => {
  fc.assert(
    fc.property(updates, updates, (before, after) => {
      const profile = newProfile();
      for (const object of before) setAttributes(profile, object, WORKSPACE);
      const old = showProfile(profile);
      for (const object of after) setAttributes(profile, object, WORKSPACE);
      const now = showProfile(profile);
      const named = new Set(after.flatMap(Object.keys));
      for (const name of NAMES.filter((each) => !named.has(each))) {
        expect(Object.getOwnPropertyDescriptor(now.custom_attributes, name)).toEqual(
          Object.getOwnPropertyDescriptor(old.custom_attributes, name),
        );
      }
    }),
    { seed: 6, numRuns: 300 },
  );
});
