/** What the admin API answers when it cannot do as asked: a code, a sentence, and never the data it was about. */
import type { ErrorRequestHandler, Response } from 'express';
import { LogError } from '../log/log.ts';
import type { AdminCode, AdminStatus } from './codes.ts';

export function fail<Status extends AdminStatus>(
  res: Response,
  status: Status,
  code: AdminCode<Status>,
  message: string,
): void {
  res.status(status).json({ code, message });
}

/** What the log cannot do for now, it may do later; what its kind cannot do, never. */
function statusOf({ code }: LogError): number {
  return code === 'log_unsupported' ? 409 : 503;
}

/** @param tell hears of every answer with 500: a bug, or a log that does not answer */
export function answerError(tell: (error: unknown) => void): ErrorRequestHandler {
  return (error: unknown, _req, res, _next) => {
    // A parameter of the path that is no UTF-8.
    if (error instanceof URIError) return fail(res, 404, 'not_found', 'no such path');
    const { status } = error as { status?: unknown };
    if (status === 400 || status === 413 || status === 415) {
      return fail(res, status, 'invalid_body', 'the body is not readable as JSON');
    }
    if (error instanceof LogError) {
      res.status(statusOf(error)).json({ code: error.code, message: error.message });
      return;
    }
    tell(error);
    fail(res, 500, 'internal', 'see the log of the process');
  };
}
