/**
 * The spans that are made of what the steps tell: names and attributes by OpenTelemetry's semantic conventions (those of HTTP
 * are stable, those of messaging in development), and `brazier.…` where these have none. No key, person, address of a sender
 * or content of an event is ever in one.
 */
import {
  type Attributes,
  type Context,
  type Link,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { formatTraceparent, parseTraceparent, type TraceContext } from '../model/trace-context.ts';
import type { ProcessedRecords, RequestFacts, RequestSpan, SentRequest, Tracer } from './tracing.ts';

/** As many as a request to Braze holds objects (Braze: 75 objects in all, /users/track docs). */
const MAX_LINKS = 75;

export function createTracer(otel: OtelTracer): Tracer {
  return {
    startRequest({ route, traceparent }) {
      const attributes = {
        'http.request.method': 'POST',
        'http.route': route,
        'url.path': route,
        'url.scheme': 'http',
      };
      const options = { kind: SpanKind.SERVER, attributes };
      return requestSpan(otel.startSpan(`POST ${route}`, options, contextOf(traceparent)));
    },
    sent(request) {
      recordSent(otel, request);
    },
    processed(records) {
      recordProcessed(otel, records);
    },
  };
}

function requestSpan(span: Span): RequestSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    traceparent: formatTraceparent({ traceId, spanId, isSampled: span.isRecording() }),
    note({ source, accepted, duplicates, rejected, code }: RequestFacts) {
      span.setAttributes({
        ...(source !== undefined && { 'brazier.source': source }),
        ...(accepted !== undefined && { 'brazier.events.accepted': accepted }),
        ...(duplicates !== undefined && { 'brazier.events.duplicates': duplicates }),
        ...(rejected !== undefined && { 'brazier.events.rejected': rejected }),
        ...(code !== undefined && { 'brazier.code': code }),
      });
    },
    end(status) {
      if (status !== undefined) span.setAttribute('http.response.status_code', status);
      // What a sender did wrong is no error of the server's (semantic conventions, HTTP spans).
      if (status === undefined) fail(span, 'aborted');
      else if (status >= 500) fail(span, String(status));
      span.end();
    },
  };
}

function recordSent(otel: OtelTracer, request: SentRequest): void {
  const { destination, origin, endpoint, objects, attempt, status, code, at } = request;
  const links = linksOf(request.traceparents);
  if (links === undefined) return;
  const attributes = {
    'http.request.method': 'POST',
    'url.full': origin + endpoint,
    'url.template': endpoint,
    ...serverOf(origin),
    ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
    ...(status !== null && { 'http.response.status_code': status }),
    'brazier.destination': destination,
    'brazier.objects': objects,
    'brazier.attempt': attempt,
    'brazier.outcome': request.outcome,
    ...(code !== null && { 'brazier.code': code }),
  };
  const options = { kind: SpanKind.CLIENT, attributes, links, root: true, startTime: at };
  const span = otel.startSpan(`POST ${endpoint}`, options);
  if (status === null) fail(span, code ?? 'no_answer');
  else if (status >= 400) fail(span, String(status));
  span.end(at + request.durationMs);
}

function recordProcessed(otel: OtelTracer, records: ProcessedRecords): void {
  const { topic, at, durationMs } = records;
  const links = linksOf(records.traceparents);
  if (links === undefined) return;
  const attributes = {
    'messaging.system': 'kafka',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(records.partition),
    'messaging.batch.message_count': records.records,
    'brazier.source': records.source,
    'brazier.events.accepted': records.accepted,
    'brazier.events.rejected': records.rejected,
  };
  const options = { kind: SpanKind.CONSUMER, attributes, links, root: true, startTime: at };
  otel.startSpan(`process ${topic}`, options).end(at + durationMs);
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
}

/** Undefined when all who have decided have decided against it: then there is nothing to be recorded. */
function linksOf(traceparents: Iterable<string | undefined>): Link[] | undefined {
  const links: Link[] = [];
  let isDecided = false;
  for (const traceparent of new Set(traceparents)) {
    const context = parseTraceparent(traceparent);
    if (context === undefined) continue;
    isDecided = true;
    if (!context.isSampled) continue;
    links.push({ context: spanContextOf(context) });
    if (links.length === MAX_LINKS) break;
  }
  return isDecided && links.length === 0 ? undefined : links;
}

function contextOf(traceparent: string | undefined): Context {
  const parent = parseTraceparent(traceparent);
  return parent ? trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent)) : ROOT_CONTEXT;
}

function spanContextOf({ traceId, spanId, isSampled }: TraceContext) {
  return {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  };
}

function serverOf(origin: string): Attributes {
  const { hostname, port, protocol } = new URL(origin);
  const standard = protocol === 'http:' ? 80 : 443;
  return { 'server.address': hostname, 'server.port': port === '' ? standard : Number(port) };
}
