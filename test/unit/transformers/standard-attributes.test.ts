/** What Braze's own fields take. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/model/json.ts';
import { checkOf } from '../../../transformers/standard-attributes.ts';

function codeOf(field: string, value: Json): string | undefined {
  return checkOf(field)?.(value)?.code;
}

describe('checkOf', () => {
  it.each(['first_name', 'last_name', 'home_city', 'image_url'])('takes nothing but text as %s', (field) => {
    expect(codeOf(field, 'Kim')).toBeUndefined();
    for (const value of [5, true, ['Kim'], { a: 1 }]) expect(codeOf(field, value)).toBe('unusual_value');
  });

  it.each(['facebook', 'twitter'])('takes nothing but an object as %s', (field) => {
    expect(codeOf(field, { id: 'kim' })).toBeUndefined();
    for (const value of ['kim', 5, ['kim']]) expect(codeOf(field, value)).toBe('unusual_value');
  });

  it('has no check for a custom attribute, whatever its name', () => {
    for (const name of ['plan', 'constructor', '__proto__', 'Email']) expect(checkOf(name)).toBeUndefined();
  });

  it.each([
    'a@b.co',
    'Kim.Lee+tag@sub.example.org',
    'тест@example.com',
    "o'neil!#$%&*=`{|}~?^_-@ex-ample.com",
    'a@xn--bcher-kva.example',
    `${'a'.repeat(240)}@example.com`,
  ])('takes the address %j', (email) => {
    expect(codeOf('email', email)).toBeUndefined();
  });

  it.each([
    '',
    'kim',
    'kim@',
    '@ex.org',
    'kim@localhost',
    'kim lee@ex.org',
    'kim@ex.org ',
    'kim@ex.org\n',
    '.kim@ex.org',
    'kim.@ex.org',
    'k..m@ex.org',
    'kim@@ex.org',
    'kim@ex..org',
    'kim@-ex.org',
    'kim@ex.org.',
    'kim@bücher.example',
    'kim@ſex.org',
    'kim,lee@ex.org',
    'kim\u0000@ex.org',
    '\ud800@ex.org',
    `${'a'.repeat(250)}@example.com`,
  ])('refuses the address %j', (email) => {
    expect(checkOf('email')?.(email)).toMatchObject({ code: 'invalid_email' });
    expect(checkOf('email')?.(email)?.isHopeless).toBeUndefined();
  });

  it('says with an address of another kind what RudderStack says, and what came', () => {
    expect(checkOf('email')?.(7)).toEqual({
      code: 'invalid_email',
      message: 'Invalid email, email must be a valid string, got a number',
      isHopeless: true,
    });
  });

  const token = { app_id: 'a', token: 't' };
  const group = { subscription_group_id: 'g', subscription_state: 'unsubscribed' };
  it.each<[string, Json, string | undefined]>([
    ['email_subscribe', 'subscribed', undefined],
    ['email_subscribe', 'Subscribed', 'invalid_trait'],
    ['push_subscribe', 'opted_in', undefined],
    ['push_subscribe', '', 'invalid_trait'],
    ['current_location', { longitude: 0, latitude: 0 }, undefined],
    ['current_location', { longitude: '0', latitude: 0 }, 'invalid_trait'],
    ['current_location', [1, 2], 'invalid_trait'],
    ['push_tokens', [], undefined],
    ['push_tokens', [{ ...token, device_id: 'é'.repeat(4) }], undefined],
    ['push_tokens', [{ ...token, device_id: 'é'.repeat(128) }], 'invalid_trait'],
    ['push_tokens', [{ ...token, device_id: 12345678 }], 'invalid_trait'],
    ['push_tokens', [token, 'x'], 'invalid_trait'],
    ['push_tokens', token, 'invalid_trait'],
    ['push_tokens', [{ ...token, token: 7 }], 'invalid_trait'],
    ['subscription_groups', [group], undefined],
    ['subscription_groups', [{ ...group, subscription_state: 'opted_in' }], 'invalid_trait'],
    ['subscription_groups', [{ subscription_state: 'subscribed' }], 'invalid_trait'],
    ['subscription_groups', group, 'invalid_trait'],
    ['email_subscription_info', {}, 'invalid_trait'],
    ['dob', '1990-02-03', undefined],
    ['dob', '1990-02-03T00:00:00Z', 'unusual_value'],
    ['dob', '1990-13-03', 'unusual_value'],
    ['dob', 19900203, 'unusual_value'],
    ['gender', 'N', undefined],
    ['gender', 'female', 'unusual_value'],
    ['country', 'pt', undefined],
    ['country', 'Portugal', undefined],
    ['country', 'QQ', 'unusual_value'],
    ['country', 620, 'unusual_value'],
    ['language', 'pt', undefined],
    ['language', 'pt_BR', undefined],
    ['language', 'xx', 'unusual_value'],
    ['language', 'portuguese', 'unusual_value'],
    ['time_zone', 'Europe/Lisbon', undefined],
    ['time_zone', 'US/Pacific', undefined],
    ['time_zone', 'Lisbon', undefined],
    ['time_zone', 'Europe/Atlantis', 'unusual_value'],
    ['time_zone', 1, 'unusual_value'],
  ])('%s: of %j it says %s', (field, value, code) => {
    expect(codeOf(field, value)).toBe(code);
  });

  it('never says the value itself', () => {
    for (const field of ['email', 'dob', 'time_zone', 'email_subscribe', 'gender']) {
      expect(checkOf(field)?.('s3cret/x')?.message).not.toContain('s3cret');
    }
  });
});
