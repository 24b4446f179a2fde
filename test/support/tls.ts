/** TLS in front of a server, right and wrong, with certificates made by `openssl` for the test. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

export interface Certificates {
  /** Trusts all but the self-signed one. */
  readonly caFile: string;
  readonly good: ServerOptions;
  readonly expired: ServerOptions;
  readonly wrongHost: ServerOptions;
  readonly selfSigned: ServerOptions;
}

/** Written into `folder`, for 127.0.0.1. */
export function makeCertificates(folder: string): Certificates {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = (name: string) =>
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', name);
  newKey('ca.key');
  newKey('server.key');
  openssl('req', '-x509', '-new', '-key', 'ca.key', '-days', '2', '-subj', '/CN=test-ca', '-out', 'ca.crt');
  openssl('req', '-new', '-key', 'server.key', '-subj', '/CN=localhost', '-out', 'server.csr');
  const key = readFileSync(join(folder, 'server.key'));
  const issue = (name: string, subject: string, days: string): ServerOptions => {
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${subject}\n`);
    const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    const file = `${name}.crt`;
    openssl(
      'x509',
      '-req',
      '-in',
      'server.csr',
      ...signer,
      '-days',
      days,
      '-extfile',
      `${name}.ext`,
      '-out',
      file,
    );
    return { key, cert: readFileSync(join(folder, file)) };
  };
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    'server.key',
    '-days',
    '2',
    '-subj',
    '/CN=127.0.0.1',
    '-out',
    'self.crt',
  );
  return {
    caFile: join(folder, 'ca.crt'),
    good: issue('good', 'IP:127.0.0.1', '2'),
    // A day that is over before it begins.
    expired: issue('expired', 'IP:127.0.0.1', '-1'),
    wrongHost: issue('wrong-host', 'DNS:elsewhere.example', '2'),
    selfSigned: { key, cert: readFileSync(join(folder, 'self.crt')) },
  };
}

export interface TlsFront {
  /** Origin without a trailing slash. */
  readonly url: string;
  /** Connections that came so far. */
  readonly connections: number;
  /** Speaks TLS like this from now on, and cuts what is open; undefined: accepts and says nothing. */
  use(options: ServerOptions | undefined): void;
  close(): Promise<void>;
}

/** @param target origin of the server behind it, as it is asked */
export async function startTlsFront(target: () => string): Promise<TlsFront> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let tls: Server | undefined;
  const front = createServer((socket) => {
    connections += 1;
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    tls?.emit('connection', socket);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `https://127.0.0.1:${(front.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    use(options) {
      tls = options && createForwarder(options, target);
      cut();
    },
    async close() {
      cut();
      front.close();
      await once(front, 'close');
    },
  };
}

function createForwarder(options: ServerOptions, target: () => string): Server {
  const server = createHttps(options, (req, res) => {
    const { method = 'POST', url = '/', headers } = req;
    const onward = request(target() + url, { method, headers }, (reply) => {
      res.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });
  server.on('tlsClientError', () => undefined);
  return server as unknown as Server;
}
