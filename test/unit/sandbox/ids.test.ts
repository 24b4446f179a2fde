import { afterEach, describe, expect, it } from 'vitest';
import { type BrazeCalls, startBrazeCalls } from '../../support/braze-calls.ts';

let braze: BrazeCalls;
afterEach(() => braze.close());

const alias = (name: string) => ({ alias_name: name, alias_label: 'anon' });
const create = (...attributes: object[]) => braze.call('POST /users/track', { attributes });
const ids = () => braze.sandbox.users().map((user) => user.external_id);
const many = (count: number, item: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => item(index));

it.each<[string, string, (index: number) => unknown]>([
  ['/users/identify', 'aliases_to_identify', (n) => ({ external_id: 'u', user_alias: alias(`${n}`) })],
  ['/users/identify', 'emails_to_identify', () => ({})],
  ['/users/identify', 'phone_numbers_to_identify', () => ({})],
  ['/users/alias/new', 'user_aliases', (n) => alias(`${n}`)],
  ['/users/alias/update', 'alias_updates', () => ({})],
  ['/users/delete', 'external_ids', String],
  ['/users/delete', 'user_aliases', (n) => alias(`${n}`)],
  ['/users/export/ids', 'external_ids', String],
  ['/users/export/ids', 'user_aliases', (n) => alias(`${n}`)],
  ['/users/external_ids/rename', 'external_id_renames', () => ({})],
  ['/users/external_ids/remove', 'external_ids', String],
])('rule 43: %s takes 50 %s and turns 51 away', async (path, field, item) => {
  braze = await startBrazeCalls();
  expect((await braze.call(`POST ${path}`, { [field]: many(50, item) })).status).toBe(201);
  expect(await braze.call(`POST ${path}`, { [field]: many(51, item) })).toMatchObject({
    status: 400,
    body: { message: 'The max number of ids per request was exceeded' },
  });
});

it.each([
  ['/users/identify', 'aliases_to_identify', 'emails_to_identify'],
  ['/users/delete', 'external_ids', 'user_aliases'],
  ['/users/export/ids', 'external_ids', 'user_aliases'],
])('rule 43: %s counts all its lists together', async (path, first, second) => {
  braze = await startBrazeCalls();
  const body = { [first]: many(50, String), [second]: [alias('a')] };
  expect((await braze.call(`POST ${path}`, body)).status).toBe(400);
});

it.each([
  'identify',
  'alias/new',
  'alias/update',
  'delete',
  'export/ids',
  'external_ids/rename',
  'external_ids/remove',
])('rule 43: /users/%s turns a body without ids away, and one whose list is none', async (path) => {
  braze = await startBrazeCalls();
  const lists = 'aliases_to_identify user_aliases alias_updates external_ids external_id_renames'.split(' ');
  const noLists = Object.fromEntries(lists.map((name) => [name, 'x']));
  expect((await braze.call(`POST /users/${path}`, {})).status).toBe(400);
  expect((await braze.call(`POST /users/${path}`, noLists)).status).toBe(400);
});

describe('/users/delete', () => {
  it('rule 43: deletes by every kind of id and counts what it queued, known or not', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1' }, { external_id: 'u2' }, { email: 'a@b.co' }, { phone: '+15550100' });
    await create({ user_alias: alias('a'), _update_existing_only: false });
    const body = {
      external_ids: ['u1', 'nobody'],
      user_aliases: [alias('a')],
      braze_ids: ['b'],
      email_addresses: [{ email: 'A@b.co', prioritization: ['unidentified'] }],
      phone_numbers: [{ phone: '+15550100', prioritization: ['most_recently_updated'] }],
    };
    expect(await braze.call('POST /users/delete', body)).toMatchObject({
      status: 201,
      body: { deleted: 6, message: 'success' },
    });
    expect(ids()).toEqual(['u2']);
  });

  it('rule 43: frees the identities of a deleted user', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1', email: 'a@b.co', plan: 'pro' });
    await braze.call('POST /users/delete', { external_ids: ['u1'] });
    await create({ external_id: 'u1' });
    expect(braze.sandbox.users()).toMatchObject([
      { external_id: 'u1', attributes: {}, custom_attributes: {} },
    ]);
  });

  it.each<[object]>([
    [{ external_ids: ['x'.repeat(988)] }],
    [{ user_aliases: [{ alias_name: 'a' }] }],
    [{ email_addresses: [{ email: 'a@b.co' }] }],
    [{ email_addresses: [{ email: 'a@b.co', prioritization: ['least_recently_updated'] }] }],
    [{ phone_numbers: [{ prioritization: ['identified'] }] }],
  ])('rule 43: refuses the whole delete for one bad id: %j', async (body) => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1' });
    expect((await braze.call('POST /users/delete', { external_ids: ['u1'], ...body })).status).toBe(400);
    expect(ids()).toEqual(['u1']);
  });
});

describe('/users/external_ids', () => {
  const rename = (...pairs: [string, string][]) =>
    braze.call('POST /users/external_ids/rename', {
      external_id_renames: pairs.map(([from, to]) => ({ current_external_id: from, new_external_id: to })),
    });
  const remove = (...list: string[]) => braze.call('POST /users/external_ids/remove', { external_ids: list });

  it('rule 43: a renamed id still finds its user, and deletes the whole user', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'old', plan: 'pro' });
    expect(await rename(['old', 'new'])).toMatchObject({
      status: 201,
      body: {
        external_ids: [{ current_external_id: 'old', new_external_id: 'new' }],
        rename_errors: [],
        message: 'success',
      },
    });
    await create({ external_id: 'old', tier: 1 });
    expect(braze.sandbox.users()).toMatchObject([
      { external_id: 'new', custom_attributes: { plan: 'pro', tier: 1 } },
    ]);
    await braze.call('POST /users/delete', { external_ids: ['old'] });
    expect(ids()).toEqual([]);
    await create({ external_id: 'old' });
    expect(ids()).toEqual(['old']);
  });

  it('rule 43: renames only to an id that nobody has or had, and only from a current one', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1' }, { external_id: 'u2' });
    await rename(['u1', 'u3']);
    const { body } = await rename(['u2', 'u2'], ['u2', 'u3'], ['u2', 'u1'], ['u1', 'u4'], ['nobody', 'u5']);
    expect(body).toEqual({
      external_ids: [],
      rename_errors: [
        "The new_external_id 'u2' is already in use",
        "The new_external_id 'u3' is already in use",
        "The new_external_id 'u1' is already in use",
        "The current_external_id 'u1' does not exist",
        "The current_external_id 'nobody' does not exist",
      ],
      message: 'success',
    });
    expect(ids()).toEqual(['u3', 'u2']);
  });

  it('rule 43: of two renames to one id in a request the first wins', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'u1' }, { external_id: 'u2' });
    await rename(['u1', 'u3'], ['u2', 'u3']);
    expect(ids()).toEqual(['u3', 'u2']);
  });

  it('rule 43: removes deprecated ids alone, and the user stays', async () => {
    braze = await startBrazeCalls();
    await create({ external_id: 'old' });
    await rename(['old', 'new']);
    expect((await remove('old', 'new', 'nobody')).body).toEqual({
      removed_ids: ['old'],
      removal_errors: [
        "The external_id 'new' is not deprecated",
        "The external_id 'nobody' is not deprecated",
      ],
      message: 'success',
    });
    await create({ external_id: 'old' });
    expect(ids()).toEqual(['new', 'old']);
  });
});
