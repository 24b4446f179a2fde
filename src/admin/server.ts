/** The admin server: metrics, health, destinations and dead letters. Never on the public port. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { listenOn } from '../config/listen.ts';
import type { Resend } from '../dead-letters/resend.ts';
import type { DeadLetters } from '../dead-letters/store.ts';
import type { Explain } from '../explain/explain.ts';
import { answerError, fail } from './answers.ts';
import { addBackupRoute, type BackupActs } from './backup-route.ts';
import { addDeadLetterRoutes } from './dead-letter-routes.ts';
import { DESCRIBE, LIVE, METRICS, READY } from './described-process.ts';
import { ADMIN_ROUTES, describeAdmin } from './description.ts';
import { addDestinationRoutes, type DestinationActs } from './destinations-routes.ts';
import { addExplainRoutes } from './explain-routes.ts';
import { addLogLevelRoute, type LogLevelActs } from './log-level-route.ts';
import { addReplayRoutes } from './replay-routes.ts';
import { addRoute, refuseOtherMethods } from './route.ts';

export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** Bearer token for everything but metrics, health and the description. */
  readonly token: string;
  /** Prometheus text; whatever must be brought up to date first is the caller's business. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Why the process cannot take events now; empty when it can. Braze is not asked: a sick Braze fills the log only. */
  readonly notReady: () => Promise<readonly string[]>;
  readonly destinations: DestinationActs;
  /** Ids of the destinations that a replay may go to. */
  readonly destinationIds: () => readonly string[];
  readonly deadLetters: DeadLetters;
  readonly resend: Resend;
  readonly explain: Explain;
  readonly logLevel: LogLevelActs;
  /** Null where the log is not one file. */
  readonly backup: BackupActs | null;
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

/** Open ones first: what comes after the token's check is told nothing without it. */
export function createRoutes(options: AdminOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  addOpenRoutes(app, options);
  app.use(bearer(options.token));
  addBackupRoute(app, options.backup);
  addDestinationRoutes(app, options.destinations);
  addDeadLetterRoutes(app, options.deadLetters);
  addExplainRoutes(app, options.explain);
  addLogLevelRoute(app, options.logLevel);
  addReplayRoutes(app, { resend: options.resend, destinations: options.destinationIds });
  refuseOtherMethods(app, ADMIN_ROUTES);
  app.use((_req, res) => {
    fail(res, 404, 'not_found', 'no such path');
  });
  app.use(answerError(options.onError));
  return app;
}

function addOpenRoutes(app: Express, { metrics, notReady }: AdminOptions): void {
  addRoute(app, METRICS, async (_asked, _req, res) => {
    const { contentType, text } = await metrics();
    res.set('content-type', contentType).end(text);
  });
  addRoute(app, LIVE, (_asked, _req, res) => {
    res.json({ live: true });
  });
  addRoute(app, READY, async (_asked, _req, res) => {
    const reasons = await notReady();
    res.status(reasons.length === 0 ? 200 : 503).json({ ready: reasons.length === 0, reasons });
  });
  const description = describeAdmin();
  addRoute(app, DESCRIBE, (_asked, _req, res) => {
    res.type('json').send(description);
  });
}

function bearer(token: string) {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  const expected = digest(`Bearer ${token}`);
  return (req: Request, res: Response, next: NextFunction) => {
    if (timingSafeEqual(digest(req.headers.authorization ?? ''), expected)) return next();
    res.set('www-authenticate', 'Bearer realm="brazier"');
    fail(res, 401, 'unauthorized', 'expected Authorization: Bearer <token of admin.tokenFile>');
  };
}
