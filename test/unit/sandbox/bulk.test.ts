import { afterEach, describe, expect, it } from 'vitest';
import { type BrazeCalls, startBrazeCalls } from '../../support/braze-calls.ts';

let braze: BrazeCalls;
afterEach(() => braze.close());

const event = (id: string) => ({ external_id: id, name: 'Seen', time: '2026-01-01T00:00:00.000Z' });
const events = (count: number, idOf: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => event(idOf(index)));
const tooMany = { status: 400, body: { message: 'Max Input Length Exceeded' } };

describe('/users/track', () => {
  it('rule 8: takes 75 objects of all kinds together', async () => {
    braze = await startBrazeCalls();
    const attributes = events(40, String);
    const sent = (count: number) =>
      braze.call('POST /users/track', { attributes, events: events(count, String) });
    expect(await sent(35)).toMatchObject({ status: 201 });
    expect(await sent(36)).toMatchObject(tooMany);
    expect(braze.sandbox.users()).toHaveLength(40);
  });

  it('rule 8: takes 75 objects of each kind on old plans', async () => {
    braze = await startBrazeCalls({ packing: 'perArray' });
    const attributes = events(75, String);
    const sent = (count: number) =>
      braze.call('POST /users/track', { attributes, events: events(count, String) });
    expect(await sent(75)).toMatchObject({ status: 201 });
    expect(await sent(76)).toMatchObject(tooMany);
  });
});

describe('/users/track/bulk', () => {
  it('rule 8: takes 1,000 objects, 100 of them for one user', async () => {
    braze = await startBrazeCalls();
    const sent = (count: number, users: number) =>
      braze.call('POST /users/track/bulk', { events: events(count, (index) => `u${index % users}`) });
    expect(await sent(1000, 10)).toMatchObject({ status: 201, body: { events_processed: 1000 } });
    expect(await sent(1001, 100)).toMatchObject(tooMany);
    expect(await sent(101, 1)).toMatchObject(tooMany);
    expect(braze.sandbox.users()).toHaveLength(10);
  });
});

describe('/users/track/sync', () => {
  it('rule 8: takes one object alone', async () => {
    braze = await startBrazeCalls();
    const both = { attributes: [{ external_id: 'u1' }], events: [event('u1')] };
    expect(await braze.call('POST /users/track/sync', both)).toMatchObject(tooMany);
    expect((await braze.call('POST /users/track/sync', {})).status).toBe(400);
    expect(braze.sandbox.users()).toEqual([]);
  });

  it('rule 8: answers when the object is applied, with what the user has of it', async () => {
    braze = await startBrazeCalls({ applyDelayMs: 60_000 });
    const sync = async (body: object) => (await braze.call('POST /users/track/sync', body)).body;
    const at = '2026-01-01T00:00:00.000Z';
    expect(await sync({ attributes: [{ external_id: 'u1', plan: 'pro', email: 'a@b.co' }] })).toEqual({
      users: [{ external_id: 'u1', custom_attributes: { plan: 'pro' } }],
      message: 'success',
    });
    await sync({ events: [{ ...event('u1'), name: 'Other' }] });
    expect(await sync({ events: [event('u1')] })).toEqual({
      users: [{ external_id: 'u1', custom_events: [{ name: 'Seen', first: at, last: at, count: 1 }] }],
      message: 'success',
    });
    const purchase = { external_id: 'u1', product_id: 'p', currency: 'USD', price: 1, quantity: 3, time: at };
    expect(await sync({ purchases: [purchase] })).toEqual({
      users: [{ external_id: 'u1', purchase_events: [{ product_id: 'p', first: at, last: at, count: 3 }] }],
      message: 'success',
    });
  });

  it('rule 8: names nobody when an update found nobody', async () => {
    braze = await startBrazeCalls();
    const update = { external_id: 'u1', plan: 'pro', _update_existing_only: true };
    expect(await braze.call('POST /users/track/sync', { attributes: [update] })).toMatchObject({
      status: 201,
      body: { users: [], message: 'success' },
    });
  });
});
