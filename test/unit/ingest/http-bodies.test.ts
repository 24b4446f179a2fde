import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { batchOf, flipped, nested, noise, post, startIngest, texts, track } from './fixture.ts';

describe('bodies', () => {
  const good = batchOf(track());
  const gzipped = gzipSync(good);

  test.each([
    [
      'gzip labelled as a form',
      gzipped,
      { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Encoding': 'gzip' },
    ],
    ['gzip under its old name', gzipped, { 'Content-Encoding': 'X-GZIP' }],
    [
      'gzip in two members',
      Buffer.concat([gzipSync('{"batch":['), gzipSync(`${JSON.stringify(track())}]}`)]),
      { 'Content-Encoding': 'gzip' },
    ],
    ['identity', good, { 'Content-Encoding': 'identity' }],
    ['a charset that is not UTF-8', good, { 'Content-Type': 'application/json; charset=latin1' }],
    ['an unknown media type', good, { 'Content-Type': 'image/png' }],
    ['a byte order mark', `\ufeff${good}`, {}],
    ['white space around it', `\r\n\t ${good} \n`, {}],
    ['an object as the batch', JSON.stringify({ batch: track() }), {}],
    [
      'a gzip body that is inflated in steps',
      gzipSync(batchOf(track({ properties: noise(400_000) }))),
      { 'Content-Encoding': 'gzip' },
    ],
  ] as [string, string | Buffer, Record<string, string>][])('takes %s', async (_name, body, headers) => {
    const { url, log } = await startIngest();
    const reply = await post(url, '/v1/batch', body, headers);
    expect(reply.body).toEqual({ success: true, accepted: 1, rejected: [] });
    expect(JSON.parse(texts(log)[0] as string)).toMatchObject(track());
  });

  const gzip = { 'Content-Encoding': 'gzip' };
  test.each([
    ['gzip that is not', good, gzip, 400, 'invalid_gzip'],
    ['gzip that is cut off', gzipped.subarray(0, -4), gzip, 400, 'invalid_gzip'],
    ['gzip with junk behind it', Buffer.concat([gzipped, Buffer.from('junk')]), gzip, 400, 'invalid_gzip'],
    ['gzip with zeros behind it', Buffer.concat([gzipped, Buffer.alloc(9)]), gzip, 400, 'invalid_gzip'],
    ['gzip with a flipped bit', flipped(gzipped), gzip, 400, 'invalid_gzip'],
    ['an empty body as gzip', '', gzip, 400, 'invalid_gzip'],
    ['brotli', brotliCompressSync(good), { 'Content-Encoding': 'br' }, 415, 'unsupported_encoding'],
    ['gzip in gzip', gzipSync(gzipped), { 'Content-Encoding': 'gzip, gzip' }, 415, 'unsupported_encoding'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), {}, 400, 'invalid_encoding'],
    ['UTF-16', Buffer.from(good, 'utf16le'), {}, 400, 'invalid_json'],
    ['broken JSON', '{"batch":[', {}, 400, 'invalid_json'],
    ['an empty body', '', {}, 400, 'invalid_json'],
    ['an array', `[${JSON.stringify(track())}]`, {}, 400, 'not_an_object'],
    ['a scalar', '42', {}, 400, 'not_an_object'],
    ['no batch', '{}', {}, 400, 'missing_batch'],
    ['null as the batch', '{"batch":null}', {}, 400, 'missing_batch'],
    ['text as the batch', '{"batch":"x"}', {}, 400, 'invalid_batch'],
    ['an empty batch', '{"batch":[]}', {}, 400, 'empty_batch'],
    ['a batch hidden in a prototype key', '{"__proto__":{"batch":[{}]}}', {}, 400, 'missing_batch'],
    ['1,001 levels', `{"batch":[${nested(999)}]}`, {}, 400, 'too_deep'],
    ['a million levels', `{"batch":[${nested(1_000_000)}]}`, {}, 400, 'too_deep'],
    ['a million open brackets', '['.repeat(1_000_000), {}, 400, 'too_deep'],
    ['5,001 events', `{"batch":[${Array(5_001).fill('{}').join()}]}`, {}, 413, 'too_many_events'],
    [
      '5,001 events under a name in doubt',
      `{"b\\u0061tch":[${Array(5_001).fill('{}').join()}]}`,
      {},
      413,
      'too_many_events',
    ],
    [
      'an envelope of 40 KB',
      JSON.stringify({ batch: [track()], context: { x: 'x'.repeat(40_000) } }),
      {},
      413,
      'envelope_too_large',
    ],
  ] as [string, string | Buffer, Record<string, string>, number, string][])(
    'refuses %s and keeps nothing',
    async (...[, body, headers, status, code]) => {
      const { url, log, server } = await startIngest();
      const reply = await post(url, '/v1/batch', body, headers);
      expect([reply.status, reply.body]).toEqual([status, { code, message: expect.any(String) }]);
      expect([log.records, log.letters]).toEqual([[], []]);
      expect(server.state().pendingBytes).toBe(0);
    },
  );

  test('says where JSON breaks without quoting it', async () => {
    const { url } = await startIngest();
    const reply = await post(url, '/v1/batch', '{"batch":[{"email":jane@example.com}]}');
    expect(reply.body.message).toContain('position 19');
    expect(reply.body.message).not.toContain('jane');
  });

  test.each(['announced', 'only seen when inflated'])('is 413 over the cap, %s', async (how) => {
    const { url, log } = await startIngest({ maxBodyBytes: 10_000 });
    const body = batchOf(track({ properties: { x: 'x'.repeat(10_000) } }));
    const reply =
      how === 'announced'
        ? await post(url, '/v1/batch', body)
        : await post(url, '/v1/batch', gzipSync(body), { 'Content-Encoding': 'gzip' });
    expect([reply.status, reply.body.code]).toEqual([413, 'body_too_large']);
    expect(log.records).toEqual([]);
  });

  test('takes 5,000 events and 4 MB', async () => {
    const { url, log } = await startIngest();
    const events = Array.from({ length: 5_000 }, (_, i) =>
      track({ messageId: `m${i}`, properties: noise(400) }),
    );
    const reply = await post(url, '/v1/batch', batchOf(...events));
    expect(reply.body.accepted).toBe(5_000);
    expect(texts(log)).toEqual(events.map((event) => JSON.stringify(event)));
  });
});
