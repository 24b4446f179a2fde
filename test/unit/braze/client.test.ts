import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type BrazeClient, type BrazeClientOptions, createBrazeClient } from '../../../src/braze/client.ts';
import { classify } from '../../../src/braze/replies.ts';
import { operation } from '../../support/operations.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that answers as told, and what it was asked. */
async function serve(answer: RequestListener): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    seen.push(req);
    req.resume().on('end', () => answer(req, res));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** A server below HTTP. */
async function listen(connected: (socket: Socket) => void): Promise<{ url: string }> {
  const server = createTcpServer((socket) => {
    cleanups.push(() => socket.destroy());
    connected(socket.on('error', () => undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function clientOf(restEndpoint: string, more: Partial<BrazeClientOptions> = {}): BrazeClient {
  const client = createBrazeClient({
    restEndpoint,
    readRestApiKey: () => 'secret-key',
    maxSockets: 4,
    ...more,
  });
  cleanups.push(() => client.close());
  return client;
}

const request = {
  endpoint: '/users/track',
  operations: ['a', 'b'].map((who) => operation('event', who)),
} as const;

describe('Braze client', () => {
  it('posts the text as it is, with the key in the header alone', async () => {
    const { url, seen } = await serve((_req, res) => res.writeHead(201).end('{"message":"success"}'));
    const reply = await clientOf(url).post('/users/track', '{"events":[]}');
    expect(reply).toMatchObject({ status: 201, text: '{"message":"success"}' });
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/users/track',
      headers: {
        authorization: 'Bearer secret-key',
        'content-type': 'application/json',
        'content-length': '13',
      },
    });
  });

  it('does not follow a redirect: the key goes to no other host', async () => {
    const other = await serve((_req, res) => res.end('{}'));
    const { url } = await serve((_req, res) =>
      res.writeHead(307, { location: `${other.url}/users/track` }).end(),
    );
    const reply = await clientOf(url).post('/users/track', '{}');
    expect(reply).toMatchObject({ status: 307 });
    expect(classify(request, reply)).toMatchObject({ kind: 'halt', code: 'wrong_host' });
    expect(other.seen).toEqual([]);
  });

  it.each([200, 400, 429, 503])('answers a %i once, as it is: nothing is retried here', async (status) => {
    const { url, seen } = await serve((_req, res) => res.writeHead(status, { 'retry-after': '0' }).end('{}'));
    expect(await clientOf(url).post('/users/track', '{}')).toMatchObject({ status, text: '{}' });
    expect(seen.length).toBe(1);
  });

  it.each([
    ['plain', Buffer.alloc(3_000_000, 'x'), {}],
    ['gzipped', gzipSync(Buffer.alloc(3_000_000, 'x')), { 'content-encoding': 'gzip' }],
  ])(
    'keeps the status of a reply whose %s body is too large, so that it is not sent again for ever',
    async (...[, body, headers]) => {
      const { url } = await serve((_req, res) => res.writeHead(201, headers).end(body));
      const reply = await clientOf(url).post('/users/track', '{}');
      expect(reply).toMatchObject({ status: 201 });
      expect('text' in reply && reply.text.length).toBeLessThanOrEqual(1024 * 1024);
      expect(classify(request, reply)).toMatchObject({ kind: 'final', doubt: expect.any(String) });
    },
  );

  it('takes the reply that comes before the request is out whole, and cuts off the rest', async () => {
    const { url } = await listen((socket) => {
      socket.once('data', () => {
        // Reads no further, so that what is left of the request cannot leave.
        socket.pause();
        socket.write('HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\n{}');
      });
    });
    const client = clientOf(url, { maxSockets: 1 });
    const body = JSON.stringify({ events: ['x'.repeat(12_000_000)] });
    for (let call = 0; call < 2; call += 1) {
      expect(await client.post('/users/track', body)).toMatchObject({ status: 413, text: '{}' });
    }
  });

  it('gives up a server that accepts and never answers', async () => {
    const { url } = await serve(() => undefined);
    expect(await clientOf(url, { timeoutMs: 100 }).post('/users/track', '{}')).toMatchObject({
      failure: 'ETIMEDOUT',
    });
  });

  it('gives up a server that never ends its answer', async () => {
    const { url } = await serve((_req, res) => {
      res.writeHead(200);
      const trickle = setInterval(() => res.write(' '), 10);
      res.on('close', () => clearInterval(trickle));
    });
    expect(await clientOf(url, { timeoutMs: 200 }).post('/users/track', '{}')).toMatchObject({
      failure: 'ETIMEDOUT',
    });
  });

  it('tells a connection that was cut as a failure', async () => {
    const { url } = await serve((req) => req.socket.destroy());
    expect(await clientOf(url).post('/users/track', '{}')).toMatchObject({ failure: 'ECONNRESET' });
  });

  it.each([
    [
      'cannot be read',
      () => {
        throw new Error('cannot read /run/key');
      },
    ],
    ['has a line break within', () => 'one\ntwo'],
    ['has a letter that no header may hold', () => 'schlüssel→'],
  ])('a key that %s is a halt without the key in its message', async (_, readRestApiKey) => {
    const { url, seen } = await serve((_req, res) => res.end('{}'));
    const reply = await clientOf(url, { readRestApiKey }).post('/users/track', '{}');
    const verdict = classify(request, reply);
    expect(verdict).toMatchObject({ kind: 'halt', code: 'key_unreadable' });
    expect(JSON.stringify(verdict)).not.toMatch(/one|two|schl/);
    expect(seen).toEqual([]);
  });

  it('knows what was surely not sent: the connection never stood', async () => {
    const { url } = await serve((req) => req.socket.destroy());
    expect(await clientOf(url).post('/users/track', '{}')).not.toHaveProperty('isUnsent');
    const client = clientOf(url.replace('http:', 'https:'));
    const reply = await client.post('/users/track', '{}');
    expect(reply).toMatchObject({ failure: 'EPROTO', isUnsent: true });
    expect(classify(request, reply)).toMatchObject({ kind: 'halt', code: 'tls_refused' });
    expect(classify(request, { failure: 'ETIMEDOUT', message: '', isUnsent: true })).toMatchObject({
      kind: 'retry',
      fateUnknown: false,
    });
  });

  it('knows when the key has changed since the last call, and not while it cannot be read', async () => {
    const { url } = await serve((_req, res) => res.end('{}'));
    let key: string | undefined = 'old';
    const readRestApiKey = () => {
      if (key === undefined) throw new Error('cannot read /run/key');
      return key;
    };
    const client = clientOf(url, { readRestApiKey });
    await client.post('/users/track', '{}');
    expect(client.hasNewKey()).toBe(false);
    key = undefined;
    expect(client.hasNewKey()).toBe(false);
    await client.post('/users/track', '{}');
    key = 'old';
    expect(client.hasNewKey()).toBe(true);
    await client.post('/users/track', '{}');
    key = 'new';
    expect(client.hasNewKey()).toBe(true);
  });

  it('close ends what is under way and all that comes', async () => {
    const { url, seen } = await serve(() => undefined);
    const client = clientOf(url);
    const running = client.post('/users/track', '{}');
    await expect.poll(() => seen.length).toBe(1);
    client.close();
    expect(await running).toMatchObject({ failure: 'ABORTED' });
    expect(await client.post('/users/track', '{}')).toMatchObject({ failure: 'ABORTED' });
  });
});
