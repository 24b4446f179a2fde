/** A connection that comes back: nothing of what the last one left half received is taken for an answer. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { patchConnect } from '../../../../src/log/kafka/connection-patch.ts';
import { Connection, type RawConnection } from '../../../../src/log/kafka/internals.ts';

const requireKafkajs = createRequire(import.meta.url);

interface Sender extends RawConnection {
  send(protocol: unknown): Promise<{ apiVersions: { apiKey: number }[] }>;
  disconnect(): Promise<unknown>;
}

const { requests } = requireKafkajs('kafkajs/src/protocol/requests') as {
  requests: { ApiVersions: { protocol(of: { version: number }): () => unknown } };
};

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** The answer to ApiVersions 0: no error, one API. */
function answerTo(request: Buffer): Buffer {
  const body = Buffer.alloc(16);
  body.writeInt32BE(request.readInt32BE(8), 0);
  body.writeInt32BE(1, 6);
  body.writeInt16BE(18, 10);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

async function connectTo(
  answer: (socket: Socket, request: Buffer, attempt: number) => void,
): Promise<Sender> {
  let attempt = 0;
  server = createServer((socket) => {
    attempt += 1;
    const mine = attempt;
    socket.on('error', () => undefined);
    socket.on('data', (request) => answer(socket, request, mine));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const log = () => undefined;
  const logger = { debug: log, info: log, warn: log, error: log, namespace: () => logger };
  const Made = Connection as unknown as new (options: object) => Sender;
  const newSocketFactory = requireKafkajs('kafkajs/src/network/socketFactory') as () => unknown;
  const { port } = server.address() as AddressInfo;
  return new Made({
    host: '127.0.0.1',
    port,
    logger,
    socketFactory: newSocketFactory(),
    requestTimeout: 2_000,
    connectionTimeout: 2_000,
  });
}

test('a response that broke off in the middle spoils nothing of the next connection', async () => {
  patchConnect();
  const connection = await connectTo((socket, request, attempt) => {
    const answer = answerTo(request);
    if (attempt === 1) socket.end(answer.subarray(0, 11));
    else socket.write(answer);
  });
  const ask = requests.ApiVersions.protocol({ version: 0 });
  await connection.connect();
  await expect(connection.send(ask())).rejects.toThrow('Closed connection');
  await connection.connect();
  await expect(connection.send(ask())).resolves.toMatchObject({ apiVersions: [{ apiKey: 18 }] });
  await connection.disconnect();
});

test('who asks for a connection while it is being made waits for that one, and makes none of its own', async () => {
  patchConnect();
  let sockets = 0;
  const connection = await connectTo((socket, request) => socket.write(answerTo(request)));
  server?.on('connection', () => {
    sockets += 1;
  });
  await Promise.all(Array.from({ length: 5 }, () => connection.connect()));
  const ask = requests.ApiVersions.protocol({ version: 0 });
  await expect(connection.send(ask())).resolves.toMatchObject({ apiVersions: [{ apiKey: 18 }] });
  expect(sockets).toBe(1);
  await connection.disconnect();
});

test('a connection that could not be made is tried anew by who asks next', async () => {
  patchConnect();
  const connection = await connectTo((socket, request) => socket.write(answerTo(request)));
  const { port } = (server as Server).address() as AddressInfo;
  await new Promise((resolve) => server?.close(resolve));
  const refused = await Promise.allSettled([connection.connect(), connection.connect()]);
  expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  server?.listen(port, '127.0.0.1');
  await once(server as Server, 'listening');
  await connection.connect();
  expect(connection.isConnected()).toBe(true);
  await connection.disconnect();
});

test('who waited for a connection that could not be made may all let go of it: nothing gathers on its socket', async () => {
  patchConnect();
  const connection = await connectTo((socket) => socket.destroy());
  await new Promise((resolve) => server?.close(resolve));
  const tries = Array.from({ length: 12 }, () => connection.connect().catch(() => connection.disconnect()));
  await Promise.all(tries);
  // The one of the attempt, and one that waits to end it.
  expect(connection.socket?.listenerCount('connect')).toBeLessThanOrEqual(2);
});
