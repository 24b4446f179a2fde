/** Calls a sandbox as a client of Braze would, for tests of single endpoints. */
import type { Sandbox, SandboxOptions } from '../../src/sandbox/server.ts';
import { startSandbox } from './sandbox.ts';

export interface BrazeReply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed; tests compare it whole. */
  readonly body: Record<string, unknown>;
}

export interface BrazeCalls {
  readonly sandbox: Sandbox;
  /** Route as `POST /users/track`; text goes out as it is, anything else as JSON. */
  call(route: string, body?: unknown, headers?: Record<string, string>): Promise<BrazeReply>;
  close(): Promise<void>;
}

/** With any key that is not empty. */
export async function startBrazeCalls(options: SandboxOptions = {}): Promise<BrazeCalls> {
  const { url, sandbox, close } = await startSandbox(options);
  return {
    sandbox,
    async call(route, body, headers = {}) {
      const [method = '', path = ''] = route.split(' ');
      const reply = await fetch(url + path, {
        method,
        headers: { authorization: 'Bearer k', 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await reply.text();
      return { status: reply.status, headers: reply.headers, body: JSON.parse(text) };
    },
    close,
  };
}
