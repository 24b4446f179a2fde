/**
 * The composition root: the only file that names concrete classes. Opens everything in order, closes it in the
 * opposite order, and knows two ways to stop: draining, and at once.
 */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createAdminServer } from './admin/server.ts';
import type { Config } from './config/config.ts';
import { adminFile } from './config/data-folder.ts';
import { adminToken } from './config/secret-file.ts';
import { VERSION } from './config/version.ts';
import { connections, createResend } from './dead-letters/resend.ts';
import { createDeadLetters } from './dead-letters/store.ts';
import { watchLetters } from './dead-letters/watch.ts';
import { createDestination, type Destination } from './destination.ts';
import { createIngestServer } from './ingest/server.ts';
import { type EventLog, type LetterLimits, LogError } from './log/log.ts';
import { openSqliteLog } from './log/sqlite/sqlite-log.ts';
import { systemClock } from './model/time.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';

export interface App {
  readonly http: { readonly host: string; readonly port: number };
  readonly admin: { readonly host: string; readonly port: number };
  /**
   * Takes no more events, finishes what is under way, commits, closes. What is still under way when the signal aborts
   * stays in the log and is sent after the next start.
   */
  stop(deadline: AbortSignal): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** The log can acknowledge nothing more: the process must end. */
  readonly onFatal: (error: Error) => void;
}

/** Ingest answers within 8 s whatever the log does. */
const INGEST_CLOSE_MS = 10_000;

/** Rejects with a one-line error that names what cannot be opened and what to do. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, logger } = options;
  const undo: (() => unknown)[] = [];
  try {
    return await open(options, undo);
  } catch (error) {
    for (const close of undo.reverse()) await close();
    logger.debug('start failed', { data: config.log.path });
    throw error;
  }
}

async function open(options: AppOptions, undo: (() => unknown)[]): Promise<App> {
  const { config, logger } = options;
  const metrics = createMetrics({ version: VERSION });
  const log = await openLog(options);
  undo.push(() => log.close());
  const letterWatch = watchLetters({
    stats: () => log.stats(),
    limits: letterLimits(config),
    now: systemClock.epochMs,
    warn: (message, fields) => logger.warn(message, fields),
  });
  undo.push(() => letterWatch.stop());
  const removed = await log.attach(config.destinations.map(({ id, start }) => ({ group: id, start })));
  for (const id of removed)
    logger.warn('destination is gone from the configuration: its place in the log is given up', {
      destination: id,
    });

  const destinations = config.destinations.map((destination) =>
    createDestination({
      destination,
      sources: config.sources,
      log,
      dataPath: config.log.path,
      metrics,
      logger,
      onFatal: options.onFatal,
    }),
  );
  undo.push(() => Promise.all(destinations.map((destination) => destination.abort())));

  const ingest = createIngestServer({
    http: config.http,
    sources: config.sources,
    log,
    metrics,
    logger,
    now: systemClock.epochMs,
    newId: randomUUID,
    random: Math.random,
  });
  const ready = () => ingest.state().phase === 'listening';
  const admin = createAdmin(options, { log, metrics, destinations, ready });
  const adminAddress = await admin.listen();
  undo.push(() => admin.close());
  const httpAddress = await ingest.listen();
  undo.push(() => ingest.close(AbortSignal.abort()));

  for (const destination of destinations) destination.start();
  const whereAdminIs = adminFile(config.log.path);
  writeFileSync(whereAdminIs, JSON.stringify({ ...adminAddress, pid: process.pid }));

  return {
    http: httpAddress,
    admin: adminAddress,
    async stop(deadline) {
      ingest.setDraining();
      // Together: a slow sender must not use up the time in which what is under way could end. Every request that came
      // whole is answered in less; what is still open then is a sender that stalls.
      const stalled = AbortSignal.any([deadline, AbortSignal.timeout(INGEST_CLOSE_MS)]);
      await Promise.all([
        ingest.close(stalled),
        ...destinations.map((destination) => destination.drain(deadline)),
      ]);
      rmSync(whereAdminIs, { force: true });
      letterWatch.stop();
      letterWatch.look();
      await log.close();
      await admin.close();
    },
  };
}

function openLog({ config, logger, onFatal }: AppOptions): Promise<EventLog> {
  return openSqliteLog({
    path: config.log.path,
    maxBytes: config.log.maxBytes,
    retainMs: config.log.retainHours * 3_600_000,
    letters: letterLimits(config),
    now: systemClock.epochMs,
    onFatal,
    onWarning: (message) => logger.warn(message),
  });
}

function letterLimits({ deadLetters: { retainDays, maxBytes } }: Config): LetterLimits {
  return { retainMs: retainDays * 86_400_000, maxBytes };
}

interface AdminParts {
  readonly log: EventLog;
  readonly metrics: Metrics;
  readonly destinations: readonly Destination[];
  readonly ready: () => boolean;
}

function createAdmin({ config, logger }: AppOptions, { log, metrics, destinations, ready }: AdminParts) {
  const token = adminToken(config.admin.tokenFile);
  logger.redact([token]);
  return createAdminServer({
    ...config.admin,
    token,
    deadLetters: createDeadLetters({
      log,
      now: systemClock.epochMs,
      destinations: config.destinations.map(({ id }) => id),
    }),
    resend: createResend({ log, now: systemClock.epochMs, connected: connections(config.sources) }),
    onError: (err) => logger.error('the admin API failed', { err }),
    destinations: () => destinations.map((destination) => destination.state()),
    async metrics() {
      for (const destination of destinations) destination.publish();
      publishLog(log, metrics);
      publishLetters(log, metrics, letterLimits(config));
      return { contentType: metrics.registry.contentType, text: await metrics.registry.metrics() };
    },
    async notReady() {
      const reasons = ready() ? [] : ['not listening, or draining'];
      return [...reasons, ...(await logFault(log))];
    },
  });
}

async function logFault(log: EventLog): Promise<string[]> {
  try {
    await log.ping();
    return [];
  } catch (error) {
    return [error instanceof LogError ? `${error.code}: ${error.message}` : 'the log does not answer'];
  }
}

function publishLog(log: EventLog, metrics: Metrics): void {
  const { bytes, maxBytes } = log.stats();
  metrics.logBytes.set(bytes);
  metrics.logMaxBytes.set(maxBytes);
}

function publishLetters(log: EventLog, metrics: Metrics, limits: LetterLimits): void {
  const { letters, letterBytes, oldestLetterAt, lettersDropped } = log.stats();
  metrics.letterCount.reset();
  for (const [destination, count] of letters) metrics.letterCount.set({ destination }, count);
  metrics.letterBytes.set(letterBytes);
  metrics.letterMaxBytes.set(limits.maxBytes);
  const ageMs = oldestLetterAt === null ? 0 : Math.max(0, systemClock.epochMs() - oldestLetterAt);
  metrics.letterOldestAge.set(ageMs / 1000);
  metrics.letterMaxAge.set(limits.retainMs / 1000);
  metrics.lettersDropped.reset();
  for (const [reason, count] of Object.entries(lettersDropped)) metrics.lettersDropped.inc({ reason }, count);
}
