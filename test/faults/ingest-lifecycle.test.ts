/** The ingest server's start and end, and a process that is out of file descriptors. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import request from 'supertest';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createIngestServer } from '../../src/ingest/server.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import {
  batchOf,
  createTestLog,
  post,
  SHOP_KEY,
  SOURCES,
  startIngest,
  track,
} from '../unit/ingest/fixture.ts';

function serverOn(host: string, port: number) {
  return createIngestServer({
    http: { host, port, maxBodyBytes: 1_000 },
    sources: SOURCES,
    log: createTestLog(),
    metrics: createMetrics({ version: '0' }, { processMetrics: false }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    now: () => 0,
    newId: () => 'id',
    random: () => 0,
  });
}

describe('starting', () => {
  test('on a port that is taken names the port and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(serverOn('127.0.0.1', port).listen()).rejects.toThrow(
      `cannot listen for events on 127.0.0.1:${port}: the port is taken by another process: stop that process, or set http.port to a free port`,
    );
  });

  test('on an address of another machine names the address', async () => {
    await expect(serverOn('192.0.2.1', 8080).listen()).rejects.toThrow(/192\.0\.2\.1:8080: .*http\.host/);
  });

  test('tells its phase', async () => {
    const server = serverOn('127.0.0.1', 0);
    expect(server.state().phase).toBe('idle');
    await server.listen();
    expect(server.state().phase).toBe('listening');
    server.setDraining();
    expect(server.state().phase).toBe('draining');
    await server.close(AbortSignal.timeout(1_000));
    expect(server.state().phase).toBe('closed');
  });
});

describe('draining', () => {
  test('refuses new requests with 503, and ends their connections', async () => {
    const { url, server, log } = await startIngest();
    server.setDraining();
    for (const reply of [await post(url, '/v1/batch', batchOf(track())), await request(url).get('/health')]) {
      expect([reply.status, reply.body.code]).toEqual([503, 'shutting_down']);
      expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(2);
      expect(reply.headers.connection).toBe('close');
    }
    expect(log.records).toEqual([]);
  });

  test('lets running requests finish before it is closed', async () => {
    const { url, server, log } = await startIngest();
    const { promise, resolve } = Promise.withResolvers<void>();
    log.gate = () => promise;
    const reply = post(url, '/v1/batch', batchOf(track())).then((answer) => answer);
    await expect.poll(() => server.state().pendingBytes).toBeGreaterThan(0);
    server.setDraining();
    let isClosed = false;
    const closed = server.close(AbortSignal.timeout(5_000)).then(() => {
      isClosed = true;
    });
    await expect(request(url).get('/health')).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    expect(isClosed).toBe(false);
    resolve();
    const answer = await reply;
    expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
    await closed;
  });

  test('closes idle connections, also those that never sent a byte', async () => {
    const { port, server } = await startIngest();
    const silent = connect(port, '127.0.0.1');
    const idle = connect(port, '127.0.0.1');
    idle.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    const ends = [silent, idle].map((socket) => once(socket, 'close'));
    await once(idle, 'data');
    await server.close(new AbortController().signal);
    await Promise.all(ends);
  });

  test('cuts what still runs when its time is over', async () => {
    const { url, server, log } = await startIngest();
    log.gate = () => new Promise(() => {});
    const reply = post(url, '/v1/batch', batchOf(track())).then(
      () => 'answered',
      () => 'cut',
    );
    await expect.poll(() => server.state().pendingBytes).toBeGreaterThan(0);
    await server.close(AbortSignal.timeout(50));
    expect(await reply).toBe('cut');
  });
});

describe('a process with 64 file descriptors', () => {
  test('row 51: survives more connections than it can hold, and serves again when they are gone', async () => {
    const program = `
      const { createIngestServer } = await import(${JSON.stringify(new URL('../../src/ingest/server.ts', import.meta.url).href)});
      const { createMetrics } = await import(${JSON.stringify(new URL('../../src/telemetry/metrics.ts', import.meta.url).href)});
      const server = createIngestServer({
        http: { host: '127.0.0.1', port: 0, maxBodyBytes: 1000 },
        sources: [{ id: 's', writeKeys: ['${SHOP_KEY}'], enabled: true, destinations: null }],
        log: { maxValueBytes: Infinity, append: async () => ({ duplicates: [] }) },
        metrics: createMetrics({ version: '0' }, { processMetrics: false }),
        logger: { debug() {}, info() {}, warn() {}, error() {} },
        now: Date.now, newId: () => 'id', random: () => 0,
      });
      console.log((await server.listen()).port);`;
    const child = spawn('bash', [
      '-c',
      'ulimit -n 64; exec "$0" --input-type=module -e "$1"',
      process.execPath,
      program,
    ]);
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = await once(child.stdout, 'data');
    const port = Number(line);
    const sockets: Socket[] = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => {});
    await Promise.all(
      sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])),
    );
    for (const socket of sockets) socket.destroy();
    const url = `http://127.0.0.1:${port}`;
    const status = async () => {
      try {
        return (await post(url, '/v1/batch', batchOf(track()))).status;
      } catch {
        return 0;
      }
    };
    await expect.poll(status, { timeout: 60_000 }).toBe(200);
    expect(child.exitCode).toBeNull();
  });
});
