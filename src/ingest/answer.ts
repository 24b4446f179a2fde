/** Writes the answers of the ingest server: JSON, never a redirect, and such that the client gets to read them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from './refusal.ts';

export interface AnswerOptions {
  /** 0 ≤ random() < 1: spreads the clients that are told to come again. */
  readonly random: () => number;
  /** Connections end with their answer. */
  readonly isClosing: () => boolean;
  /** How much of a refused body is read and thrown away, and how long its end is waited for before the connection is cut. */
  readonly drain: { readonly maxBytes: number; readonly maxMs: number };
}

export interface Answers {
  /** 200 with this JSON text. */
  ok(res: ServerResponse, text: string): void;
  refuse(req: IncomingMessage, res: ServerResponse, refusal: Refusal): void;
}

/** The spread of `Retry-After`, seconds. */
const JITTER_SECONDS = 4;

export function createAnswers({ random, isClosing, drain }: AnswerOptions): Answers {
  const closing = () => (isClosing() ? { Connection: 'close' } : undefined);
  return {
    ok(res, text) {
      res.writeHead(200, { ...jsonHeaders(text), ...closing() }).end(text);
    },
    refuse(req, res, refusal) {
      const text = JSON.stringify({ code: refusal.code, message: refusal.message });
      const { retryAfterSeconds } = refusal;
      const retryAfter = retryAfterSeconds && retryAfterSeconds + Math.floor(random() * JITTER_SECONDS);
      res.writeHead(refusal.status, {
        ...jsonHeaders(text),
        ...refusal.headers,
        ...(retryAfter && { 'Retry-After': retryAfter }),
        ...closing(),
        ...((refusal.close || mayNotEnd(req, drain.maxBytes)) && { Connection: 'close' }),
      });
      endAfterBody(req, res, text, drain);
    },
  };
}

function jsonHeaders(text: string) {
  return { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
}

/** No further request can follow on a connection whose body may never be read to its end. */
function mayNotEnd({ headers, complete }: IncomingMessage, maxDrainBytes: number): boolean {
  if (complete) return false;
  // A client that waits for "100 Continue" will not send the body any more.
  if (headers.expect !== undefined || headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > maxDrainBytes;
}

/**
 * Sends the whole answer at once, but ends it only when the body is through: closing a connection on which
 * the client still sends resets it, and the answer is lost on the way.
 */
function endAfterBody(
  req: IncomingMessage,
  res: ServerResponse,
  text: string,
  drain: AnswerOptions['drain'],
): void {
  if (req.complete || !hasBody(req)) {
    res.end(text);
    return;
  }
  res.write(text);
  let left = drain.maxBytes;
  const timer = setTimeout(() => req.socket.destroy(), drain.maxMs);
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    // The client is blocked in sending now, and has the answer to read until the time is over.
    if (left < 0) req.pause();
  });
  req.once('end', () => res.end());
  req.once('close', () => clearTimeout(timer));
  req.resume();
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
