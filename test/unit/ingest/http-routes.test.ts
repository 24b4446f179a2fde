import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { createAuthenticate } from '../../../src/ingest/auth.ts';
import { basic, batchOf, post, SHOP_KEY, SOURCES, startIngest, track } from './fixture.ts';

describe('paths', () => {
  const BATCH_PATHS = ['/v1/batch', '/v1/import', '/v1/batch/', '/v1/import/', '/V1/Batch', '/v1/batch?a=1'];
  test.each(BATCH_PATHS)('%s takes a batch', async (path) => {
    const { url, log } = await startIngest();
    const reply = await post(url, path, batchOf(track(), track({ userId: 'u2' })));
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.body).toEqual({ success: true, accepted: 2, rejected: [] });
    expect(log.records.map(({ key }) => key)).toEqual(['external_id:u1', 'external_id:u2']);
  });

  test.each(['identify', 'track', 'page', 'screen', 'group', 'alias'])(
    '/v1/%s takes one call and gives it its type',
    async (type) => {
      const { url, log } = await startIngest();
      for (const path of [`/v1/${type}`, `/v1/${type}/`]) {
        const reply = await post(url, path, '{"userId":"u1"}');
        expect(reply.status).toBe(200);
        expect(reply.body).toEqual({ success: true, accepted: 1 });
      }
      expect(log.records.map(({ headers }) => headers.type)).toEqual([type, type]);
    },
  );

  test.each(['/health', '/', '/health/'])('%s answers without a key', async (path) => {
    const { url } = await startIngest();
    const reply = await request(url).get(path);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ status: 'ok' });
  });

  test.each([
    '/v1/t',
    '/v1/merge',
    '/beacon/v1/batch',
    '/pixel/v1/track',
    '/v1',
    '/%E0%A4%A',
    '//v1/batch',
    '/cluster-info',
  ])('%s is 404 as JSON', async (path) => {
    const { url } = await startIngest();
    const reply = await post(url, path, batchOf(track()));
    expect(reply.status).toBe(404);
    expect(reply.body).toEqual({ code: 'not_found', message: expect.any(String) });
  });

  test.each([
    ['get', '/v1/batch', 'POST'],
    ['put', '/v1/track', 'POST'],
    ['options', '/v1/import', 'POST'],
    ['delete', '/health', 'GET, HEAD'],
    ['post', '/', 'GET, HEAD'],
  ] as const)('%s %s is 405 and names what is allowed', async (method, path, allow) => {
    const { url } = await startIngest();
    const reply = await request(url)[method](path);
    expect(reply.status).toBe(405);
    expect(reply.headers.allow).toBe(allow);
    expect(reply.body).toEqual({ code: 'method_not_allowed', message: expect.any(String) });
  });

  test('answers carry neither ETag nor X-Powered-By', async () => {
    const { url } = await startIngest();
    const reply = await post(url, '/v1/batch', batchOf(track()));
    expect(reply.headers).not.toHaveProperty('etag');
    expect(reply.headers).not.toHaveProperty('x-powered-by');
  });
});

describe('authentication', () => {
  test.each([
    ['the key as the user', basic(SHOP_KEY)],
    ['any password', `Basic ${Buffer.from('shop-key:secret').toString('base64')}`],
    ['the second key during rotation', basic('shop-key-next')],
    ['the scheme in any case', basic(SHOP_KEY).replace('Basic', 'bAsIc')],
  ])('takes %s', async (_name, header) => {
    const { url, log } = await startIngest();
    const reply = await post(url, '/v1/batch', batchOf(track()), { Authorization: header });
    expect(reply.status).toBe(200);
    expect(log.records[0]?.headers.source).toBe('shop');
  });

  test.each([
    ['an unknown key', basic('nobody')],
    ['an empty key', basic('')],
    ['a key without the colon', `Basic ${Buffer.from(SHOP_KEY).toString('base64')}`],
    ['a bearer token', `Bearer ${SHOP_KEY}`],
    ['something else', 'Basic !!!'],
    ['nothing', ''],
  ])('refuses %s with 401', async (_name, header) => {
    const { url, log } = await startIngest();
    const reply = await post(url, '/v1/batch', batchOf(track()), { Authorization: header });
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toMatch(/^Basic /);
    expect(reply.body).toEqual({ code: 'unauthorized', message: expect.any(String) });
    expect(log.records).toEqual([]);
  });

  test('refuses credentials that were let in once their key is gone', async () => {
    const { url, server } = await startIngest();
    const status = async () => (await post(url, '/v1/batch', batchOf(track()))).status;
    expect([await status(), await status()]).toEqual([200, 200]);
    server.useSources(SOURCES.filter(({ id }) => id !== 'shop'));
    expect(await status()).toBe(401);
    server.useSources(SOURCES.map((source) => ({ ...source, enabled: false })));
    expect(await status()).toBe(404);
    server.useSources(SOURCES);
    expect(await status()).toBe(200);
  });

  test('takes any number of passwords', () => {
    const authenticate = createAuthenticate(SOURCES);
    for (let count = 0; count < 2_500; count += 1) {
      const header = `Basic ${Buffer.from(`app-key:${count}`).toString('base64')}`;
      expect(authenticate(header)).toMatchObject({ id: 'app' });
    }
  });

  test('does not take the key from the body', async () => {
    const { url } = await startIngest();
    const body = JSON.stringify({ writeKey: SHOP_KEY, batch: [track()] });
    expect((await post(url, '/v1/batch', body, { Authorization: '' })).status).toBe(401);
  });

  test('a disabled source is 404', async () => {
    const { url } = await startIngest();
    const reply = await post(url, '/v1/batch', batchOf(track()), { Authorization: basic('old-key') });
    expect(reply.status).toBe(404);
    expect(reply.body.code).toBe('source_disabled');
  });

  test('comes before the body: a broken one with a wrong key is 401', async () => {
    const { url } = await startIngest();
    expect((await post(url, '/v1/batch', '{', { Authorization: basic('nobody') })).status).toBe(401);
  });
});
