/** Undoes gzip with a ceiling on what comes out, so that a small body cannot fill the memory. */
import { createGunzip, gunzipSync } from 'node:zlib';
import type { Lease } from './budget.ts';
import { BUSY, badRequest, bodyTooLarge, type Refusal } from './refusal.ts';

/** Up to this size the synchronous inflate is cheaper than the way to zlib's threads and back. */
const SYNC_MAX_BYTES = 64 * 1024;

const CORRUPT = badRequest('invalid_gzip', 'the body is not one complete gzip stream');

/** The two encodings that are understood; the SDKs of RudderStack send gzip, those of Segment none. */
export function encodingOf(header: string | undefined): 'identity' | 'gzip' | Refusal {
  const name = header?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return 'identity';
  if (name === 'gzip' || name === 'x-gzip') return 'gzip';
  return {
    status: 415,
    code: 'unsupported_encoding',
    message: 'Content-Encoding must be gzip or identity',
    headers: { 'Accept-Encoding': 'gzip, identity' },
  };
}

/** Takes the inflated bytes from `lease` and gives the deflated ones back. */
export async function inflate(raw: Buffer, maxBytes: number, lease: Lease): Promise<Buffer | Refusal> {
  try {
    const body =
      raw.length <= SYNC_MAX_BYTES
        ? inflateAtOnce(raw, maxBytes, lease)
        : await inflateInSteps(raw, maxBytes, lease);
    lease.giveBack(raw.length);
    return body;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ERR_BUFFER_TOO_LARGE') return bodyTooLarge(maxBytes);
    if (code.startsWith('Z_')) return CORRUPT;
    throw error;
  }
}

function inflateAtOnce(raw: Buffer, maxBytes: number, lease: Lease): Buffer | Refusal {
  // With `info` it returns the engine too, which its types do not tell.
  const result: unknown = gunzipSync(raw, { maxOutputLength: maxBytes, info: true });
  const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
  if (engine.bytesWritten !== raw.length) return CORRUPT;
  return lease.take(buffer.length) ? buffer : BUSY;
}

async function inflateInSteps(raw: Buffer, maxBytes: number, lease: Lease): Promise<Buffer | Refusal> {
  const gunzip = createGunzip();
  const chunks: Buffer[] = [];
  let size = 0;
  gunzip.end(raw);
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return bodyTooLarge(maxBytes);
    if (!lease.take(chunk.length)) return BUSY;
    chunks.push(chunk);
  }
  return gunzip.bytesWritten === raw.length ? Buffer.concat(chunks, size) : CORRUPT;
}
