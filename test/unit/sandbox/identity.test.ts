import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sandbox/json.ts';
import { errorOf, event, judge, purchase } from './judging.ts';

const REQUIRED = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
const alias = { alias_name: 'a', alias_label: 'l' };

it.each<[JsonObject, string | undefined]>([
  [{}, REQUIRED],
  [{ external_id: '' }, REQUIRED],
  [{ external_id: null, email: null }, REQUIRED],
  [{ external_id: 'u1' }, undefined],
  [{ external_id: 17 }, undefined],
  [{ external_id: ['u1'] }, "'external_id' is not valid"],
  [{ braze_id: 'b1' }, undefined],
  [{ email: 'a@b.co' }, undefined],
  [{ phone: '+4930123' }, undefined],
  [{ user_alias: alias }, undefined],
])('rule 13: an object needs an identifier: %j → %s', (object, expected) => {
  expect(errorOf('attributes', object)).toBe(expected);
});

it('rule 13: events and purchases need an identifier too', () => {
  expect(errorOf('events', event({ external_id: null }))).toBe(REQUIRED);
  expect(errorOf('purchases', purchase({ external_id: null }))).toBe(REQUIRED);
});

const ONE = "only one of 'external_id', 'braze_id' and 'user_alias' is allowed";
it.each<[JsonObject, string | undefined]>([
  [{ external_id: 'u1', user_alias: alias }, ONE],
  [{ external_id: 'u1', braze_id: 'b1' }, ONE],
  [{ user_alias: alias, braze_id: 'b1' }, ONE],
  [{ external_id: 'u1', user_alias: alias, braze_id: 'b1' }, ONE],
  [{ external_id: 'u1', email: 'a@b.co', phone: '1' }, undefined],
])('rule 14: an object has one primary identifier at most: %j → %s', (object, expected) => {
  expect(errorOf('attributes', object)).toBe(expected);
});

it.each<[JsonObject[string]]>([
  [{ alias_name: 'a' }],
  [{ alias_label: 'l' }],
  [{ alias_label: 'l', alias_name: 7 }],
  [{ alias_label: 'l', alias_name: '' }],
  ['a'],
])('rule 15: an alias has a name and a label: %j is refused', (userAlias) => {
  expect(errorOf('attributes', { user_alias: userAlias })).toBe("'user_alias' is not valid");
});

const TOO_LARGE = "'external_id' must be fewer than 988 bytes";
it.each([
  ['x', 987, undefined],
  ['x', 988, TOO_LARGE],
  ['ü', 493, undefined],
  ['ü', 494, TOO_LARGE],
])('rule 16: an external id has at most 987 bytes: %s × %i → %s', (letter, times, expected) => {
  expect(errorOf('attributes', { external_id: letter.repeat(times) })).toBe(expected);
});

it('rule 16: the name that the docs give the error is there by a switch', () => {
  const types = errorOf('attributes', { external_id: 'x'.repeat(988) }, { errorTexts: 'names' });
  expect(types).toBe('EXTERNAL_USER_ID_TOO_LARGE');
});

it('rule 17: objects of a blocked external id are refused, all others are not', () => {
  const blockedExternalIds = ['17'];
  const { body, changes } = judge(
    { attributes: [{ external_id: 17 }, { external_id: '18' }], events: [event({ external_id: '17' })] },
    { blockedExternalIds },
  );
  const type = 'provided external_id is blacklisted and disallowed';
  expect(body.errors).toEqual([
    { type, input_array: 'attributes', index: 0 },
    { type, input_array: 'events', index: 0 },
  ]);
  expect(changes).toHaveLength(1);
  const named = errorOf('attributes', { external_id: '17' }, { blockedExternalIds, errorTexts: 'names' });
  expect(named).toBe('BLACKLISTED_EXTERNAL_USER_ID');
});
