import { afterEach, expect, it } from 'vitest';
import { type BrazeCalls, startBrazeCalls } from '../../support/braze-calls.ts';

let braze: BrazeCalls;
afterEach(() => braze.close());

const group = { subscription_group_id: 'g1', subscription_state: 'subscribed' };
const unsubscribed = { ...group, subscription_state: 'unsubscribed' };
const V1 = 'POST /subscription/status/set';
const V2 = 'POST /v2/subscription/status/set';
const create = (...attributes: object[]) => braze.call('POST /users/track', { attributes });
const states = () =>
  Object.fromEntries(
    braze.sandbox.users().map((user) => [user.external_id, user.attributes.subscription_groups]),
  );

it('rule 47: refuses a group that the workspace does not have, in both versions and when it is read', async () => {
  braze = await startBrazeCalls({ subscriptionGroups: ['g1'] });
  await create({ external_id: 'u1' });
  const refused = { status: 400, body: { message: 'Invalid subscription group ID' } };
  const other = { ...group, subscription_group_id: 'g2', external_ids: ['u1'] };
  const good = { ...group, external_ids: ['u1'] };
  expect(await braze.call(V2, { subscription_groups: [good, other] })).toMatchObject(refused);
  expect(await braze.call(V1, { ...other, external_id: 'u1' })).toMatchObject(refused);
  const route = 'GET /subscription/status/get?subscription_group_id=g2&external_id=u1';
  expect(await braze.call(route)).toMatchObject(refused);
  expect(states()).toEqual({ u1: undefined });
  expect((await braze.call(V2, { subscription_groups: [good] })).status).toBe(201);
});

it('rule 47: the first version takes one group, and one id or several', async () => {
  braze = await startBrazeCalls();
  await create({ external_id: 'u1' }, { external_id: 'u2' }, { external_id: 'u3', email: 'a@b.co' });
  const reply = await braze.call(V1, { ...group, external_id: ['u1', 'u2'] });
  expect(reply).toMatchObject({ status: 201, body: { message: 'success' } });
  await braze.call(V1, { ...unsubscribed, external_id: 'u2' });
  await braze.call(V1, { ...group, email: 'A@b.co' });
  expect(states()).toEqual({ u1: [group], u2: [unsubscribed], u3: [group] });
});

it('rule 47: the first version refuses an email and a phone at once, and nobody at all', async () => {
  braze = await startBrazeCalls();
  expect(await braze.call(V1, { ...group, email: 'a@b.co', phone: '1' })).toMatchObject({
    status: 400,
    body: { message: 'Either an email address or a phone number should be provided, but not both.' },
  });
  expect((await braze.call(V1, group)).status).toBe(400);
});

it('rule 47: an email reaches everybody who has it', async () => {
  braze = await startBrazeCalls();
  await create({ external_id: 'u1', email: 'a@b.co' }, { external_id: 'u2', email: 'a@b.co' });
  await braze.call(V2, { subscription_groups: [{ ...group, emails: ['a@b.co'] }] });
  expect(states()).toEqual({ u1: [group], u2: [group] });
});

it('rule 47: tells the state in a group, by id, email and phone', async () => {
  braze = await startBrazeCalls();
  await create({ external_id: 'u1' }, { external_id: 'u2', email: 'a@b.co' });
  await braze.call(V1, { ...group, external_id: 'u1' });
  await braze.call(V1, { ...unsubscribed, external_id: 'u2' });
  const get = (query: string) => braze.call(`GET /subscription/status/get?subscription_group_id=g1&${query}`);
  expect(await get('external_id[]=u1&external_id[]=nobody&email=a%40b.co')).toMatchObject({
    status: 200,
    body: { status: { u1: 'Subscribed', nobody: 'unknown', 'a@b.co': 'Unsubscribed' }, message: 'success' },
  });
  expect((await get('')).status).toBe(400);
});

it("rule 47: tells a user's groups", async () => {
  braze = await startBrazeCalls();
  await create({ external_id: 'u1', email: 'a@b.co' });
  await braze.call(V1, { ...unsubscribed, external_id: 'u1' });
  const subscription_groups = [{ id: 'g1', status: 'Unsubscribed' }];
  expect((await braze.call('GET /subscription/user/status?external_id=u1&external_id=nobody')).body).toEqual({
    users: [{ external_id: 'u1', email: 'a@b.co', phone: null, subscription_groups }],
    total_count: 1,
    message: 'success',
  });
  expect((await braze.call('GET /subscription/user/status')).status).toBe(400);
});
