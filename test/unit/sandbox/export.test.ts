import { afterEach, expect, it } from 'vitest';
import { type BrazeCalls, startBrazeCalls } from '../../support/braze-calls.ts';

let braze: BrazeCalls;
afterEach(() => braze.close());

const alias = (name: string) => ({ alias_name: name, alias_label: 'anon' });
const track = (body: object) => braze.call('POST /users/track', body);
const ask = (body: object) => braze.call('POST /users/export/ids', body);

it('rule 49: lists the ids that nobody has among the users found', async () => {
  braze = await startBrazeCalls();
  await track({ attributes: [{ external_id: 'u1' }] });
  const { status, body } = await ask({ external_ids: ['u1', 'nobody', 7], user_aliases: [alias('none')] });
  expect([status, body]).toEqual([
    201,
    {
      users: [{ external_id: 'u1', push_subscribe: 'subscribed', email_subscribe: 'subscribed' }],
      invalid_user_ids: ['nobody', '7'],
      message: 'success',
    },
  ]);
});

it('rule 49: shows a user as Braze does, without what is empty', async () => {
  braze = await startBrazeCalls();
  const at = (day: number) => `2026-01-0${day}T00:00:00.000Z`;
  await track({
    attributes: [
      { external_id: 'u1', email: 'A@b.co', plan: 'pro', email_subscribe: 'opted_in' },
      { external_id: 'u1', current_location: { longitude: 1.5, latitude: -2 } },
    ],
    events: [2, 1, 3].map((day) => ({ external_id: 'u1', name: 'Seen', time: at(day) })),
    purchases: [
      { external_id: 'u1', product_id: 'p', currency: 'USD', price: 2.5, quantity: 2, time: at(1) },
      { external_id: 'u1', product_id: 'p', currency: 'USD', price: -1, time: at(2) },
    ],
  });
  await braze.call('POST /users/alias/new', { user_aliases: [{ external_id: 'u1', ...alias('a') }] });
  const { body } = await ask({ user_aliases: [alias('a')] });
  expect(body).toEqual({
    users: [
      {
        external_id: 'u1',
        user_aliases: [alias('a')],
        email: 'a@b.co',
        email_subscribe: 'opted_in',
        push_subscribe: 'subscribed',
        last_coordinates: [1.5, -2],
        custom_attributes: { plan: 'pro' },
        custom_events: [{ name: 'Seen', first: at(1), last: at(3), count: 3 }],
        purchases: [{ name: 'p', first: at(1), last: at(2), count: 3 }],
        total_revenue: 4,
      },
    ],
    message: 'success',
  });
});

it('rule 49: exports the fields asked for alone', async () => {
  braze = await startBrazeCalls();
  await track({ attributes: [{ external_id: 'u1', email: 'a@b.co', plan: 'pro' }] });
  const { body } = await ask({ external_ids: ['u1'], fields_to_export: ['email', 'no such field'] });
  expect(body.users).toEqual([{ email: 'a@b.co' }]);
  expect((await ask({ external_ids: ['u1'], fields_to_export: 'email' })).status).toBe(400);
});

it('rule 49: finds everybody with an email or phone, and each user once', async () => {
  braze = await startBrazeCalls();
  await track({
    attributes: [
      { external_id: 'u1', email: 'a@b.co' },
      { external_id: 'u2', email: 'a@b.co' },
    ],
  });
  const idsOf = async (body: object) =>
    ((await ask(body)).body.users as { external_id: string }[]).map((user) => user.external_id);
  expect(await idsOf({ email_address: 'A@b.co' })).toEqual(['u1', 'u2']);
  expect(await idsOf({ phone: '+15550100' })).toEqual([]);
  expect(await idsOf({ braze_id: 'b' })).toEqual([]);
  expect(await idsOf({ external_ids: ['u1', 'u1'] })).toEqual(['u1']);
});

it('rule 49: takes one email, phone, Braze id or device id, and no list beside it', async () => {
  braze = await startBrazeCalls();
  expect((await ask({ email_address: 'a@b.co', phone: '1' })).status).toBe(400);
  expect((await ask({ email_address: 'a@b.co', external_ids: ['u1'] })).status).toBe(400);
});

it('rule 49: shows what has been applied, not what waits', async () => {
  braze = await startBrazeCalls({ applyDelayMs: 60_000 });
  await track({ attributes: [{ external_id: 'u1' }] });
  expect((await ask({ external_ids: ['u1'] })).body).toMatchObject({ users: [], invalid_user_ids: ['u1'] });
  braze.sandbox.flush();
  expect((await ask({ external_ids: ['u1'] })).body).not.toHaveProperty('invalid_user_ids');
});
