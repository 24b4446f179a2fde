import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { LogError, type LogErrorCode } from '../../../src/log/log.ts';
import { basic, batchOf, metricOf, post, startIngest, track } from './fixture.ts';

describe('the log', () => {
  test('has the events before the 200 goes out', async () => {
    const { url, log } = await startIngest();
    const { promise, resolve } = Promise.withResolvers<void>();
    log.gate = () => promise;
    let isAnswered = false;
    const reply = post(url, '/v1/batch', batchOf(track())).then((answer) => {
      isAnswered = true;
      return answer;
    });
    await expect.poll(() => log.gate).toBeDefined();
    await request(url).get('/health');
    expect(isAnswered).toBe(false);
    resolve();
    expect((await reply).status).toBe(200);
  });

  test.each([
    ['log_full', 429, 'log_full', undefined],
    ['disk_full', 503, 'disk_full', 'close'],
    ['log_failing', 503, 'log_failing', 'close'],
    ['log_unavailable', 503, 'log_unavailable', 'close'],
    ['log_closing', 503, 'log_closing', 'close'],
    ['log_unusable', 503, 'log_failing', 'close'],
  ] as const)('%s is %i with Retry-After', async (logCode, status, code, connection) => {
    const { url, log, server, metrics } = await startIngest();
    log.gate = () => {
      throw new LogError(logCode as LogErrorCode, 'SQLITE_SECRET /path/of/data');
    };
    const reply = await post(url, '/v1/batch', batchOf(track()));
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(2);
    expect(reply.headers['retry-after']).toMatch(/^\d+$/);
    if (connection) expect(reply.headers.connection).toBe(connection);
    expect(reply.text).not.toContain('SQLITE');
    expect(server.state().pendingBytes).toBe(0);
    expect(await metricOf(metrics, 'ingestEvents', { source: 'shop' })).toBe(0);
  });

  test('that brokers keep is waited for longer than a slow disk', async () => {
    const { url, log, lines } = await startIngest();
    log.gate = () => {
      throw new LogError('log_unavailable', 'no answer from kafka-1:9092');
    };
    const reply = await post(url, '/v1/batch', batchOf(track()));
    expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(5);
    // The operator gets the reason, the sender does not.
    expect(reply.text).not.toContain('kafka-1');
    const fields = { code: 'log_unavailable', reason: 'no answer from kafka-1:9092' };
    expect(lines).toEqual([expect.objectContaining({ fields: expect.objectContaining(fields) })]);
  });

  test('that takes less than an event: 413 for a single call, in a batch that event alone, and a letter', async () => {
    const { url, log } = await startIngest({ maxValueBytes: 500 });
    const large = track({ messageId: 'm', properties: { x: 'x'.repeat(500) } });
    const single = await post(url, '/v1/track', JSON.stringify(large));
    expect([single.status, single.body]).toEqual([
      413,
      { code: 'event_too_large', message: 'the event is larger than 500 bytes' },
    ]);
    expect(log.letters).toEqual([]);
    const batch = await post(url, '/v1/batch', batchOf(track(), large, track()));
    expect([batch.status, batch.body]).toEqual([
      200,
      {
        success: true,
        accepted: 2,
        rejected: [expect.objectContaining({ index: 1, code: 'event_too_large' })],
      },
    ]);
    expect(log.records).toHaveLength(2);
    expect(log.letters).toHaveLength(1);
  });

  test('that takes more than ingest changes nothing', async () => {
    const { url } = await startIngest({ maxValueBytes: 2_000_000 });
    const large = track({ properties: { x: 'x'.repeat(1_000_000) } });
    const reply = await post(url, '/v1/track', JSON.stringify(large));
    expect([reply.status, reply.body.message]).toEqual([413, 'the event is larger than 1000000 bytes']);
  });

  test('that finds a record too large after all is 413, and no SDK sends it for ever', async () => {
    const { url, log } = await startIngest();
    log.gate = () => {
      throw new LogError('log_oversized', 'a message of 2 bytes');
    };
    const reply = await post(url, '/v1/batch', batchOf(track()));
    expect([reply.status, reply.body.code]).toEqual([413, 'log_oversized']);
    expect(reply.headers['retry-after']).toBeUndefined();
  });

  test('that breaks in an unknown way is 500 without internals', async () => {
    const { url, log, lines } = await startIngest();
    log.gate = () => {
      throw new TypeError('cannot read x of undefined');
    };
    const reply = await post(url, '/v1/batch', batchOf(track()));
    expect([reply.status, reply.body.code]).toEqual([500, 'internal_error']);
    expect(reply.text).not.toContain('undefined');
    expect(lines).toEqual([expect.objectContaining({ level: 'error' })]);
  });

  test('that is too slow is 429 in time; the events count when they are durable after all', async () => {
    const { url, log, server, metrics } = await startIngest({ limits: { appendTimeoutMs: 20 } });
    const { promise, resolve } = Promise.withResolvers<void>();
    log.gate = () => promise;
    const body = batchOf(track());
    const reply = await post(url, '/v1/batch', body);
    expect([reply.status, reply.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(2);
    expect(server.state().pendingBytes).toBe(body.length);
    expect(await metricOf(metrics, 'ingestEvents', { outcome: 'accepted' })).toBe(0);
    resolve();
    await expect.poll(() => server.state().pendingBytes).toBe(0);
    expect(await metricOf(metrics, 'ingestEvents', { outcome: 'accepted' })).toBe(1);
  });

  test.each(['identity', 'gzip'])('pushes back when too many %s bytes wait for it', async (encoding) => {
    const { url, log, server } = await startIngest({ limits: { maxPendingBytes: 1_500 } });
    const { promise, resolve } = Promise.withResolvers<void>();
    log.gate = () => promise;
    const text = batchOf(track({ properties: { x: 'x'.repeat(1_000) } }));
    const body = encoding === 'gzip' ? gzipSync(text) : text;
    const headers = { 'Content-Encoding': encoding };
    const first = post(url, '/v1/batch', body, headers).then((reply) => reply);
    await expect.poll(() => server.state().pendingBytes).toBe(text.length);
    const second = await post(url, '/v1/batch', body, headers);
    expect([second.status, second.body.code]).toEqual([429, 'rate_limited']);
    resolve();
    expect((await first).status).toBe(200);
    expect(server.state().pendingBytes).toBe(0);
    expect((await post(url, '/v1/batch', body, headers)).status).toBe(200);
  });
});

describe('what is told about requests', () => {
  test('counts them under the template of the route', async () => {
    const { url, metrics } = await startIngest();
    await post(url, '/v1/batch/', batchOf(track()));
    await post(url, '/v1/batch', '{');
    await post(url, '/v1/../secret?x=1', '{}');
    const count = (route: string, code: string) =>
      metricOf(metrics, 'httpRequests', { route, code, method: 'POST' });
    await expect.poll(() => count('other', '404')).toBe(1);
    expect(await count('/v1/batch', '200')).toBe(1);
    expect(await count('/v1/batch', '400')).toBe(1);
  });

  test('logs refusals by code, once a second each, without key, header or body', async () => {
    const { url, lines } = await startIngest();
    for (let i = 0; i < 3; i++)
      await post(url, '/v1/batch', '{"batch":[jane', { 'User-Agent': `a$\{jndi:x}` });
    await post(url, '/v1/batch', '{}', { Authorization: basic('stolen') });
    expect(lines.map(({ fields }) => fields.code)).toEqual(['invalid_json', 'unauthorized']);
    expect(JSON.stringify(lines)).not.toMatch(/jane|stolen|shop-key|jndi|Basic/);
  });
});
