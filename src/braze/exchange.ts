/** One request of got's on its way: sends the body, gathers the reply, and ends with exactly one of an answer and a failure. */
import type { Request } from 'got';
import type { NoAnswer, Reply } from './client.ts';

/** A reply names at most 75 objects; the text of anything larger is not Braze's: only its status counts. */
const MAX_REPLY_BYTES = 1024 * 1024;

export const ABORTED: NoAnswer = { failure: 'ABORTED', message: 'the client is closed' };
const NO_REPLY: NoAnswer = { failure: 'ECONNRESET', message: 'the request ended without a reply' };

/**
 * got's stream and not its promise: that one wraps the stream once more, cuts the body up and reads the reply by an
 * iterator, for half as much again of the whole call's time.
 *
 * @param running while it is under way holds what ends it
 */
export function exchange(stream: Request, body: Buffer, running: Set<() => void>): Promise<Reply> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const abort = () => end(ABORTED);
    const settle = (reply: Reply) => {
      running.delete(abort);
      resolve(reply);
    };
    const end = (reply: Reply) => {
      settle(reply);
      stream.destroy();
    };
    running.add(abort);
    stream.on('error', (error) => end(failureOf(error, stream)));
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_REPLY_BYTES) end(answerOf(stream, ''));
      else chunks.push(chunk);
    });
    stream.once('end', () => {
      settle(answerOf(stream, Buffer.concat(chunks).toString()));
      // Answered before it was out whole: nobody wants the rest.
      if (!stream.writableFinished) stream.destroy();
    });
    // Never the first to settle, as far as got is known; a request that hangs for ever would hold its persons for ever.
    stream.once('close', () => settle(NO_REPLY));
    stream.end(body);
  });
}

/** @param error got's own, or Node's when it breaks while the body is written */
function failureOf(error: Error, stream: Request): NoAnswer {
  const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_INVALID_CHAR') {
    const advice = 'the REST API key holds a character that no header may hold, such as a line break';
    return { failure: 'KEY_UNREADABLE', message: advice };
  }
  return { failure: code, message, ...(isUnsent(stream) && { isUnsent: true }) };
}

function isUnsent({ timings, options }: Request): boolean {
  if (!timings) return false;
  const isSecure = String(options.url).startsWith('https:');
  return (isSecure ? timings.secureConnect : timings.connect) === undefined;
}

function answerOf({ response }: Request, text: string): Reply {
  if (!response) return NO_REPLY;
  return { status: response.statusCode, headers: response.headers, text };
}
