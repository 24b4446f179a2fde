/** One HTTP call to Braze and what came back. Failures are values; nothing here retries or follows redirects. */
import http from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import got, { type Got } from 'got';
import type { Endpoint } from '../model/operation.ts';
import { ABORTED, exchange } from './exchange.ts';

/** Braze answers in well under a second; past this the request counts as lost (its fate is unknown). */
const REQUEST_TIMEOUT_MS = 30_000;

/** A connection that does not stand by then never will: the request is tried again sooner, and was surely not sent. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** No answer arrived. `code` is Node's or got's, e.g. `ECONNRESET`, `ETIMEDOUT`, `ENOTFOUND`. */
export interface NoAnswer {
  readonly failure: string;
  readonly message: string;
  /** The connection never stood: Braze has nothing of the request. */
  readonly isUnsent?: boolean;
}

export type Reply = Answer | NoAnswer;

export interface BrazeClient {
  /** Posts `body` (JSON). Never throws; after `close` every call ends with the failure `ABORTED`. */
  post(endpoint: Endpoint, body: Buffer | string): Promise<Reply>;
  /** The REST API key is another one now than for the last call. */
  hasNewKey(): boolean;
  /** Ends the calls that are under way and the idle sockets. */
  close(): void;
}

export interface BrazeClientOptions {
  /** Origin without a trailing slash. */
  readonly restEndpoint: string;
  /** Called for each request, so that a rotated key takes effect at once. */
  readonly readRestApiKey: () => string;
  /** Sockets at most: the concurrency cap. */
  readonly maxSockets: number;
  readonly timeoutMs?: number;
}

export function createBrazeClient(options: BrazeClientOptions): BrazeClient {
  const { restEndpoint, maxSockets } = options;
  const { Agent } = transportOf(restEndpoint);
  const agent = new Agent({ keepAlive: true, maxSockets });
  const { stream } = createInstance(options, agent);
  const running = new Set<() => void>();
  let closed = false;
  let lastKey: string | undefined;
  return {
    async post(endpoint, body) {
      if (closed) return ABORTED;
      lastKey = undefined;
      try {
        lastKey = options.readRestApiKey();
      } catch (error) {
        // The same as a bad key, and told apart by its code.
        return { failure: 'KEY_UNREADABLE', message: error instanceof Error ? error.message : String(error) };
      }
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      const headers = { authorization: `Bearer ${lastKey}`, 'content-length': String(bytes.length) };
      return exchange(stream.post(restEndpoint + endpoint, { headers }), bytes, running);
    },
    hasNewKey() {
      try {
        return options.readRestApiKey() !== lastKey;
      } catch {
        return false;
      }
    },
    close() {
      closed = true;
      for (const abort of running) abort();
      agent.destroy();
    },
  };
}

function transportOf(restEndpoint: string): typeof http | typeof https {
  return restEndpoint.startsWith('https:') ? https : http;
}

function createInstance({ restEndpoint, timeoutMs }: BrazeClientOptions, agent: http.Agent): Got {
  const request = timeoutMs ?? REQUEST_TIMEOUT_MS;
  const connect = Math.min(request, CONNECT_TIMEOUT_MS);
  const transport = transportOf(restEndpoint);
  const { hostname, port } = urlToHttpOptions(new URL(restEndpoint));
  return got.extend({
    // The forty options that got names would be copied by Node three times for each request; these are all we set.
    request: ({ pathname: path }, { method, headers }) =>
      transport.request({ agent, hostname, port, path, method, headers }),
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    // A reply is small: nobody asks for a compressed one.
    decompress: false,
    timeout: { request, connect, secureConnect: connect },
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', 'user-agent': 'brazier' },
  });
}
