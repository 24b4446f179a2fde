/** The admin server of the running process: what it shows, and what it may do. */
import type { BackupActs } from '../admin/backup-route.ts';
import type { DestinationListing, DestinationState } from '../admin/destinations-routes.ts';
import type { LogLevelActs } from '../admin/log-level-route.ts';
import { type AdminServer, createAdminServer } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import { adminToken } from '../config/secret-file.ts';
import { connections, createResend } from '../dead-letters/resend.ts';
import { createDeadLetters } from '../dead-letters/store.ts';
import { createExplain } from '../explain/explain.ts';
import { createPlanner } from '../explain/planner.ts';
import { type EventLog, type GroupStanding, LogError } from '../log/log.ts';
import { systemClock } from '../model/time.ts';
import type { RootLogger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Destinations, Served } from './destinations.ts';
import { type Disk, publishDisk } from './disk.ts';
import { publishLag } from './kafka-signs.ts';
import { publishLetters, publishLog, publishStandings } from './log-metrics.ts';
import { promptly } from './promptly.ts';

export interface AdminParts {
  readonly config: Config;
  readonly logger: RootLogger;
  readonly log: EventLog;
  readonly backup: BackupActs | null;
  readonly metrics: Metrics;
  readonly destinations: Destinations;
  readonly disk: Disk;
  /** The configuration as it is now. */
  readonly served: () => Served;
  readonly ready: () => boolean;
}

export function createAdmin(parts: AdminParts): AdminServer {
  const { config, logger, log, destinations } = parts;
  const token = adminToken(config.admin.tokenFile);
  logger.redact([token]);
  return createAdminServer({
    ...config.admin,
    token,
    deadLetters: createDeadLetters({
      log,
      now: systemClock.epochMs,
      // As they are when it is asked: a replay for one that is detached would be read by nobody.
      get destinations() {
        return destinations.ids();
      },
    }),
    resend: createResend({
      log,
      now: systemClock.epochMs,
      connected: (source, destination) => connections(parts.served().sources)(source, destination),
    }),
    explain: createExplain({
      log,
      planners() {
        const served = parts.served();
        return served.destinations.map((destination) => createPlanner(destination, served.sources));
      },
      haltOf: (id) => destinations.states().find((state) => state.id === id)?.halted?.code ?? null,
    }),
    logLevel: levelOf(logger),
    backup: parts.backup,
    onError: (err) => logger.error('the admin API failed', { err }),
    destinations: {
      list: async () => listingsOf(destinations.states(), await log.groups(), systemClock.epochMs()),
      detach: (id) => destinations.detach(id),
      attach: (id) => destinations.attach(id),
    },
    destinationIds: () => destinations.ids(),
    metrics: () => scrape(parts),
    async notReady() {
      const reasons = parts.ready() ? [] : ['not listening, or draining'];
      return [...reasons, ...(await logFault(log))];
    },
  });
}

/** That it was changed is written whatever the level was, and is. */
export function levelOf(logger: RootLogger): LogLevelActs {
  return {
    get: () => logger.level(),
    set(level) {
      const was = logger.level();
      if (level === was) return;
      logger.setLevel('info');
      logger.info('the log level is another one, until the process ends', { was, is: level });
      logger.setLevel(level);
    },
  };
}

/** What is counted is published in one turn, so that it adds up. */
async function scrape({ config, log, metrics, destinations, disk }: AdminParts) {
  const [known, room] = await Promise.all([
    promptly<readonly GroupStanding[] | null>(log.groups(), null),
    disk.room(),
  ]);
  destinations.publish();
  const standings = known ?? [];
  // What is not known stands as it was; on Kafka it may be another process' by then.
  if (known || config.log.kind === 'kafka') publishStandings(standings, metrics, systemClock.epochMs());
  publishLag(standings, metrics, systemClock.epochMs());
  publishLog(log, metrics);
  publishDisk(room, metrics);
  publishLetters(log, metrics, config.deadLetters);
  return { contentType: metrics.registry.contentType, text: await metrics.registry.metrics() };
}

/** @param now ms since the epoch */
export function listingsOf(
  states: readonly DestinationState[],
  standings: readonly GroupStanding[],
  now: number,
): DestinationListing[] {
  return states.map((state) => {
    const standing = standings.find(({ group }) => group === state.id);
    const { unsettled = 0, bytes: heldBytes = 0, oldestAt = null } = standing ?? {};
    const oldestAgeSeconds = oldestAt === null ? null : Math.max(0, now - oldestAt) / 1000;
    return { ...state, unsettled, heldBytes, oldestAgeSeconds };
  });
}

/** A log at its cap is in order: senders are told when to come again, which no other process would do for them. */
export async function logFault(log: Pick<EventLog, 'ping'>): Promise<string[]> {
  try {
    await log.ping();
    return [];
  } catch (error) {
    if (!(error instanceof LogError)) return ['the log does not answer'];
    return error.code === 'log_full' ? [] : [`${error.code}: ${error.message}`];
  }
}
