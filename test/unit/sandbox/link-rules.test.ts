import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sandbox/json.ts';
import { judgeAliasNew, judgeIdentify } from '../../../src/sandbox/link-rules.ts';
import { judgeMerge } from '../../../src/sandbox/merge-rules.ts';
import { judgeSubscription } from '../../../src/sandbox/subscription-rules.ts';
import type { Verdict } from '../../../src/sandbox/verdict.ts';

const alias = { alias_name: 'a1', alias_label: 'rudder_id' };
const times = (count: number, item: JsonObject) => Array.from({ length: count }, () => item);

function shown({ reply, changes }: Verdict) {
  return { status: reply.status, body: JSON.parse(reply.body), changes: changes.length };
}

describe('/users/identify', () => {
  it('counts the good aliases and names the bad ones among the user identifiers', () => {
    const verdict = judgeIdentify({
      aliases_to_identify: [
        { user_alias: alias },
        { external_id: 'u1', user_alias: alias },
        { external_id: 'u1' },
      ],
    });
    expect(shown(verdict)).toEqual({
      status: 201,
      body: {
        aliases_processed: 1,
        message: 'success',
        errors: [
          { type: "'external_id' is required", input_array: 'user_identifiers', index: 0 },
          { type: "'user_alias' is required", input_array: 'user_identifiers', index: 2 },
        ],
      },
      changes: 1,
    });
  });

  it('rule 43: takes 50 aliases and turns 51 away', () => {
    const item = { external_id: 'u1', user_alias: alias };
    expect(judgeIdentify({ aliases_to_identify: times(50, item) }).changes).toHaveLength(50);
    expect(shown(judgeIdentify({ aliases_to_identify: times(51, item) }))).toEqual({
      status: 400,
      body: { message: 'The max number of ids per request was exceeded' },
      changes: 0,
    });
  });

  it('turns a body without aliases away', () => {
    expect(judgeIdentify({}).reply.status).toBe(400);
  });
});

describe('/users/alias/new', () => {
  it('takes aliases with and without an external id and names the incomplete ones', () => {
    const verdict = judgeAliasNew({
      user_aliases: [{ external_id: 'u1', ...alias }, alias, { alias_name: 'a' }],
    });
    expect(shown(verdict)).toMatchObject({ status: 201, body: { aliases_processed: 2 }, changes: 2 });
    expect(JSON.parse(verdict.reply.body).errors).toEqual([
      { type: "'alias_name' and 'alias_label' are required", input_array: 'user_aliases', index: 2 },
    ]);
  });

  it('rule 43: turns 51 aliases away', () => {
    expect(judgeAliasNew({ user_aliases: times(51, alias) }).reply.status).toBe(400);
  });
});

describe('/users/merge', () => {
  const from = { external_id: 'old' };
  const good = { identifier_to_merge: from, identifier_to_keep: { user_alias: alias } };
  it('rule 44: accepts with 202 and no counts', () => {
    expect(shown(judgeMerge({ merge_updates: [good] }))).toEqual({
      status: 202,
      body: { message: 'success' },
      changes: 1,
    });
  });

  it.each<[JsonObject, string]>([
    [{}, "'merge_updates' must be an array of objects"],
    [{ merge_updates: ['x'] }, "'merge_updates' must be an array of objects"],
    [{ merge_updates: times(51, good) }, 'a single request may not contain more than 50 merge updates'],
    [
      { merge_updates: [good, { ...good, note: 1 }] },
      "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'",
    ],
    [
      { merge_updates: [{ identifier_to_merge: from }] },
      "'identifier_to_keep' must be an object with an 'external_id', 'user_alias', 'email' or 'phone'",
    ],
  ])('rule 44: turns %j away as a whole', (body, message) => {
    expect(shown(judgeMerge(body))).toEqual({ status: 400, body: { message }, changes: 0 });
  });
});

describe('/v2/subscription/status/set', () => {
  const group = (more: JsonObject): JsonObject => ({
    subscription_groups: [{ subscription_group_id: 'g1', subscription_state: 'subscribed', ...more }],
  });
  it('rule 47: makes one change for each person', () => {
    expect(shown(judgeSubscription(group({ external_ids: ['u1', 'u2'], emails: ['a@b.co'] })))).toEqual({
      status: 201,
      body: { message: 'success' },
      changes: 3,
    });
  });

  it.each<[JsonObject, string]>([
    [{}, "'subscription_groups' must be an array of objects"],
    [group({ subscription_group_id: '', external_ids: ['u1'] }), 'Invalid subscription group ID'],
    [group({ subscription_state: 'opted_in', external_ids: ['u1'] }), 'Invalid subscription state'],
    [group({}), "'external_ids', 'emails' or 'phones' is required"],
    [
      group({ emails: ['a@b.co'], phones: ['1'] }),
      'Either an email address or a phone number should be provided, but not both.',
    ],
    [
      group({ external_ids: Array.from({ length: 51 }, String) }),
      'The max number of ids per request was exceeded',
    ],
  ])('rule 47: turns %j away as a whole', (body, message) => {
    expect(shown(judgeSubscription(body))).toEqual({ status: 400, body: { message }, changes: 0 });
  });
});
