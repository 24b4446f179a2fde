/** Which path is answered by what. Express does the routing, but for posts to the usual paths, and nothing else. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Answers } from './answer.ts';
import type { Ingest, IngestRoute } from './ingest.ts';
import { DRAINING, INTERNAL_ERROR, type Refusal } from './refusal.ts';
import type { IngestLogger } from './refusal-log.ts';

/** The most used first: Express tries them in order. A trailing slash is tolerated on all. */
export const INGEST_ROUTES: readonly IngestRoute[] = [
  { path: '/v1/batch' },
  { path: '/v1/track', type: 'track' },
  { path: '/v1/identify', type: 'identify' },
  { path: '/v1/import' },
  { path: '/v1/page', type: 'page' },
  { path: '/v1/screen', type: 'screen' },
  { path: '/v1/group', type: 'group' },
  { path: '/v1/alias', type: 'alias' },
];

export const HEALTH_PATHS = ['/health', '/'] as const;
export const DESCRIPTION_PATH = '/openapi.json';

const NOT_FOUND: Refusal = { status: 404, code: 'not_found', message: 'there is nothing under this path' };

export interface RouteParts {
  readonly ingest: Ingest;
  readonly answers: Answers;
  /** JSON text. */
  readonly description: string;
  readonly metrics: Metrics;
  readonly logger: IngestLogger;
  readonly now: () => number;
  readonly isDraining: () => boolean;
}

/**
 * Posts to the paths as INGEST_ROUTES writes them are handled at once; everything else, such as a trailing slash, a query or
 * another method, goes the way of Express, which leads to the same handlers.
 */
export function createListener(parts: RouteParts): RequestListener {
  const app = createRoutes(parts);
  const fail = failWith(parts);
  const routes = new Map(INGEST_ROUTES.map((route) => [route.path, route]));
  return (req, res) => {
    const route = req.method === 'POST' ? routes.get(req.url ?? '') : undefined;
    if (route === undefined) return app(req, res);
    observe(parts, route.path, req, res);
    parts.ingest(req, res, route).catch((error) => fail(error, req, res));
  };
}

export function createRoutes(parts: RouteParts): Express {
  const { answers, ingest } = parts;
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false);
  for (const route of INGEST_ROUTES) {
    app
      .route(route.path)
      .post(observed(parts, route.path, (req, res) => ingest(req, res, route)))
      .all(observed(parts, route.path, (req, res) => answers.refuse(req, res, methodNotAllowed('POST'))));
  }
  const open = (path: string, handle: RouteHandler) =>
    app
      .route(path)
      .get(observed(parts, path, handle))
      .all(observed(parts, path, (req, res) => answers.refuse(req, res, methodNotAllowed('GET, HEAD'))));
  for (const path of HEALTH_PATHS) open(path, (req, res) => health(parts, req, res));
  open(DESCRIPTION_PATH, (_req, res) => answers.ok(res, parts.description));
  app.use(observed(parts, 'other', (req, res) => answers.refuse(req, res, NOT_FOUND)));
  const fail = failWith(parts);
  app.use(((error, req, res, _next) => fail(error, req, res)) satisfies ErrorRequestHandler);
  return app;
}

type RouteHandler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

/** Counts the request under the route's template when its answer is out, or as `aborted` when it never was. */
function observe(parts: RouteParts, route: string, req: IncomingMessage, res: ServerResponse): void {
  const { metrics, logger, now } = parts;
  const startedAt = now();
  res.on('close', () => {
    const code = res.writableFinished ? String(res.statusCode) : 'aborted';
    const labels = { route, method: req.method ?? '', code };
    const durationMs = Math.max(0, now() - startedAt);
    metrics.httpRequests.count(labels);
    metrics.httpDuration.note(labels, durationMs / 1000);
    logger.debug('a request of a sender', { ...labels, durationMs });
  });
}

function observed(parts: RouteParts, route: string, handle: RouteHandler): RequestHandler {
  return (req, res) => {
    observe(parts, route, req, res);
    return handle(req, res);
  };
}

function health({ answers, isDraining }: RouteParts, req: IncomingMessage, res: ServerResponse): void {
  if (isDraining()) answers.refuse(req, res, DRAINING);
  else answers.ok(res, '{"status":"ok"}');
}

function methodNotAllowed(allow: string): Refusal {
  return {
    status: 405,
    code: 'method_not_allowed',
    message: `this path takes ${allow}`,
    headers: { Allow: allow },
  };
}

/** A bug: the sender keeps its events and comes again, the log says what happened. */
function failWith({ answers, logger }: RouteParts) {
  return (error: unknown, req: IncomingMessage, res: ServerResponse) => {
    logger.error('request failed', { code: INTERNAL_ERROR.code, error: textOf(error) });
    if (res.headersSent) res.destroy();
    else answers.refuse(req, res, INTERNAL_ERROR);
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
