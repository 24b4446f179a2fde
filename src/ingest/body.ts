/** Reads a request's body up to its ceilings and makes it text: nothing of it is kept beyond them. */

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Lease } from './budget.ts';
import { encodingOf, inflate } from './inflate.ts';
import { BUSY, badRequest, bodyTooLarge, isRefusal, type Refusal } from './refusal.ts';

const NOT_UTF8 = badRequest('invalid_encoding', 'the body is not valid UTF-8');

/** The client went away before its body was complete: there is nobody to answer. */
export const ABORTED = 'aborted';

/**
 * The inflated body as UTF-8 bytes without a byte order mark. `Content-Type` is ignored: an SDK labels gzipped
 * JSON as a form. Its bytes are taken from `lease`; whoever holds the lease gives them back.
 */
export async function readBody(
  req: IncomingMessage,
  maxBytes: number,
  lease: Lease,
): Promise<Buffer | Refusal | typeof ABORTED> {
  const encoding = encodingOf(req.headers['content-encoding']);
  if (typeof encoding === 'object') return encoding;
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) return bodyTooLarge(maxBytes);
  const raw = await readRaw(req, maxBytes, lease);
  if (raw === ABORTED || isRefusal(raw)) return raw;
  const body = encoding === 'gzip' ? await inflate(raw, maxBytes, lease) : raw;
  if (isRefusal(body)) return body;
  if (!isUtf8(body)) return NOT_UTF8;
  return hasByteOrderMark(body) ? body.subarray(3) : body;
}

function hasByteOrderMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}

function readRaw(
  req: IncomingMessage,
  maxBytes: number,
  lease: Lease,
): Promise<Buffer | Refusal | typeof ABORTED> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    // The request lives until its answer is out: its listeners would hold the body, and what it was made of, beside the lease.
    const finish = (result: Buffer | Refusal | typeof ABORTED) => {
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) return finish(bodyTooLarge(maxBytes));
      if (!lease.take(chunk.length)) return finish(BUSY);
      chunks.push(chunk);
    };
    const onEnd = () => finish(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    const onClose = () => finish(ABORTED);
    req.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}
