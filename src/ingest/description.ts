/** The OpenAPI description of the public API, made of the limits, routes, codes and schemas that are in force. */
import { describeApi } from '../openapi/document.ts';
import {
  type Codes,
  type ParameterDescription,
  type RouteDescription,
  refusalSchema,
} from '../openapi/route.ts';
import { oneOfTexts, TEXT } from '../openapi/schema.ts';
import { REFUSAL_CODES } from './codes.ts';
import {
  ALIVE,
  BATCH_REFUSALS,
  BATCH_TAKEN,
  CALL_REFUSALS,
  CALL_TAKEN,
  SHUTTING_DOWN,
  UNROUTED,
} from './described-answers.ts';
import { batchSchema, CALL } from './event-schema.ts';
import { BATCHES, CALLS } from './examples.ts';
import type { IngestLimits } from './limits.ts';
import { DESCRIPTION_PATH, HEALTH_PATHS, INGEST_ROUTES } from './routes.ts';

export interface DescribedLimits extends IngestLimits {
  /** Cap of one request's body after inflating. */
  readonly maxBodyBytes: number;
}

/** JSON text. */
export function describeIngest(limits: DescribedLimits): string {
  return describeApi({
    title: 'Brazier: events',
    summary: "Takes the events of RudderStack's and Segment's server SDKs for Braze.",
    description: about(limits),
    security: {
      name: 'writeKey',
      scheme: 'basic',
      description: 'The user is the write key of a source; the password is ignored.',
    },
    tags: {
      events: 'A `200` means that the events are on stable storage.',
      server: 'About the server itself.',
    },
    routes: [
      ...INGEST_ROUTES.map(({ path, type }) =>
        type === undefined ? batchRoute(path, limits) : callRoute(path, type),
      ),
      ...HEALTH_PATHS.map(healthRoute),
      DESCRIPTION_ROUTE,
    ],
    schemas: [refusalSchema(Object.values<Codes>(REFUSAL_CODES).flatMap(Object.keys), 'Refusal')],
  });
}

function about({ maxBodyBytes, maxEventBytes, maxEventDepth, maxBodyDepth }: DescribedLimits): string {
  return [
    'Send the same bytes again after 408, 429, 500, 503 or a lost answer: a repeat of a `messageId` is kept once.',
    'The schemas say what to send. More is taken than they say, since SDKs write more; whatever keeps to them, and to' +
      ' these limits, is accepted:',
    `- a body, inflated: ${maxBodyBytes} bytes, nesting at most ${maxBodyDepth} levels;`,
    `- an event: ${maxEventBytes} bytes of JSON text, nesting at most ${maxEventDepth} levels.`,
    'A trailing slash is tolerated. Another path is 404 `not_found`, another method 405 `method_not_allowed` with' +
      ' `Allow`; `HEAD` is answered as `GET` without a body. Never a redirect.',
  ].join('\n\n');
}

const HEADERS: readonly ParameterDescription[] = [
  {
    name: 'Content-Encoding',
    in: 'header',
    description: 'How the body is packed. `Content-Type` is ignored: the body is UTF-8 JSON.',
    schema: oneOfTexts(['gzip', 'identity']),
  },
  {
    name: 'traceparent',
    in: 'header',
    description: 'W3C Trace Context: travels with the events.',
    schema: TEXT,
  },
];

function batchRoute(path: string, limits: DescribedLimits): RouteDescription {
  return {
    method: 'post',
    path,
    operationId: path === '/v1/batch' ? 'sendBatch' : 'importBatch',
    tag: 'events',
    summary: 'Send events.',
    description:
      'A bad event never takes the batch along: it is named in `rejected`, and kept as a dead letter.',
    parameters: HEADERS,
    body: { schema: batchSchema(limits), examples: BATCHES },
    answers: {
      200: BATCH_TAKEN,
      ...BATCH_REFUSALS,
    },
  };
}

function callRoute(path: string, type: string): RouteDescription {
  return {
    method: 'post',
    path,
    operationId: type,
    tag: 'events',
    summary: `Send one ${type} call.`,
    parameters: HEADERS,
    body: { schema: CALL, examples: CALLS[type] ?? {} },
    answers: {
      200: CALL_TAKEN,
      ...CALL_REFUSALS,
    },
  };
}

function healthRoute(path: string): RouteDescription {
  return {
    method: 'get',
    path,
    operationId: path === '/' ? 'root' : 'health',
    tag: 'server',
    summary: 'Does the server take requests?',
    isOpen: true,
    answers: {
      200: ALIVE,
      ...UNROUTED,
      503: SHUTTING_DOWN,
    },
  };
}

const DESCRIPTION_ROUTE: RouteDescription = {
  method: 'get',
  path: DESCRIPTION_PATH,
  operationId: 'describe',
  tag: 'server',
  summary: 'This description.',
  isOpen: true,
  answers: {
    200: { description: 'OpenAPI 3.1.', schema: { type: 'object', required: ['openapi', 'info', 'paths'] } },
    ...UNROUTED,
  },
};
