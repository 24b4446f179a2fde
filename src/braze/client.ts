/** One HTTP call to Braze and what came back. Failures are values; nothing here retries or follows redirects. */
import http from 'node:http';
import https from 'node:https';
import got, { type Got, RequestError } from 'got';
import type { Endpoint } from '../model/operation.ts';

/** Braze answers in well under a second; past this the request counts as lost (its fate is unknown). */
const REQUEST_TIMEOUT_MS = 30_000;

/** A connection that does not stand by then never will: the request is tried again sooner, and was surely not sent. */
const CONNECT_TIMEOUT_MS = 10_000;

/** A reply names at most 75 objects; the text of anything larger is not Braze's: only its status counts. */
const MAX_REPLY_BYTES = 1024 * 1024;

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
  /** Posts `body` (JSON text). Never throws; after `close` every call ends with the failure `ABORTED`. */
  post(endpoint: Endpoint, body: string): Promise<Reply>;
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
  const running = new Set<AbortController>();
  const agent = {
    http: new http.Agent({ keepAlive: true, maxSockets: options.maxSockets }),
    https: new https.Agent({ keepAlive: true, maxSockets: options.maxSockets }),
  };
  const instance = createInstance(options, agent);
  let closed = false;
  let lastKey: string | undefined;
  return {
    async post(endpoint, body) {
      if (closed) return { failure: 'ABORTED', message: 'the client is closed' };
      const controller = new AbortController();
      running.add(controller);
      try {
        lastKey = undefined;
        const key = options.readRestApiKey();
        lastKey = key;
        return await call(instance, options.restEndpoint + endpoint, { key, body, controller });
      } catch (error) {
        return noAnswer(error);
      } finally {
        running.delete(controller);
      }
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
      for (const controller of running) controller.abort();
      agent.http.destroy();
      agent.https.destroy();
    },
  };
}

function createInstance(options: BrazeClientOptions, agent: { http: http.Agent; https: https.Agent }): Got {
  const request = options.timeoutMs ?? REQUEST_TIMEOUT_MS;
  const connect = Math.min(request, CONNECT_TIMEOUT_MS);
  return got.extend({
    agent,
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    // A reply is small: nobody asks for a compressed one, and as bytes it costs got a tenth less per request.
    decompress: false,
    responseType: 'buffer',
    timeout: { request, connect, secureConnect: connect },
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', 'user-agent': 'brazier' },
  });
}

interface Call {
  readonly key: string;
  readonly body: string;
  readonly controller: AbortController;
}

async function call(instance: Got, url: string, { key, body, controller }: Call) {
  const request = instance.post(url, {
    body,
    headers: { authorization: `Bearer ${key}` },
    signal: controller.signal,
  });
  let isTooLarge = false;
  request.on('downloadProgress', ({ transferred }) => {
    if (transferred <= MAX_REPLY_BYTES) return;
    isTooLarge = true;
    controller.abort();
  });
  try {
    const { statusCode, headers, body: bytes } = await request;
    return { status: statusCode, headers, text: Buffer.from(bytes).toString() };
  } catch (error) {
    const response = error instanceof RequestError ? error.response : undefined;
    if (!isTooLarge || !response) throw error;
    return { status: response.statusCode, headers: response.headers, text: '' };
  }
}

function isUnsent({ timings, options }: RequestError): boolean {
  if (!timings) return false;
  const isSecure = String(options.url).startsWith('https:');
  return (isSecure ? timings.secureConnect : timings.connect) === undefined;
}

function noAnswer(error: unknown): NoAnswer {
  if (error instanceof RequestError && error.code === 'ERR_INVALID_CHAR') {
    const message = 'the REST API key holds a character that no header may hold, such as a line break';
    return { failure: 'KEY_UNREADABLE', message };
  }
  if (error instanceof RequestError) {
    const failure = error.name === 'AbortError' ? 'ABORTED' : error.code;
    return { failure, message: error.message, ...(isUnsent(error) && { isUnsent: true }) };
  }
  // The key file could not be read: the same as a bad key, and told apart by its code.
  return { failure: 'KEY_UNREADABLE', message: error instanceof Error ? error.message : String(error) };
}
