/**
 * The composition root, with its parts in app/: opens everything in order, closes it in the opposite order, and knows two
 * ways to stop: draining, and at once.
 */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createAdmin } from './app/admin.ts';
import { openAlerts } from './app/alerts.ts';
import { openDestinations, type Served } from './app/destinations.ts';
import { openDisk } from './app/disk.ts';
import { countFromZero } from './app/first-counts.ts';
import { type Held, heldBy, letterLimits } from './app/log-metrics.ts';
import { watchLogRoom } from './app/log-watch.ts';
import { openLog } from './app/open-log.ts';
import { createReload, type Reload } from './app/reload.ts';
import { openTracing } from './app/tracing.ts';
import type { Config } from './config/config.ts';
import { adminFile } from './config/data-folder.ts';
import { VERSION } from './config/version.ts';
import { watchLetters } from './dead-letters/watch.ts';
import { createIngestServer, type IngestServer } from './ingest/server.ts';
import type { EventLog } from './log/log.ts';
import { systemClock } from './model/time.ts';
import type { RootLogger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import type { Tracer } from './telemetry/tracing.ts';

export interface App {
  /** Null where no events are taken: the role is `worker`. */
  readonly http: { readonly host: string; readonly port: number } | null;
  readonly admin: { readonly host: string; readonly port: number };
  /** Reads the configuration again, and takes it over or refuses it whole. */
  readonly reload: Reload;
  /** Rejects while the log does not answer. */
  held(): Promise<Held>;
  /**
   * Takes no more events, finishes what is under way, commits, closes. What is still under way when the signal aborts
   * stays in the log and is sent after the next start.
   */
  stop(deadline: AbortSignal): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly logger: RootLogger;
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
  const { config, logger, onFatal } = options;
  const metrics = createMetrics({ version: VERSION });
  countFromZero(metrics, config);
  const { tracer, stop: stopTracing } = await openTracing(config, logger);
  undo.push(() => stopTracing(AbortSignal.abort()));
  const { log, intake, backup } = await openLog({ ...options, metrics, tracer });
  undo.push(() => log.close());
  const watches = watchLog(log, options, metrics);
  undo.push(watches.stop);
  const dataPath = config.log.kind === 'embedded' ? config.log.path : null;
  let served: Served = servedBy(config);
  const destinations = await openDestinations(served, { log, dataPath, metrics, tracer, logger, onFatal });
  undo.push(() => destinations.abort());

  const ingest = config.role === 'worker' ? null : createIngest(options, { log, metrics, tracer });
  let isDraining = false;
  const ready = () => !isDraining && (ingest === null || ingest.state().phase === 'listening');
  const disk = openDisk({ log: config.log, logger });
  const shown = { config, log, metrics, logger, destinations, disk };
  const admin = createAdmin({ ...shown, backup, ready, served: () => served });
  const adminAddress = await admin.listen();
  undo.push(() => admin.close());
  const httpAddress = (await ingest?.listen()) ?? null;
  undo.push(() => ingest?.close(AbortSignal.abort()));

  const alerts = openAlerts(shown);
  undo.push(alerts.stop);
  destinations.start();
  alerts.start();
  undo.push(() => intake?.abort());
  await intake?.start();
  const whereAdminIs = adminFile(config.log.path);
  writeFileSync(whereAdminIs, JSON.stringify({ ...adminAddress, pid: process.pid }));

  return {
    http: httpAddress,
    admin: adminAddress,
    reload: createReload({
      config,
      logger,
      metrics,
      now: systemClock.epochMs,
      async adopt(next) {
        const changed = await destinations.adopt(servedBy(next));
        ingest?.useSources(next.sources);
        served = servedBy(next);
        countFromZero(metrics, next);
        return [...changed, ...alerts.adopt(next.alerts)];
      },
    }),
    held: () => heldBy(log),
    async stop(deadline) {
      isDraining = true;
      const told = alerts.stop();
      ingest?.setDraining();
      // Together: a slow sender must not use up the time in which what is under way could end. Every request that came
      // whole is answered in less; what is still open then is a sender that stalls.
      const stalled = AbortSignal.any([deadline, AbortSignal.timeout(INGEST_CLOSE_MS)]);
      await Promise.all([ingest?.close(stalled), intake?.drain(deadline), destinations.drain(deadline)]);
      rmSync(whereAdminIs, { force: true });
      watches.stop();
      await Promise.all([log.close().then(() => admin.close()), stopTracing(deadline), told]);
    },
  };
}

/** What of the configuration this process does: one that only takes events delivers to nobody. */
function servedBy({ role, sources, destinations }: Config): Served {
  if (role === 'ingest') return { sources, destinations: [], placed: destinations };
  return { sources, destinations, placed: [] };
}

/** What is told of its size, and of the dead letters'; once more when it stops. */
function watchLog(log: EventLog, { config, logger }: AppOptions, metrics: Metrics): { stop(): void } {
  const warn = (message: string, fields: Readonly<Record<string, unknown>>) => logger.warn(message, fields);
  const stats = () => log.stats();
  const letters = watchLetters({
    stats,
    warn,
    limits: letterLimits(config.deadLetters),
    now: systemClock.epochMs,
  });
  const room = watchLogRoom({
    stats,
    warn,
    groups: () => log.groups(),
    onChange: (near) => metrics.logNearCap.set(near ? 1 : 0),
  });
  return {
    stop() {
      room.stop();
      letters.stop();
      letters.look();
    },
  };
}

interface IngestTools {
  readonly log: EventLog;
  readonly metrics: Metrics;
  readonly tracer: Tracer | undefined;
}

function createIngest({ config, logger }: AppOptions, tools: IngestTools): IngestServer {
  return createIngestServer({
    ...tools,
    http: config.http,
    sources: config.sources,
    logger,
    now: systemClock.epochMs,
    newId: () => randomUUID(),
    random: Math.random,
  });
}
