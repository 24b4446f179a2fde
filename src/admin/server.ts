/** The admin server: metrics, health, destinations and dead letters. Never on the public port. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import express, {
  type ErrorRequestHandler,
  type Express,
  type NextFunction,
  type Request,
  type Response,
} from 'express';
import { listenOn } from '../config/listen.ts';
import type { DeadLetters } from '../dead-letters/store.ts';
import { LogError } from '../log/log.ts';

export interface DestinationState {
  readonly id: string;
  readonly halted: { readonly code: string; readonly message: string } | null;
  readonly backlog: number;
  readonly inFlight: number;
  readonly requestsRunning: number;
}

export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** Bearer token for everything but metrics and health. */
  readonly token: string;
  /** Prometheus text; whatever must be brought up to date first is the caller's business. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Why the process cannot take events now; empty when it can. Braze is not asked: a sick Braze fills the log only. */
  readonly notReady: () => Promise<readonly string[]>;
  readonly destinations: () => readonly DestinationState[];
  readonly deadLetters: DeadLetters;
  /** A request was answered with 500: a bug, or a log that does not answer. */
  readonly onError: (error: unknown) => void;
}

export interface AdminServer {
  /** Rejects with `ListenFault`. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  close(): Promise<void>;
}

export function createAdminServer(options: AdminOptions): AdminServer {
  const server = createServer(createRoutes(options));
  return {
    listen: () => listenOn(server, 'admin', options),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createRoutes(options: AdminOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/metrics', async (_req, res) => {
    const { contentType, text } = await options.metrics();
    res.set('content-type', contentType).end(text);
  });
  app.get('/health/live', (_req, res) => {
    res.json({ live: true });
  });
  app.get('/health/ready', async (_req, res) => {
    const reasons = await options.notReady();
    res.status(reasons.length === 0 ? 200 : 503).json({ ready: reasons.length === 0, reasons });
  });
  app.use(bearer(options.token));
  app.get('/destinations', (_req, res) => {
    res.json({ destinations: options.destinations() });
  });
  addDeadLetters(app, options.deadLetters);
  app.use((_req, res) => {
    fail(res, 404, 'not_found', 'no such path');
  });
  app.use(answerError(options.onError));
  return app;
}

function addDeadLetters(app: Express, deadLetters: DeadLetters): void {
  app.get('/dead-letters', async (req, res) => {
    const { destination, after, limit } = req.query;
    const parsed = limit === undefined ? 100 : Number(limit);
    if (!Number.isInteger(parsed) || parsed < 1 || parsed > 1000) {
      fail(res, 400, 'invalid_query', 'limit: expected a whole number from 1 to 1000');
      return;
    }
    res.json(await deadLetters.list({ limit: parsed, ...text({ destination, after }) }));
  });
  // Ids hold slashes, so they travel in the query.
  app.get('/dead-letter', async (req, res) => {
    const letter = await deadLetters.show(String(req.query.id ?? ''));
    if (letter) res.json(letter);
    else fail(res, 404, 'not_found', 'id: no such dead letter');
  });
  app.post('/dead-letters/replay', express.json({ limit: '1mb' }), async (req, res) => {
    const wanted = readReplay(req.body);
    if (wanted) res.json(await deadLetters.replay(wanted));
    else fail(res, 400, 'invalid_body', 'expected {"ids":[…]} or {"all":true} or {"destination":"…"}');
  });
}

function text(query: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Undefined when the body asks for nothing that can be understood: a replay is never guessed. */
function readReplay(body: unknown): { ids: string[] } | { destination?: string } | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { ids, all, destination } = body as Record<string, unknown>;
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return { ids };
  if (typeof destination === 'string') return { destination };
  return all === true ? {} : undefined;
}

function bearer(token: string) {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  const expected = digest(`Bearer ${token}`);
  return (req: Request, res: Response, next: NextFunction) => {
    if (timingSafeEqual(digest(req.headers.authorization ?? ''), expected)) next();
    else fail(res, 401, 'unauthorized', 'expected Authorization: Bearer <token of admin.tokenFile>');
  };
}

function fail(res: Response, status: number, code: string, message: string): void {
  res.status(status).json({ code, message });
}

function answerError(tell: AdminOptions['onError']): ErrorRequestHandler {
  return (error: unknown, _req, res, _next) => {
    const status = (error as { status?: unknown }).status;
    if (status === 400 || status === 413)
      return fail(res, status, 'invalid_body', 'the body is not readable as JSON');
    if (error instanceof LogError) return fail(res, 503, error.code, error.message);
    tell(error);
    fail(res, 500, 'internal', 'see the log of the process');
  };
}
