import { afterEach, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/sandbox/endpoints.ts';
import { type BrazeCalls, startBrazeCalls } from '../../support/braze-calls.ts';

let braze: BrazeCalls;
afterEach(() => braze.close());

const TRACK = 'POST /users/track';
const event = { external_id: 'u1', name: 'Seen', time: '2026-01-01T00:00:00Z' };
const rates = (headers: Headers) =>
  [...headers.keys()].filter((name) => name.startsWith('x-ratelimit')).sort();

it('rule 1: names the key in the 401, or not, as Braze has done both', async () => {
  braze = await startBrazeCalls({ apiKey: 'good', assume: { invalidKeyText: 'short' } });
  expect((await braze.call(TRACK, {})).body).toEqual({ message: 'Invalid API Key' });
});

it('rule 2: refuses the key of another instance like a wrong one', async () => {
  braze = await startBrazeCalls({ foreignKeys: ['elsewhere'] });
  const foreign = { authorization: 'Bearer elsewhere' };
  const refused = await braze.call(TRACK, { events: [event] }, foreign);
  expect([refused.status, refused.body]).toEqual([401, { message: 'Invalid API key: elsewhere' }]);
  expect(refused.headers.get('x-ratelimit-limit')).toBe('');
  expect((await braze.call(TRACK, { events: [event] })).status).toBe(201);
});

it('rule 3: has a permission for each endpoint, named after its path', async () => {
  const every = ['users.track', 'users.track.bulk', 'users.track.sync', 'users.identify', 'users.alias.new'];
  every.push('users.alias.update', 'users.merge', 'users.delete', 'users.export.ids');
  every.push('users.external_ids.rename', 'users.external_ids.remove', 'subscription.status.set');
  expect(PERMISSIONS).toEqual(expect.arrayContaining(every));
  braze = await startBrazeCalls({ permissions: ['catalogs.get'] });
  expect((await braze.call('GET /catalogs')).status).toBe(200);
  for (const route of ['POST /users/delete', 'POST /users/track/bulk', 'DELETE /catalogs/a']) {
    expect(await braze.call(route, {})).toMatchObject({ status: 403, body: { message: 'Access Denied' } });
  }
});

it('rule 4: knows a path by its method', async () => {
  braze = await startBrazeCalls();
  for (const route of ['GET /users/delete', 'PUT /catalogs', 'POST /catalogs/a', 'GET /catalogs/a/b']) {
    expect([route, (await braze.call(route, route.startsWith('GET') ? undefined : {})).status]).toEqual([
      route,
      404,
    ]);
  }
});

it('rule 6: takes 2 MB in bulk, and 413 above', async () => {
  braze = await startBrazeCalls();
  const body = JSON.stringify({ events: [event] });
  expect((await braze.call('POST /users/track/bulk', body.padEnd(2 * 1024 * 1024))).status).toBe(201);
  expect((await braze.call('POST /users/track/bulk', body.padEnd(2 * 1024 * 1024 + 1))).status).toBe(413);
});

it('rule 7: answers 415 to a Content-Type that is not JSON where that is assumed, and takes any otherwise', async () => {
  braze = await startBrazeCalls({ assume: { contentTypes: 'json' } });
  const typed = (type: string) => braze.call(TRACK, { events: [event] }, { 'content-type': type });
  expect((await typed('text/plain')).status).toBe(415);
  expect((await typed('application/jsonish')).status).toBe(415);
  for (const type of ['application/json', 'application/json; charset=utf-8', 'application/x+json']) {
    expect([type, (await typed(type)).status]).toEqual([type, 201]);
  }
  expect((await braze.call('GET /catalogs', undefined, { 'content-type': 'text/plain' })).status).toBe(200);
  await braze.close();
  braze = await startBrazeCalls();
  expect((await typed('text/plain')).status).toBe(201);
});

it('rule 9: counts each key for itself on the base plan', async () => {
  braze = await startBrazeCalls({ rateLimit: 1, now: () => 0 });
  const statusOf = async (key: string) =>
    (await braze.call(TRACK, { events: [event] }, { authorization: `Bearer ${key}` })).status;
  expect([await statusOf('a'), await statusOf('b'), await statusOf('a')]).toEqual([201, 201, 429]);
});

it('rule 10: a plan by monthly active users counts all keys together and answers 429 with the wait alone', async () => {
  const nowMs = Date.parse('2026-11-22T12:59:01.000Z');
  braze = await startBrazeCalls({ mau: { hourly: 2, burst: 5 }, now: () => nowMs });
  const sent = (key: string) => braze.call(TRACK, { events: [event] }, { authorization: `Bearer ${key}` });
  const first = await sent('a');
  expect([first.status, first.headers.get('x-ratelimit-reset')]).toEqual([201, '59']);
  expect((await sent('b')).status).toBe(201);
  const refused = await sent('c');
  expect([refused.status, rates(refused.headers)]).toEqual([429, ['x-ratelimit-retry-after']]);
  expect(refused.headers.get('x-ratelimit-retry-after')).toBe('59');
  expect((await braze.call('POST /users/delete', { external_ids: ['u'] })).status).toBe(201);
});

it('rule 11: an export that names its fields has a higher limit', async () => {
  braze = await startBrazeCalls();
  const limitOf = async (body: object) =>
    (await braze.call('POST /users/export/ids', body)).headers.get('x-ratelimit-limit');
  expect(await limitOf({ external_ids: ['u'] })).toBe('250');
  expect(await limitOf({ external_ids: ['u'], fields_to_export: ['email'] })).toBe('40');
  expect(await limitOf({ external_ids: ['u'], fields_to_export: ['canvases_received'] })).toBe('250');
});

it.each<[string, string]>([
  ['POST /users/track', '3000'],
  ['POST /users/track/bulk', '50'],
  ['POST /users/track/sync', '500'],
  ['POST /users/identify', '20000'],
  ['POST /users/alias/new', '20000'],
  ['POST /users/alias/update', '20000'],
  ['POST /users/merge', '20000'],
  ['POST /users/delete', '20000'],
  ['POST /users/export/ids', '250'],
  ['POST /users/external_ids/rename', '1000'],
  ['POST /users/external_ids/remove', '1000'],
  ['POST /subscription/status/set', '5000'],
  ['POST /v2/subscription/status/set', '5000'],
  ['GET /subscription/status/get', '250000'],
  ['GET /subscription/user/status', '250000'],
  ['GET /catalogs', '50'],
  ['POST /catalogs/c/items', '16000'],
  ['GET /catalogs/c/items/i', '50'],
  ['POST /no/such/path', '250000'],
])('rule 12: %s tells its limit of %s, what is left and the reset in lower case', async (route, limit) => {
  braze = await startBrazeCalls();
  const { headers } = await braze.call(route, route.startsWith('GET') ? undefined : {});
  expect(rates(headers)).toEqual(['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']);
  expect(headers.get('x-ratelimit-limit')).toBe(limit);
});
