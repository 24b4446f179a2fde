/** Clients that are slow, broken, hostile or gone: they are turned away, leave nothing behind and hurt nobody else. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { basic, batchOf, metricOf, post, SHOP_KEY, startIngest, track } from '../unit/ingest/fixture.ts';

const SHORT = { headersTimeoutMs: 300, requestTimeoutMs: 600, connectionsCheckMs: 50 };
const AUTH = `Host: x\r\nAuthorization: ${basic(SHOP_KEY)}\r\n`;
const BATCH_HEAD = `POST /v1/batch HTTP/1.1\r\n${AUTH}`;

interface Raw {
  readonly socket: Socket;
  readonly received: () => string;
  readonly closed: Promise<unknown>;
}

async function open(port: number): Promise<Raw> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, received: () => text, closed };
}

describe('a slow client', () => {
  test.each([
    ['headers that trickle', 'POST /v1/batch HTTP/1.1\r\nX-A: '],
    ['a body that trickles', `${BATCH_HEAD}Content-Length: 100\r\n\r\n{`],
  ])('row 37: gets 408 and is cut off for %s, while others are served', async (_name, start) => {
    const { port, url, server, log } = await startIngest({ limits: SHORT });
    const { socket, received, closed } = await open(port);
    socket.write(start);
    const trickle = setInterval(() => socket.write(' '), 50);
    onTestFinished(() => clearInterval(trickle));
    expect((await post(url, '/v1/batch', batchOf(track()))).status).toBe(200);
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/);
    await expect.poll(() => server.state().pendingBytes).toBe(0);
    expect(log.records).toHaveLength(1);
  });

  test('row 37: that sends nothing at all is cut off', async () => {
    const { port } = await startIngest({ limits: SHORT });
    await (await open(port)).closed;
  });

  test('row 37: cannot take the connections of all: those over the limit are closed at once', async () => {
    const { port } = await startIngest({ limits: { maxConnections: 3 } });
    const held = [await open(port), await open(port), await open(port)];
    await (await open(port)).closed;
    held[0]?.socket.destroy();
    await expect
      .poll(async () => {
        const { socket, received } = await open(port);
        socket.write('GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        await Promise.race([once(socket, 'close'), once(socket, 'data')]);
        return received();
      })
      .toContain('200 OK');
  });
});

describe('a client that goes away', () => {
  test.each([
    ['in the middle of its body', 'Content-Length: 1000'],
    ['in the middle of a chunk', 'Transfer-Encoding: chunked'],
  ])('row 38: %s leaves nothing behind', async (_name, framing) => {
    const { port, server, log, metrics } = await startIngest();
    const { socket } = await open(port);
    socket.write(`${BATCH_HEAD}${framing}\r\n\r\n${framing.endsWith('chunked') ? '40\r\n' : ''}{"batch":[`);
    await expect.poll(() => server.state().pendingBytes).toBe(10);
    socket.destroy();
    await expect.poll(() => server.state().pendingBytes).toBe(0);
    const aborted = () => metricOf(metrics, 'httpRequests', { route: '/v1/batch', code: 'aborted' });
    await expect.poll(aborted).toBe(1);
    expect([log.records, log.letters]).toEqual([[], []]);
  });

  test('row 38: while the log works still has its events counted', async () => {
    const { port, server, log, metrics } = await startIngest();
    const { promise, resolve } = Promise.withResolvers<void>();
    log.gate = () => promise;
    const { socket, closed } = await open(port);
    const body = batchOf(track());
    socket.write(`${BATCH_HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => server.state().pendingBytes).toBe(body.length);
    socket.destroy();
    await closed;
    resolve();
    await expect.poll(() => metricOf(metrics, 'ingestEvents', { outcome: 'accepted' })).toBe(1);
    expect(server.state().pendingBytes).toBe(0);
  });
});

describe('what is no HTTP', () => {
  test.each([
    ['a broken request line', 'nonsense\r\n\r\n', 400, 'invalid_http'],
    [
      'two lengths',
      `${BATCH_HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
      400,
      'invalid_http',
    ],
    ['a broken chunk', `${BATCH_HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400, 'invalid_http'],
    ['headers of 20 KB', `${BATCH_HEAD}X-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ])('is answered as JSON: %s', async (...[, bytes, status, code]) => {
    const { port, server } = await startIngest();
    const { socket, received, closed } = await open(port);
    socket.write(bytes);
    await closed;
    expect(received()).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*"code":"${code}"`));
    expect(server.state().pendingBytes).toBe(0);
  });
});

describe('a refusal reaches a client that is still uploading', () => {
  const upload = (port: number, path: string, headers: Record<string, string>, bytes: number) => {
    const req = request({ port, host: '127.0.0.1', path, method: 'POST', headers });
    const answer = new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      req.on('error', reject).on('response', async (res) => {
        let text = '';
        for await (const chunk of res) text += chunk;
        resolve({ status: res.statusCode, text });
      });
    });
    req.end(Buffer.alloc(bytes, ' '));
    return answer;
  };
  const good = { Authorization: basic(SHOP_KEY) };
  const chunked = { ...good, 'Transfer-Encoding': 'chunked' };

  test.each([
    ['401', '/v1/batch', {}, 4 << 20, 'unauthorized'],
    ['404', '/v1/nothing', good, 4 << 20, 'not_found'],
    ['413 by its length', '/v1/batch', good, 9 << 20, 'body_too_large'],
    ['413 by what came', '/v1/batch', chunked, 9 << 20, 'body_too_large'],
    ['415', '/v1/batch', { ...good, 'Content-Encoding': 'br' }, 4 << 20, 'unsupported_encoding'],
  ] as [string, string, Record<string, string>, number, string][])(
    '%s',
    async (...[status, path, headers, bytes, code]) => {
      const { port, server } = await startIngest();
      for (let i = 0; i < 5; i++) {
        const answer = await upload(port, path, headers, bytes);
        expect(answer.status).toBe(Number.parseInt(status, 10));
        expect(JSON.parse(answer.text).code).toBe(code);
      }
      expect(server.state().pendingBytes).toBe(0);
    },
  );

  test('but does not read an endless upload to its end', async () => {
    const { port } = await startIngest({ maxBodyBytes: 100_000, limits: { drainMs: 300 } });
    const { socket, received, closed } = await open(port);
    socket.write(`POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n`);
    const chunk = Buffer.alloc(64_000);
    const pump = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 401 /);
    expect(socket.bytesWritten).toBeLessThan(20_000_000);
  });

  test('and nothing follows it when the rest of the body is too slow', async () => {
    const { port } = await startIngest({ limits: SHORT });
    const { socket, received, closed } = await open(port);
    socket.write('POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 401 /);
    expect(received().match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test('nor waits for one that stopped', async () => {
    const { port } = await startIngest({ limits: { drainMs: 100 } });
    const { socket, received, closed } = await open(port);
    socket.write('POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 401 /);
  });

  test('before it starts, when it asks with Expect: 100-continue', async () => {
    const { port } = await startIngest();
    const { socket, received } = await open(port);
    socket.write('POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n');
    await expect.poll(received).toMatch(/^HTTP\/1\.1 401 [\s\S]*\r\nConnection: close\r\n/);
    const other = await open(port);
    const body = batchOf(track());
    other.socket.write(`${BATCH_HEAD}Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`);
    await expect.poll(other.received).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    other.socket.write(body);
    await expect.poll(other.received).toContain('"success":true');
  });
});

describe('a bomb', () => {
  test('row 40: of 100 MB in gzip is 413 and does not fill the memory', async () => {
    const { url, server } = await startIngest();
    const bomb = gzipSync(Buffer.alloc(100 << 20));
    const before = process.memoryUsage().rss;
    const replies = Array.from({ length: 8 }, () =>
      post(url, '/v1/batch', bomb, { 'Content-Encoding': 'gzip' }),
    );
    for (const reply of await Promise.all(replies)) {
      expect([413, 429]).toContain(reply.status);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(150 << 20);
    expect(server.state().pendingBytes).toBe(0);
  });
});
