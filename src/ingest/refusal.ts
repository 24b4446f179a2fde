/** A request that is refused as a whole: the status, the code of docs/errors.md and the text the sender gets. */
import type { RefusalCode, RefusalStatus } from './codes.ts';

export interface Refusal {
  readonly status: RefusalStatus;
  readonly code: RefusalCode;
  readonly message: string;
  /** What is behind it, for the log line: it may name brokers and topics, and the sender does not get it. */
  readonly reason?: string;
  /** Headers of the answer beyond the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** When to come again, seconds, before the jitter; only on 429 and 503. */
  readonly retryAfterSeconds?: number;
  /** The connection ends with the answer, so that the next attempt may reach another process. */
  readonly close?: boolean;
}

export function isRefusal(value: object): value is Refusal {
  return 'status' in value;
}

/** 400: the body cannot be used. */
export function badRequest(code: RefusalCode<400>, message: string): Refusal {
  return { status: 400, code, message };
}

/** 413: larger than a limit. */
export function tooLarge(code: RefusalCode<413>, message: string): Refusal {
  return { status: 413, code, message };
}

/** 429: come again; the SDKs keep the events and honour `Retry-After`. */
export function overloaded(code: RefusalCode<429>, message: string, retryAfterSeconds = 2): Refusal {
  return { status: 429, code, message, retryAfterSeconds };
}

/** 503: this process cannot take events for now. */
export function unavailable(code: RefusalCode<503>, message: string, retryAfterSeconds = 2): Refusal {
  return { status: 503, code, message, retryAfterSeconds, close: true };
}

/** 413: the body, or what it inflates to, is over the configured cap. */
export function bodyTooLarge(maxBytes: number): Refusal {
  return tooLarge('body_too_large', `the body, inflated, is larger than ${maxBytes} bytes`);
}

export const BUSY = overloaded('rate_limited', 'too many bytes wait to be stored; send the request again');
export const DRAINING = unavailable('shutting_down', 'the server is shutting down; send the request again');
export const INTERNAL_ERROR: Refusal = {
  status: 500,
  code: 'internal_error',
  message: 'the request could not be handled; send it again',
};
