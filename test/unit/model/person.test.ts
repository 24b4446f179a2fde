/** Who an event is about. */
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/model/json.ts';
import { isMapped, personKey, toId } from '../../../src/model/person.ts';

describe('toId', () => {
  it.each<[Json | undefined, string | undefined]>([
    [' u1 ', 'u1'],
    [42, '42'],
    [0, '0'],
    [true, 'true'],
    [{ a: 1 }, '{"a":1}'],
    ['', undefined],
    [' \t ', undefined],
    [null, undefined],
    [undefined, undefined],
    [false, undefined],
    [[], undefined],
    [{}, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    ['a\ud800', 'a\ufffd'],
  ])('%j → %j', (value, id) => {
    expect(toId(value)).toBe(id);
  });
});

describe('personKey', () => {
  const full: JsonObject = {
    context: {
      externalId: [
        { type: 'other', id: 'no' },
        { type: 'brazeExternalId', id: 'bx' },
      ],
      traits: { userId: 'ct-user', id: 'ct-id' },
    },
    userId: 'u1',
    traits: { userId: 't-user', id: 't-id' },
    integrations: { bRaZe: { alias: { alias_name: 'n', alias_label: 'l' } } },
    anonymousId: 'a1',
  };

  it('takes the strongest identity that is there', () => {
    const left: JsonObject = structuredClone(full);
    const context = left.context as JsonObject;
    const seen = [personKey(left)];
    const next = (forget: () => void) => {
      forget();
      seen.push(personKey(left));
    };
    next(() => delete context.externalId);
    next(() => delete left.userId);
    next(() => delete (left.traits as JsonObject).userId);
    next(() => delete left.traits);
    next(() => delete (context.traits as JsonObject).userId);
    next(() => delete left.context);
    next(() => delete left.integrations);
    next(() => delete left.anonymousId);
    expect(seen).toEqual([
      'external_id:bx',
      'external_id:u1',
      'external_id:t-user',
      'external_id:t-id',
      'external_id:ct-user',
      'external_id:ct-id',
      'alias:l:n',
      'alias:rudder_id:a1',
      undefined,
    ]);
  });

  it('ignores half an alias', () => {
    const integrations = { Braze: { alias: { alias_name: 'n', alias_label: ' ' } } };
    expect(personKey({ integrations, anonymousId: 'a1' })).toBe('alias:rudder_id:a1');
  });

  it("does not take a group's id for a person's, whether the event or the route says that it is a group call", () => {
    const raw = { traits: { id: 'acme' }, anonymousId: 'a1' };
    expect(personKey({ ...raw, type: ' Group' })).toBe('alias:rudder_id:a1');
    expect(personKey(raw, 'group')).toBe('alias:rudder_id:a1');
    expect(personKey(raw)).toBe('external_id:acme');
  });

  it('tells a user from an anonymous id of the same text', () => {
    expect(personKey({ userId: 'x' })).not.toBe(personKey({ anonymousId: 'x' }));
  });

  describe('of an event that reverse ETL mapped', () => {
    const mapped = (externalId: Json, rest: JsonObject = {}, mark: Json = true): JsonObject => ({
      type: 'track',
      userId: 'u1',
      context: { mappedToDestination: mark, externalId },
      ...rest,
    });

    it('is the first external id, whatever its type, over the user id', () => {
      const externalId = [{ type: 'BRAZE-customers', id: 'w1' }, { id: 'no' }];
      for (const type of ['identify', 'track', 'page', 'screen', 'group']) {
        expect(personKey(mapped(externalId, { type }))).toBe('external_id:w1');
        expect(personKey(mapped(externalId), type)).toBe('external_id:w1');
      }
    });

    it('is the user id of an alias call', () => {
      expect(personKey(mapped([{ id: 'w1' }], { type: ' Alias ' }))).toBe('external_id:u1');
      expect(personKey(mapped([{ id: 'w1' }]), 'alias')).toBe('external_id:u1');
    });

    it('is the brazeExternalId when there is one, wherever it stands', () => {
      expect(personKey(mapped([{ id: 'w1' }, { type: 'brazeExternalId', id: 'bx' }]))).toBe('external_id:bx');
    });

    it.each<Json>([true, 1, 'true', {}])('with any truthy mark: %j', (mark) => {
      expect(personKey(mapped([{ id: 'w1' }], {}, mark))).toBe('external_id:w1');
    });

    it.each<Json>([false, 0, '', null])('not with the mark %j', (mark) => {
      expect(personKey(mapped([{ id: 'w1' }], {}, mark))).toBe('external_id:u1');
    });

    it.each<Json>([
      [],
      [null],
      [{}],
      [{ id: 0 }],
      [{ id: ' ' }],
      { id: 'w1' },
      'w1',
      [{ type: 'x' }, { id: 'w1' }],
    ])('falls back to the user id for %j', (externalId) => {
      expect(personKey(mapped(externalId))).toBe('external_id:u1');
    });

    it('is known by its mark alone', () => {
      expect(isMapped({ mappedToDestination: 'yes' })).toBe(true);
      expect(isMapped({ mappedToDestination: 0 })).toBe(false);
      expect(isMapped({})).toBe(false);
      expect(isMapped('x')).toBe(false);
    });

    it('may be a number', () => {
      expect(personKey(mapped([{ id: 77 }]))).toBe('external_id:77');
    });
  });
});
