import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { postTo } from '../../../src/alerts/webhook.ts';
import { readSecretFile } from '../../../src/config/secret-file.ts';
import { startReceiver, webhook } from './support.ts';

const BODY = JSON.stringify({ hello: 'wörld' });

let receiver: Awaited<ReturnType<typeof startReceiver>>;
const stop = new AbortController();
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const post = (more: Parameters<typeof webhook>[1] = {}, path = '/hook') =>
  postTo(webhook(receiver.url + path, more), BODY, stop.signal);

describe('a message', () => {
  it('is posted as JSON, as it is, to the path and query of the address', async () => {
    expect(await post({}, '/services/T0/B0?key=x')).toEqual({ ok: true, status: 200 });
    expect(receiver.received).toMatchObject([
      { url: '/services/T0/B0?key=x', text: BODY, headers: { 'content-type': 'application/json' } },
    ]);
  });

  it('is signed over its bytes, and carries the header, when they are configured', async () => {
    await post({ readSigningKey: () => 'the key', readAuthorization: () => 'Bearer token' });
    const [{ headers, text } = { headers: {}, text: '' }] = receiver.received;
    const expected = createHmac('sha256', 'the key').update(Buffer.from(text)).digest('hex');
    expect(headers).toMatchObject({
      'x-brazier-signature': `sha256=${expected}`,
      authorization: 'Bearer token',
    });
  });

  it('has neither when they are not', async () => {
    await post();
    expect(Object.keys(receiver.received[0]?.headers ?? {})).not.toEqual(
      expect.arrayContaining(['authorization', 'x-brazier-signature']),
    );
  });

  it('goes to what the file says by then', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'brazier-test-'));
    const file = join(folder, 'url');
    const read = () => readSecretFile(file);
    expect(await post({ readUrl: read })).toEqual({ ok: false, reason: 'file_unreadable', isUnsure: false });
    writeFileSync(file, `${receiver.url}/from-file\n`);
    expect(await post({ readUrl: read })).toMatchObject({ ok: true });
    expect(receiver.received).toMatchObject([{ url: '/from-file' }]);
    rmSync(folder, { recursive: true });
  });
});

describe('an answer', () => {
  it.each([
    [400, false],
    [404, false],
    [302, false],
    [500, true],
    [503, true],
  ])('%i is a failure; that it may have arrived: %s', async (status, isUnsure) => {
    receiver.answer(() => ({ status, headers: { location: `${receiver.url}/elsewhere` } }));
    expect(await post()).toEqual({ ok: false, reason: `http_${status}`, isUnsure });
    expect(receiver.received).toHaveLength(1);
  });

  it.each([
    ['30', 30_000],
    ['86400', 3_600_000],
    ['soon', undefined],
    ['-1', undefined],
  ])('429 with Retry-After %s asks for a pause of %s ms', async (retryAfter, retryAfterMs) => {
    receiver.answer(() => ({ status: 429, headers: { 'retry-after': retryAfter } }));
    const posted = await post();
    expect(posted).toMatchObject({ ok: false, reason: 'http_429', isUnsure: false });
    expect('retryAfterMs' in posted ? posted.retryAfterMs : undefined).toBe(retryAfterMs);
  });

  it('that never ends is cut, and its status counts', async () => {
    const server = createServer((_req, res) => {
      res.writeHead(200);
      const more = () => {
        while (!res.destroyed && res.write('x'.repeat(65_536)));
      };
      res.on('drain', more);
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const posted = await postTo(webhook(`http://127.0.0.1:${port}`), BODY, stop.signal);
    expect(posted).toEqual({ ok: true, status: 200 });
    server.closeAllConnections();
    server.close();
  });
});

describe('no answer', () => {
  it('of a port where nobody listens is surely not taken', async () => {
    await receiver.close();
    expect(await post()).toEqual({ ok: false, reason: 'econnrefused', isUnsure: false });
  });

  it('of a connection that is cut may be taken', async () => {
    const server = createServer((req) => req.socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const posted = await postTo(webhook(`http://127.0.0.1:${port}`), BODY, stop.signal);
    expect(posted).toEqual({ ok: false, reason: 'econnreset', isUnsure: true });
    server.close();
  });

  it('before the stop ends at once, and may be taken', async () => {
    const stopping = new AbortController();
    receiver.answer(() => {
      stopping.abort();
      return null;
    });
    const posted = await postTo(webhook(receiver.url), BODY, stopping.signal);
    expect(posted).toEqual({ ok: false, reason: 'err_aborted', isUnsure: true });
  });

  it('of what is no address is none', async () => {
    expect(await post({ readUrl: () => 'not an address' })).toMatchObject({ ok: false, isUnsure: false });
    const posted = await post({ readAuthorization: () => 'a\nb' });
    expect(posted).toMatchObject({ ok: false, isUnsure: false });
  });
});
