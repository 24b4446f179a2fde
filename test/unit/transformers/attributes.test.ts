/** Attributes: what cannot be said by a golden case, because the configuration refuses it or the text would not show it. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { normalise } from '../../../src/model/normalise.ts';
import type { DestinationSettings } from '../../../src/model/settings.ts';
import { createTransform } from '../../../transformers/transform.ts';

function attributesOf(raw: JsonObject, settings: DestinationSettings = {}): string | undefined {
  const { event } = normalise(raw, { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' });
  const result = createTransform(settings)(event);
  if (result.status !== 'operations') throw new Error(JSON.stringify(result));
  return result.operations.find(({ kind }) => kind === 'attributes')?.text;
}

describe('attributes', () => {
  it.each(['external_id', 'braze_id', 'user_alias', '_update_existing_only', 'push_token_import', 'app_id'])(
    'a rule that writes %s does not compile',
    (to) => {
      const settings = { mappings: { attributes: [{ from: 'a', to }] } };
      expect(() => createTransform(settings)).toThrow(`cannot write ${to}`);
      expect(() => createTransform({ mappings: { attributes: [{ from: `a.${to}` }] } })).toThrow(to);
    },
  );

  it.each(['time', 'event_name'])('a rule that writes the property %s does not compile', (to) => {
    expect(() => createTransform({ mappings: { properties: [{ from: 'a', to }] } })).toThrow(
      `cannot write ${to}`,
    );
  });

  it('take `_merge_objects` of the traits, and of a rule', () => {
    const raw = { type: 'identify', userId: 'u', traits: { _merge_objects: true, a: { b: 1 } } };
    expect(attributesOf(raw)).toBe('{"external_id":"u","_merge_objects":true,"a":{"b":1}}');
    const rule = { from: 'merge', to: '_merge_objects', default: true };
    expect(
      attributesOf({ type: 'identify', userId: 'u', traits: { a: 1 } }, { mappings: { attributes: [rule] } }),
    ).toBe('{"external_id":"u","a":1,"_merge_objects":true}');
  });

  it('keep `__proto__` and `constructor` as data, written and consumed by rules too', () => {
    const raw = JSON.parse('{"type":"identify","userId":"u","traits":{"__proto__":{"a":1},"constructor":2}}');
    expect(attributesOf(raw)).toBe('{"external_id":"u","__proto__":{"a":1},"constructor":2}');
    const attributes = [
      { from: '__proto__', to: 'proto' },
      { from: 'constructor', to: '__proto__' },
    ];
    expect(attributesOf(raw, { mappings: { attributes } })).toBe(
      '{"external_id":"u","__proto__":2,"proto":{"a":1}}',
    );
  });

  it('never change the event', () => {
    const traits = Object.freeze({
      pets: Object.freeze({
        update: Object.freeze([Object.freeze({ identifier: 'id', id: 1, name: 'Rex' })]),
        add: Object.freeze([Object.freeze({ id: 2 })]),
      }),
      a: Object.freeze({ b: 1, c: 2 }),
    });
    const settings = {
      enableNestedArrayOperations: true,
      mappings: { attributes: [{ from: 'a.b', drop: true }] },
    };
    expect(
      attributesOf({ type: 'identify', userId: 'u', traits: traits as unknown as JsonObject }, settings),
    ).toBe(
      '{"external_id":"u","pets":{"$update":[{"$identifier_key":"id","$identifier_value":1,"$new_object":{"name":"Rex"}}],"$add":[{"id":2}]},"a":{"c":2},"_merge_objects":false}',
    );
  });
});
