/** The span of a request: from its first look to the end of its answer. Without a tracer there is none. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestSpan, Tracer } from '../telemetry/tracing.ts';

/** It ends by itself. */
export function spanOf(
  tracer: Pick<Tracer, 'startRequest'> | undefined,
  route: string,
  req: IncomingMessage,
  res: ServerResponse,
): RequestSpan | undefined {
  const span = tracer?.startRequest({ route, traceparent: traceparentOf(req) });
  if (span) res.once('close', () => span.end(res.writableFinished ? res.statusCode : undefined));
  return span;
}

export function traceparentOf({ headers: { traceparent } }: IncomingMessage): string | undefined {
  return typeof traceparent === 'string' ? traceparent : undefined;
}
