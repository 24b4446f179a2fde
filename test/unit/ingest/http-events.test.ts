import { describe, expect, test } from 'vitest';
import { basic, batchOf, metricOf, NOW, nested, post, startIngest, texts, track } from './fixture.ts';

describe('events', () => {
  test('keeps the good ones of a mixed batch and reports the bad ones, which become dead letters', async () => {
    const { url, log, metrics, lines } = await startIngest();
    const big = track({ properties: { x: 'x'.repeat(1_000_000) } });
    const deep = `{"type":"track","userId":"u1","event":"x","properties":${nested(200)}}`;
    const elements = [track(), 'text', { userId: 'u1' }, { type: 'track' }, big].map((each) =>
      JSON.stringify(each),
    );
    const reply = await post(url, '/v1/batch', `{"batch":[${[...elements, deep, elements[0]].join(' , ')}]}`);
    expect(reply.status).toBe(200);
    expect(reply.body.accepted).toBe(2);
    const rejected = [
      [1, 'not_an_object'],
      [2, 'missing_type'],
      [3, 'missing_identity'],
      [4, 'event_too_large'],
      [5, 'too_deep'],
    ];
    expect(reply.body.rejected).toEqual(
      rejected.map(([index, code]) => ({ index, code, message: expect.any(String) })),
    );
    expect(log.letters.map(({ outcome }) => outcome.code)).toEqual(rejected.map(([, code]) => code));
    expect(log.letters[3]?.outcome.kind).toBe('oversized');
    expect(log.letters.map(({ record }) => Buffer.from(record.value).toString())).toEqual([
      ...elements.slice(1),
      deep,
    ]);
    expect(log.letters[0]).toMatchObject({
      id: expect.stringMatching(/^ingest\/id-\d+$/),
      destination: null,
      position: null,
      at: NOW,
      undelivered: null,
      record: { headers: { source: 'shop' } },
    });
    const shop = { source: 'shop', channel: 'http' };
    expect(await metricOf(metrics, 'ingestEvents', { ...shop, outcome: 'accepted' })).toBe(2);
    expect(await metricOf(metrics, 'ingestEvents', { ...shop, outcome: 'rejected' })).toBe(5);
    expect(await metricOf(metrics, 'ingestRejections', { source: 'shop', reason: 'too_deep' })).toBe(1);
    expect(lines).toHaveLength(5);
    expect(JSON.stringify(lines)).not.toContain('u1');
  });

  test('is 200 even when all are bad: a 4xx would crash the sender', async () => {
    const { url, log } = await startIngest();
    const reply = await post(url, '/v1/batch', '{"batch":[null,42]}');
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ success: true, accepted: 0, rejected: [{ index: 0 }, { index: 1 }] });
    expect(log.letters).toHaveLength(2);
  });

  test.each([
    ['/v1/track', '{}', 400, 'missing_identity', 'userId'],
    ['/v1/track', '[]', 400, 'not_an_object', 'object'],
    ['/v1/identify', `{"userId":"u","traits":${nested(200)}}`, 400, 'too_deep', '200'],
    ['/v1/identify', `{"userId":"${'u'.repeat(1_000_000)}"}`, 413, 'event_too_large', '1000000'],
  ])(
    'a bad single call is the answer to %s and nothing is kept',
    async (...[path, body, status, code, named]) => {
      const { url, log, metrics } = await startIngest();
      const reply = await post(url, path, body);
      expect([reply.status, reply.body.code]).toEqual([status, code]);
      expect(reply.body.message).toContain(named);
      expect([log.records, log.letters]).toEqual([[], []]);
      expect(await metricOf(metrics, 'ingestEvents', { source: 'shop', outcome: 'rejected' })).toBe(1);
    },
  );

  test("keeps the sender's own text of each event to the byte", async () => {
    const { url, log } = await startIngest();
    const odd =
      '{ "type":"track","userId" : "\\u00fc\\ud800" ,"n":1e400,"big":12345678901234567890,"__proto__":{"a":1},"n":1.0 }';
    await post(url, '/v1/batch', `{"batch":[\n${odd}\t,${odd}]}`);
    expect(texts(log)).toEqual([odd, odd]);
    await post(url, '/v1/track', ` ${odd}\n`);
    expect(texts(log)[2]).toBe(odd);
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  test('takes the batch that JSON.parse takes when the key comes twice', async () => {
    const { url, log } = await startIngest();
    const [first, second] = [track({ event: 'first' }), track({ event: 'second' })].map((e) =>
      JSON.stringify(e),
    );
    await post(url, '/v1/batch', `{"batch":[${first}],"b\\u0061tch":[${second}]}`);
    await post(url, '/v1/batch', `{"batch":[${first}],"batch":[${second}]}`);
    expect(texts(log)).toEqual([second, second]);
  });

  test('travels with what ingest knows in headers, shared among the events of a request', async () => {
    const { url, log } = await startIngest();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const body = JSON.stringify({
      batch: [track({ messageId: ' m1 ' }), track({ messageId: 'm2' }), track({ messageId: '' })],
      context: { library: { name: 'x' } },
      integrations: { All: false },
      sentAt: '2026-03-01T11:59:59Z',
      writeKey: 'w',
      sequence: 1,
      messageId: 'envelope',
      timestamp: '2020-01-01T00:00:00Z',
    });
    await post(url, '/v1/batch', body, { traceparent });
    const headers = {
      source: 'shop',
      receivedAt: '2026-03-01T12:00:00.000Z',
      sentAt: '2026-03-01T11:59:59Z',
      envelope: '{"context":{"library":{"name":"x"}},"integrations":{"All":false}}',
      traceparent,
    };
    expect(log.records.map((record) => record.headers)).toEqual([
      headers,
      headers,
      { ...headers, messageId: 'id-1' },
    ]);
    expect(log.records[0]?.headers).toBe(log.records[1]?.headers);
    expect(log.records.map(({ guardId }) => guardId)).toEqual(['shop\0m1', 'shop\0m2', undefined]);
    expect(log.records.map(({ timestamp }) => timestamp)).toEqual([NOW, NOW, NOW]);
  });

  test.each([
    ['a context that is no object', { context: [] }],
    ['a sentAt that is no date', { sentAt: 'x'.repeat(100) }],
    ['null members', { context: null, integrations: null, sentAt: null }],
  ])('leaves %s out of the headers', async (_name, envelope) => {
    const { url, log } = await startIngest();
    await post(url, '/v1/batch', JSON.stringify({ batch: [track({ messageId: 'm' })], ...envelope }));
    expect(log.records[0]?.headers).toEqual({ source: 'shop', receivedAt: '2026-03-01T12:00:00.000Z' });
  });

  test('sent again with another sentAt are duplicates, with other content they are accepted, counted and told', async () => {
    const { url, log, metrics, lines } = await startIngest();
    const as = (more: object) => batchOf(track({ messageId: 'm1', ...more }));
    await post(url, '/v1/batch', as({ sentAt: '2026-03-01T11:59:59Z' }));
    const later = await post(url, '/v1/batch', as({ sentAt: '2026-03-01T12:00:09Z' }));
    expect(later.body).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(lines).toEqual([]);
    const other = await post(url, '/v1/batch', as({ properties: { secret: 'canary' } }));
    expect(other.body).toEqual({ success: true, accepted: 1, rejected: [] });
    expect(log.records).toHaveLength(2);
    expect(await metricOf(metrics, 'ingestConflicts', { source: 'shop' })).toBe(1);
    expect(await metricOf(metrics, 'ingestEvents', { outcome: 'accepted' })).toBe(2);
    expect(lines).toMatchObject([{ level: 'warn', fields: { code: 'message_id_reused', source: 'shop' } }]);
    expect(JSON.stringify(lines)).not.toMatch(/canary|m1/);
  });

  test('that were rejected are not remembered: mended, they may come again', async () => {
    const { url, log } = await startIngest();
    const bad = { ...track({ messageId: 'm1' }), userId: '', anonymousId: '' };
    expect((await post(url, '/v1/batch', batchOf(bad))).body).toMatchObject({ accepted: 0 });
    expect((await post(url, '/v1/batch', batchOf(track({ messageId: 'm1' })))).body.accepted).toBe(1);
    expect(log.records).toHaveLength(1);
  });

  test('sent again by the same source are duplicates, by another one they are not', async () => {
    const { url, log, metrics } = await startIngest();
    const body = batchOf(track({ messageId: 'm1' }), track({ messageId: 'm2' }));
    await post(url, '/v1/batch', body);
    const again = await post(url, '/v1/batch', body);
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ success: true, accepted: 0, rejected: [], duplicates: 2 });
    expect((await post(url, '/v1/batch', body, { Authorization: basic('app-key') })).body.accepted).toBe(2);
    expect(log.records).toHaveLength(4);
    const mixed = await post(
      url,
      '/v1/batch',
      batchOf(track({ messageId: 'm1' }), track({ messageId: 'm3' })),
    );
    expect(mixed.body).toEqual({ success: true, accepted: 1, rejected: [], duplicates: 1 });
    expect(await metricOf(metrics, 'ingestEvents', { source: 'shop', outcome: 'accepted' })).toBe(3);
    expect(await metricOf(metrics, 'ingestEvents', { source: 'shop', outcome: 'duplicate' })).toBe(3);
  });
});
