/** The way of one request: authenticate, read, parse, accept, store, answer. `200` only after durable. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppendResult } from '../log/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { RequestSpan, Tracer } from '../telemetry/tracing.ts';
import { type Accepted, accept } from './accept.ts';
import type { Answers } from './answer.ts';
import type { Authenticate } from './auth.ts';
import { ABORTED, readBody } from './body.ts';
import type { Budget } from './budget.ts';
import type { RefusalCode } from './codes.ts';
import { countRejected } from './counts.ts';
import type { IngestLimits } from './limits.ts';
import { type Incoming, parseBatch, parseSingle } from './parse.ts';
import { DRAINING, isRefusal, type Refusal } from './refusal.ts';
import type { LogRefusal } from './refusal-log.ts';
import { spanOf, traceparentOf } from './span.ts';
import type { Store } from './store.ts';

/** `type` is set on the routes that take a single call of that type. */
export interface IngestRoute {
  readonly path: string;
  readonly type?: string;
}

export interface IngestParts {
  readonly authenticate: Authenticate;
  readonly budget: Budget;
  readonly store: Store;
  readonly answers: Answers;
  readonly metrics: Metrics;
  /** None where nothing is traced. */
  readonly tracer: Pick<Tracer, 'startRequest'> | undefined;
  readonly logRefusal: LogRefusal;
  readonly limits: IngestLimits;
  readonly maxBodyBytes: number;
  readonly now: () => number;
  readonly newId: () => string;
  readonly isDraining: () => boolean;
}

export type Ingest = (req: IncomingMessage, res: ServerResponse, route: IngestRoute) => Promise<void>;

/** What to answer with 200, or why not. */
type Result = string | Refusal | typeof ABORTED;

export function createIngest(parts: IngestParts): Ingest {
  return async (req, res, route) => {
    const source = parts.isDraining() ? DRAINING : parts.authenticate(req.headers.authorization);
    const isKnown = !isRefusal(source);
    const sourceId = isKnown ? source.id : undefined;
    // A `traceparent` says by itself that it is to be recorded: whoever has no key fills no tracing backend with it.
    const span = isKnown ? spanOf(parts.tracer, route.path, req, res) : undefined;
    const result = isKnown ? await handle(parts, req, res, { route, source: source.id, span }) : source;
    if (result === ABORTED || res.destroyed) return;
    if (typeof result === 'string') return parts.answers.ok(res, result);
    const { code, status, reason } = result;
    const why = reason === undefined ? {} : { reason };
    span?.note({ code });
    parts.logRefusal('request refused', { code, status, route: route.path, source: sourceId, ...why });
    parts.answers.refuse(req, res, result);
  };
}

interface Call {
  readonly route: IngestRoute;
  readonly source: string;
  readonly span: RequestSpan | undefined;
}

async function handle(
  parts: IngestParts,
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
): Promise<Result> {
  const lease = parts.budget.lease();
  let isStoring = false;
  try {
    if (req.headers.expect !== undefined) res.writeContinue();
    const body = await readBody(req, parts.maxBodyBytes, lease);
    if (!Buffer.isBuffer(body)) return body;
    const incoming = parse(parts, call, body);
    if (isRefusal(incoming)) return incoming;
    const accepted = acceptAll(parts, req, call, incoming);
    if (isRefusal(accepted)) return accepted;
    isStoring = true;
    const stored = await parts.store(accepted, call.source, lease.release);
    return isRefusal(stored) ? stored : answerOf(accepted, stored, call);
  } finally {
    if (!isStoring) lease.release();
  }
}

function parse({ metrics, limits }: IngestParts, { route, source }: Call, body: Buffer): Incoming | Refusal {
  metrics.ingestBodyBytes.note({ source }, body.length);
  return route.type === undefined ? parseBatch(body, limits) : parseSingle(body, limits);
}

/** On a single-call route a bad event is the sender's answer and nothing is kept of it. */
function acceptAll(
  parts: IngestParts,
  req: IncomingMessage,
  { route, source, span }: Call,
  incoming: Incoming,
): Accepted | Refusal {
  const { metrics, limits, now, newId, logRefusal } = parts;
  const traceparent = span?.traceparent ?? traceparentOf(req);
  const reception = {
    source,
    at: now(),
    ...(route.type !== undefined && { type: route.type }),
    ...(traceparent !== undefined && { traceparent }),
  };
  const accepted = accept(incoming, reception, limits, newId);
  const [first] = accepted.rejections;
  if (first !== undefined && route.type !== undefined) {
    countRejected(metrics, { source, channel: 'http' }, accepted.rejections);
    const { kind, code, message } = first.outcome;
    // The checks of an event know no codes but those of EVENT_CODES.
    return { status: kind === 'oversized' ? 413 : 400, code: code as RefusalCode<400 | 413>, message };
  }
  metrics.ingestBatchEvents.note({ source }, incoming.events.length);
  for (const code of new Set(accepted.rejections.map(({ outcome }) => outcome.code))) {
    logRefusal('events rejected', { code, route: route.path, source });
  }
  return accepted;
}

/** `accepted` are new in the log, `duplicates` were there already: a sender is done with both. */
function answerOf(
  { records, rejections }: Accepted,
  { duplicates }: AppendResult,
  { route: { type }, source, span }: Call,
): string {
  const rejected = rejections.map(({ index, outcome: { code, message } }) => ({ index, code, message }));
  const accepted = records.length - duplicates.length;
  span?.note({ source, accepted, duplicates: duplicates.length, rejected: rejected.length });
  return JSON.stringify({
    success: true,
    accepted,
    ...(type === undefined && { rejected }),
    ...(duplicates.length > 0 && { duplicates: duplicates.length }),
  });
}
