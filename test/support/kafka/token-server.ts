/** A token endpoint for SASL OAUTHBEARER: client credentials in, tokens without a signature out, as Kafka's tests take them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenServer {
  readonly url: string;
  /** What was asked so far. */
  readonly requests: readonly { readonly authorization: string; readonly body: string }[];
  /** The next answers have this status and no token; 200: tokens again. */
  answer(status: number): void;
  close(): Promise<void>;
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** @param lifeSeconds of each token */
export async function startTokenServer(lifeSeconds: number): Promise<TokenServer> {
  const requests: { authorization: string; body: string }[] = [];
  let status = 200;
  const server = createServer(async (request, reply) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ authorization: request.headers.authorization ?? '', body });
    const now = Math.floor(Date.now() / 1000);
    const claims = { sub: 'service', iat: now, exp: now + lifeSeconds };
    const token = { access_token: `${encode({ alg: 'none' })}.${encode(claims)}.`, expires_in: lifeSeconds };
    reply.writeHead(status, { 'content-type': 'application/json' });
    reply.end(JSON.stringify(status === 200 ? token : { error: 'invalid_client' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    requests,
    answer(next) {
      status = next;
    },
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
