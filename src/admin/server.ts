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
import { addDestinationRoutes, type DestinationActs } from './destinations-routes.ts';
import { addExplainRoutes } from './explain-routes.ts';
import { addLogLevelRoute, type LogLevelActs } from './log-level-route.ts';
import { addReplayRoutes } from './replay-routes.ts';

export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** Bearer token for everything but metrics and health. */
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
  addBackupRoute(app, options.backup);
  addDestinationRoutes(app, options.destinations);
  addDeadLetterRoutes(app, options.deadLetters);
  addExplainRoutes(app, options.explain);
  addLogLevelRoute(app, options.logLevel);
  addReplayRoutes(app, { resend: options.resend, destinations: options.destinationIds });
  app.use((_req, res) => {
    fail(res, 404, 'not_found', 'no such path');
  });
  app.use(answerError(options.onError));
  return app;
}

function bearer(token: string) {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  const expected = digest(`Bearer ${token}`);
  return (req: Request, res: Response, next: NextFunction) => {
    if (timingSafeEqual(digest(req.headers.authorization ?? ''), expected)) next();
    else fail(res, 401, 'unauthorized', 'expected Authorization: Bearer <token of admin.tokenFile>');
  };
}
