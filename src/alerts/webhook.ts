/** One message to one webhook, and what came back. Failures are values; nothing here tries again or follows redirects. */
import { createHmac } from 'node:crypto';
import got, { RequestError } from 'got';
import type { WebhookConfig } from '../config/alerts-settings.ts';
import { FileFault } from '../config/file-fault.ts';

export type Posted =
  | { readonly ok: true; readonly status: number }
  | {
      readonly ok: false;
      /** For people and log lines: `http_` and a status, or Node's code of the fault in lower case. Never the address. */
      readonly reason: string;
      /** It may have arrived. */
      readonly isUnsure: boolean;
      /** So long it wants to be left alone. */
      readonly retryAfterMs?: number;
    };

/** A webhook that takes longer is not there; the next try is soon. */
const TIMEOUT = { request: 10_000, connect: 5_000, secureConnect: 5_000 };

/** Slack answers `ok`; of whatever else only the status counts. */
const MAX_REPLY_BYTES = 64 * 1024;

/** Over an hour is no pause but an outage. */
const LONGEST_PAUSE_MS = 3_600_000;

/** Never rejects. Address, key and header are read anew each time, so that a file that changes takes effect at once. */
export async function postTo(webhook: WebhookConfig, body: string, signal: AbortSignal): Promise<Posted> {
  try {
    return await post(webhook, body, signal);
  } catch (error) {
    if (error instanceof FileFault) return { ok: false, reason: 'file_unreadable', isUnsure: false };
    return failureOf(error);
  }
}

async function post(webhook: WebhookConfig, body: string, signal: AbortSignal): Promise<Posted> {
  const stop = new AbortController();
  const request = got.post(webhook.readUrl(), {
    body,
    headers: headersOf(webhook, body),
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    timeout: TIMEOUT,
    signal: AbortSignal.any([signal, stop.signal]),
  });
  request.on('downloadProgress', ({ transferred }) => {
    if (transferred > MAX_REPLY_BYTES) stop.abort();
  });
  const { statusCode, headers } = await request;
  return answerOf(statusCode, headers['retry-after']);
}

function headersOf({ readAuthorization, readSigningKey }: WebhookConfig, body: string) {
  const [authorization, key] = [readAuthorization?.(), readSigningKey?.()];
  return {
    'content-type': 'application/json',
    'user-agent': 'brazier',
    ...(authorization === undefined ? {} : { authorization }),
    ...(key === undefined ? {} : { 'x-brazier-signature': signatureOf(body, key) }),
  };
}

/** Of the body as it is sent, byte for byte. */
export function signatureOf(body: string, key: string): string {
  return `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
}

function answerOf(status: number, retryAfter: string | undefined): Posted {
  if (status >= 200 && status < 300) return { ok: true, status };
  // Before a 5xx it may have been passed on.
  const failure = { ok: false, reason: `http_${status}`, isUnsure: status >= 500 } as const;
  const seconds = Number(retryAfter);
  if (retryAfter === undefined || !(seconds > 0)) return failure;
  return { ...failure, retryAfterMs: Math.min(seconds * 1000, LONGEST_PAUSE_MS) };
}

function failureOf(error: unknown): Posted {
  if (!(error instanceof RequestError)) return { ok: false, reason: 'not_sent', isUnsure: false };
  // An answer that is too long is one all the same.
  if (error.response && error.name === 'AbortError') return answerOf(error.response.statusCode, undefined);
  const isSecure = String(error.options.url).startsWith('https:');
  const connectedAt = isSecure ? error.timings?.secureConnect : error.timings?.connect;
  return { ok: false, reason: error.code.toLowerCase(), isUnsure: connectedAt !== undefined };
}
