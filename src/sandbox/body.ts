/** Reads a request's body once, up to Braze's cap, and parses it once for all who look at it. */
import type { IncomingMessage } from 'node:http';
import type { Json } from './json.ts';

export interface RequestBody {
  readonly bytes: number;
  /** As sent; undefined when it was over the cap and therefore not kept. */
  readonly text: string | undefined;
  /** Undefined when there is no text or it is no JSON. */
  readonly json: Json | undefined;
  /** Why the text is no JSON, in the parser's words. */
  readonly problem: string | undefined;
}

/** Braze: 4 MB for a track request, 413 above. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Calls back once with the whole body; never when the client goes away before its end. */
export function readBody(message: IncomingMessage, done: (body: RequestBody) => void): void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  message.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    // What is over the cap is read and thrown away: a client that is still writing would not see an early reply.
    if (bytes > MAX_BODY_BYTES) chunks = [];
    else chunks.push(chunk);
  });
  message.on('end', () => done(parseBody(bytes, chunks)));
  message.on('error', () => {
    chunks = [];
  });
}

function parseBody(bytes: number, chunks: readonly Buffer[]): RequestBody {
  if (bytes > MAX_BODY_BYTES) return { bytes, text: undefined, json: undefined, problem: undefined };
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return { bytes, text, json: JSON.parse(text) as Json, problem: undefined };
  } catch (error) {
    return { bytes, text, json: undefined, problem: (error as SyntaxError).message };
  }
}

/** The body as one line of JSON for the request log: as sent where possible, as a JSON string where it is no JSON. */
export function bodyLine(body: RequestBody): string {
  if (body.text === undefined) return 'null';
  if (body.json === undefined) return JSON.stringify(body.text);
  // Parsed anew: judging may have changed `json` (a future time becomes now), and the log shows what was sent.
  return /[\r\n]/.test(body.text) ? JSON.stringify(JSON.parse(body.text)) : body.text;
}
