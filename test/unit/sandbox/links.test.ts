import { afterEach, describe, expect, it } from 'vitest';
import { type BrazeCalls, startBrazeCalls } from '../../support/braze-calls.ts';

let braze: BrazeCalls;
afterEach(() => braze.close());

const alias = (name: string, label = 'anon') => ({ alias_name: name, alias_label: label });
const create = (...attributes: object[]) => braze.call('POST /users/track', { attributes });
const shown = () =>
  braze.sandbox.users().map(({ external_id, user_aliases, custom_attributes }) => ({
    id: external_id,
    aliases: user_aliases.map((each) => each.alias_name).join(),
    ...custom_attributes,
  }));

describe('identify by email and phone', () => {
  const identify = (items: object[]) => braze.call('POST /users/identify', { emails_to_identify: items });

  it('rule 45: gives the one anonymous user with the email the external id', async () => {
    braze = await startBrazeCalls();
    await create({ email: 'a@b.co', plan: 'pro' });
    const reply = await identify([{ external_id: 'u1', email: 'A@b.co', prioritization: ['unidentified'] }]);
    expect(reply).toMatchObject({ status: 201, body: { emails_processed: 1, message: 'success' } });
    expect(reply.body).not.toHaveProperty('aliases_processed');
    expect(shown()).toEqual([{ id: 'u1', aliases: '', plan: 'pro' }]);
  });

  it('rule 45: combines the anonymous user with the one who has the external id, by phone too', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1', tier: 1 }, { phone: '+15550100', plan: 'pro' });
    const item = { external_id: 'u1', phone: '+15550100', prioritization: ['most_recently_updated'] };
    const { body } = await braze.call('POST /users/identify', { phone_numbers_to_identify: [item] });
    expect(body).toEqual({ phone_numbers_processed: 1, message: 'success' });
    expect(shown()).toEqual([{ id: 'u1', aliases: '', tier: 1, plan: 'pro' }]);
  });

  it('rule 45: does nothing when several users are left', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1', email: 'a@b.co' }, { external_id: 'u2', email: 'a@b.co' });
    const before = shown();
    const item = { external_id: 'u3', email: 'a@b.co', prioritization: ['identified'] };
    expect((await identify([item])).body).toEqual({ emails_processed: 1, message: 'success' });
    expect(shown()).toEqual(before);
  });

  it.each([
    [
      ['identified', 'most_recently_updated'],
      ['u1', 'u3'],
    ],
    [
      ['identified', 'least_recently_updated'],
      ['u2', 'u3'],
    ],
    [['least_recently_updated'], ['u2', 'u3']],
  ])('rule 45: takes the user whom %j leaves', async (prioritization, left) => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1', email: 'a@b.co' }, { external_id: 'u2', email: 'a@b.co' });
    await create({ external_id: 'u1' }, { external_id: 'u3' });
    await create({ external_id: 'u2' });
    await identify([{ external_id: 'u3', email: 'a@b.co', prioritization }]);
    expect(shown().map(({ id }) => id)).toEqual(left);
  });

  it.each<[unknown, string]>([
    [undefined, "'prioritization' is required"],
    [[], "'prioritization' is not valid"],
    [['newest'], "'prioritization' is not valid"],
    [['identified', 'unidentified'], "'prioritization' is not valid"],
    [['most_recently_updated', 'least_recently_updated'], "'prioritization' is not valid"],
  ])('rule 45: refuses the prioritization %j and names the item', async (prioritization, type) => {
    braze = await startBrazeCalls();
    const good = { external_id: 'u1', email: 'a@b.co', prioritization: ['identified'] };
    const { body } = await identify([good, { ...good, prioritization }]);
    const errors = [{ type, input_array: 'user_identifiers', index: 1 }];
    expect(body).toEqual({ emails_processed: 1, message: 'success', errors });
  });

  it('rule 45: takes an address without prioritization where that is assumed', async () => {
    braze = await startBrazeCalls({ assume: { missingPrioritization: 'accepted' } });
    await create({ email: 'a@b.co' });
    await identify([{ external_id: 'u1', email: 'a@b.co' }]);
    expect(shown()).toEqual([{ id: 'u1', aliases: '' }]);
  });

  it('rule 45: a merge by email must say which user it means, and then merges that one', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1' }, { external_id: 'u2', email: 'a@b.co' }, { external_id: 'u3' });
    await create({ external_id: 'u3', email: 'a@b.co', plan: 'pro' });
    const merge = (from: object) =>
      braze.call('POST /users/merge', {
        merge_updates: [{ identifier_to_merge: from, identifier_to_keep: { external_id: 'u1' } }],
      });
    expect(await merge({ email: 'a@b.co' })).toMatchObject({
      status: 400,
      body: { message: "'prioritization' is required" },
    });
    expect((await merge({ email: 'a@b.co', prioritization: ['identified'] })).status).toBe(202);
    expect(shown().map(({ id }) => id)).toEqual(['u1', 'u2', 'u3']);
    await merge({ email: 'a@b.co', prioritization: ['identified', 'most_recently_updated'] });
    expect(shown()).toEqual([
      { id: 'u1', aliases: '', plan: 'pro' },
      { id: 'u2', aliases: '' },
    ]);
  });
});

describe('aliases', () => {
  const add = (...user_aliases: object[]) => braze.call('POST /users/alias/new', { user_aliases });
  const update = (...alias_updates: object[]) => braze.call('POST /users/alias/update', { alias_updates });
  const renamed = (old_alias_name: string, new_alias_name: string) => ({
    alias_label: 'anon',
    old_alias_name,
    new_alias_name,
  });

  it('rule 46: an alias that another user has changes nobody', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1' }, { external_id: 'u2' });
    await add({ external_id: 'u1', ...alias('a') });
    const reply = await add({ external_id: 'u2', ...alias('a') }, alias('a'));
    expect(reply).toMatchObject({ status: 201, body: { aliases_processed: 2, message: 'success' } });
    expect(shown()).toEqual([
      { id: 'u1', aliases: 'a' },
      { id: 'u2', aliases: '' },
    ]);
  });

  it('rule 46: a user keeps the first alias of a label and takes others of other labels', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1' });
    const of = (name: string, label?: string) => ({ external_id: 'u1', ...alias(name, label) });
    await add(of('a'), of('b'), of('c', 'other'));
    expect(shown()).toEqual([{ id: 'u1', aliases: 'a,c' }]);
  });

  it('rule 46: the same name under two labels is two aliases', async () => {
    braze = await startBrazeCalls();
    await add(alias('a', 'one'), alias('a', 'two'));
    expect(shown()).toHaveLength(2);
  });

  it('rule 46: update gives an alias another name; an unknown or a taken one changes nothing', async () => {
    braze = await startBrazeCalls();
    await add(alias('a'), alias('b'));
    const reply = await update(renamed('nobody', 'x'), renamed('a', 'b'), renamed('a', 'c'));
    expect(reply).toMatchObject({ status: 201, body: { aliases_processed: 3, message: 'success' } });
    expect(shown().map(({ aliases }) => aliases)).toEqual(['c', 'b']);
    await add(alias('a'));
    expect(shown()).toHaveLength(3);
  });

  it('rule 46: update names the items that are incomplete', async () => {
    braze = await startBrazeCalls();
    const { body } = await update({ alias_label: 'anon', old_alias_name: 'a' });
    const type = "'alias_label', 'old_alias_name' and 'new_alias_name' are required";
    const errors = [{ type, input_array: 'alias_updates', index: 0 }];
    expect(body).toEqual({ aliases_processed: 0, message: 'success', errors });
  });
});
