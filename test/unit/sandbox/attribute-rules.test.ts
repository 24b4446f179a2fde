import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sandbox/json.ts';
import type { WorkspaceOptions } from '../../../src/sandbox/workspace.ts';
import { errorOf } from './judging.ts';

/** The error of a user's attributes, as a sentence and as the name that the docs give it. */
function errors(more: JsonObject, options: WorkspaceOptions = {}): unknown[] {
  const sent = () => ({ external_id: 'u1', ...more });
  return [
    errorOf('attributes', sent(), options),
    errorOf('attributes', sent(), { ...options, errorTexts: 'names' }),
  ];
}

const BAD_EMAIL = ["The value provided for the 'email' field is not a valid email.", 'EMAIL_BAD_FORMAT'];
it.each(['', 'a@b', 'a b@c.de', '@b.co', 'a@b.co.', 5, ['a@b.co']])(
  'rule 18: an email is well-formed: %j is refused',
  (email) => {
    expect(errors({ email })).toEqual(BAD_EMAIL);
  },
);

it('rule 18: an email is well-formed where it identifies too, and null clears it', () => {
  expect(errorOf('events', { email: 'a@b', name: 'Seen', time: '2026-01-01' })).toBe(BAD_EMAIL[0]);
  expect(errors({ email: 'a@b.co' })).toEqual([undefined, undefined]);
  expect(errors({ email: null })).toEqual([undefined, undefined]);
});

const token = (more: JsonObject = {}) => ({ app_id: 'app', token: 't', ...more });
const group = (more: JsonObject = {}) => ({
  subscription_group_id: 'g',
  subscription_state: 'subscribed',
  ...more,
});

it.each<[JsonObject]>([
  [{ email_subscribe: 'opted_in', push_subscribe: 'unsubscribed' }],
  [{ email_subscribe: null, push_subscribe: null, current_location: null, push_tokens: null }],
  [{ current_location: { longitude: 1, latitude: 2.5 } }],
  [{ push_tokens: [token(), token({ device_id: 'd'.repeat(8) }), token({ device_id: 'd'.repeat(255) })] }],
  [{ push_tokens: [], subscription_groups: [] }],
  [{ subscription_groups: [group(), group({ subscription_state: 'unsubscribed' })] }],
])('rule 19: %j is fine', (more) => {
  expect(errors(more)).toEqual([undefined, undefined]);
});

it.each<[JsonObject, string, string]>([
  [{ email_subscribe: 'yes' }, "'email_subscribe' is not valid", 'BAD_EMAIL_SUBSCRIPTION_STATE'],
  [{ push_subscribe: true }, "'push_subscribe' is not valid", 'BAD_PUSH_SUBSCRIPTION_STATE'],
  [{ current_location: { longitude: 1 } }, "'current_location' is not valid", 'BAD_LOCATION_UPDATE'],
  [
    { current_location: { longitude: '1', latitude: 2 } },
    "'current_location' is not valid",
    'BAD_LOCATION_UPDATE',
  ],
  [{ current_location: [1, 2] }, "'current_location' is not valid", 'BAD_LOCATION_UPDATE'],
  [{ push_tokens: 'x' }, "'push_tokens' is not valid", 'BAD_PUSH_TOKEN_VALUE'],
  [{ push_tokens: ['x'] }, "'push_tokens' is not valid", 'BAD_PUSH_TOKEN_VALUE'],
  [
    { push_tokens: [token({ app_id: '' })] },
    "'app_id' in 'push_tokens' is not valid",
    'BAD_PUSH_TOKEN_APP_ID',
  ],
  [
    { push_tokens: [token(), token({ token: 7 })] },
    "'token' in 'push_tokens' is not valid",
    'BAD_PUSH_TOKEN_STRING',
  ],
  [
    { push_tokens: [token({ device_id: 'short' })] },
    "'device_id' in 'push_tokens' must be 8 to 255 bytes",
    'BAD_DEVICE_ID',
  ],
  [
    { push_tokens: [token({ device_id: 'ü'.repeat(128) })] },
    "'device_id' in 'push_tokens' must be 8 to 255 bytes",
    'BAD_DEVICE_ID',
  ],
  [
    { push_token_import: true, push_tokens: [token()] },
    "'push_token_import' needs 'push_tokens' and allows neither 'external_id' nor 'braze_id'",
    'BAD_PUSH_TOKEN_IMPORT',
  ],
  [{ subscription_groups: 'g' }, "'subscription_groups' is not valid", 'BAD_SUBSCRIPTION_GROUP_ARRAY'],
  [{ subscription_groups: ['g'] }, "'subscription_groups' is not valid", 'BAD_SUBSCRIPTION_GROUP_ARRAY'],
  [
    { subscription_groups: [{ subscription_group_id: 'g' }] },
    "'subscription_group_id' and 'subscription_state' in 'subscription_groups' are required",
    'BAD_SUBSCRIPTION_GROUP_HASH',
  ],
  [
    { subscription_groups: [group({ subscription_group_id: 7 })] },
    "'subscription_group_id' in 'subscription_groups' is not valid",
    'BAD_SUBSCRIPTION_GROUP_ID',
  ],
  [
    { subscription_groups: [group({ subscription_state: 'opted_in' })] },
    "'subscription_state' in 'subscription_groups' is not valid",
    'BAD_SUBSCRIPTION_GROUP_STATE',
  ],
  [
    { email_subscription_info: null },
    "'email_subscription_info' is not a valid attribute",
    'INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO',
  ],
])('rule 19: %j → %s', (more, sentence, name) => {
  expect(errors(more)).toEqual([sentence, name]);
});

it('rule 19: app ids and subscription groups are those of the workspace, where they are told', () => {
  const options = { appIds: ['app'], subscriptionGroups: ['g'] };
  expect(errors({ push_tokens: [token()], subscription_groups: [group()] }, options)[0]).toBeUndefined();
  expect(errors({ push_tokens: [token({ app_id: 'other' })] }, options)[1]).toBe('BAD_PUSH_TOKEN_APP_ID');
  expect(errors({ subscription_groups: [group({ subscription_group_id: 'x' })] }, options)[1]).toBe(
    'BAD_SUBSCRIPTION_GROUP_ID',
  );
});

it.each<[JsonObject, string | undefined]>([
  [{ push_tokens: [token()] }, undefined],
  [{ push_tokens: [] }, 'BAD_PUSH_TOKEN_IMPORT'],
  [{}, 'BAD_PUSH_TOKEN_IMPORT'],
  [{ push_tokens: [token()], braze_id: 'b1' }, 'BAD_PUSH_TOKEN_IMPORT'],
  [{ push_tokens: [token()], email: 'a@b.co' }, undefined],
])('rule 19: an import of push tokens needs tokens and nobody: %j → %s', (more, expected) => {
  const sent = { push_token_import: true, ...more };
  expect(errorOf('attributes', sent, { errorTexts: 'names' })).toBe(expected);
});
