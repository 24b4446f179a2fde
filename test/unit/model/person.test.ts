/** Who an event is about. */
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/model/json.ts';
import { personKey, toId } from '../../../src/model/person.ts';

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
});
