import { expect, it } from 'vitest';
import { halvesOf } from '../../../src/model/halves.ts';

it('an identify with both ids has its link under the alias that goes, and the rest with the person', () => {
  expect(halvesOf({ type: 'identify', userId: 'u', anonymousId: 'a' })).toEqual({
    links: [{ key: 'alias:rudder_id:a', half: 'link' }],
    rest: true,
  });
});

it('an alias stands behind both whom the previous id may be: an anonymous one and a user', () => {
  expect(halvesOf({ type: 'Alias', userId: 'u', previousId: 'p' })).toEqual({
    links: [
      { key: 'alias:rudder_id:p', half: 'link' },
      { key: 'external_id:p', half: 'merge' },
    ],
    rest: false,
  });
});

it.each([
  ['an identify without an anonymous id', { type: 'identify', userId: 'u' }],
  ['an identify of an anonymous person', { type: 'identify', anonymousId: 'a' }],
  ['an alias without its previous id', { type: 'alias', userId: 'u' }],
  ['an alias without a user', { type: 'alias', previousId: 'p' }],
  ['a track with both ids', { type: 'track', userId: 'u', anonymousId: 'a', event: 'e' }],
])('%s has no halves', (_name, event) => {
  expect(halvesOf(event)).toBeUndefined();
});

it('takes the type of the route in place of the one in the event', () => {
  const event = { type: 'track', userId: 'u', anonymousId: 'a' };
  expect(halvesOf(event, 'identify')).toMatchObject({ rest: true });
});
