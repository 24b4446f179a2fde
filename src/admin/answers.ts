/** What the admin API answers when it cannot do as asked: a code, a sentence, and never the data it was about. */
import type { ErrorRequestHandler, Response } from 'express';
import { LogError } from '../log/log.ts';

export function fail(res: Response, status: number, code: string, message: string): void {
  res.status(status).json({ code, message });
}

/** What the log cannot do for now, it may do later; what its kind cannot do, never. */
function statusOf({ code }: LogError): number {
  return code === 'log_unsupported' ? 409 : 503;
}

/** @param tell hears of every answer with 500: a bug, or a log that does not answer */
export function answerError(tell: (error: unknown) => void): ErrorRequestHandler {
  return (error: unknown, _req, res, _next) => {
    const status = (error as { status?: unknown }).status;
    if (status === 400 || status === 413)
      return fail(res, status, 'invalid_body', 'the body is not readable as JSON');
    if (error instanceof LogError) return fail(res, statusOf(error), error.code, error.message);
    tell(error);
    fail(res, 500, 'internal', 'see the log of the process');
  };
}
