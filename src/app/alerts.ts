/** The alerts of the running process: its signs, as metrics, log and destinations have them, and whom they are told to. */
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { type Alerts, createAlerts } from '../alerts/alerts.ts';
import type { DestinationSigns, LogSigns, Signs } from '../alerts/signs.ts';
import { tellerOf } from '../alerts/teller.ts';
import { readTold, writeTold } from '../alerts/told-file.ts';
import type { Posted } from '../alerts/webhook.ts';
import type { AlertsConfig } from '../config/alerts-settings.ts';
import type { Config } from '../config/config.ts';
import { toldFile } from '../config/data-folder.ts';
import { describeFileError } from '../config/file-fault.ts';
import type { EventLog, GroupStanding } from '../log/log.ts';
import { systemClock } from '../model/time.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Destinations } from './destinations.ts';
import { diskRoom } from './disk.ts';
import { heldShare } from './log-watch.ts';
import { promptly } from './promptly.ts';

export interface AlertParts {
  readonly config: Config;
  readonly log: EventLog;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly destinations: Pick<Destinations, 'states' | 'publish'>;
}

export interface AlertWatch {
  /** Looks every 2 s from now on; does not keep the process alive. */
  start(): void;
  /** From the next look on. Answers with what changed, for the log line. */
  adopt(config: AlertsConfig): readonly string[];
  /** Looks no more and ends what is under way, without waiting for it. */
  stop(): void;
}

const LOOK_MS = 2_000;

const now = () => ({ ms: systemClock.monotonicMs(), at: systemClock.epochMs() });

export function openAlerts(parts: AlertParts): AlertWatch {
  const { config, metrics, logger } = parts;
  const file = toldFile(config.log.path);
  let settings = config.alerts;
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let isStopped = false;
  const alerts = createAlerts({
    config: settings,
    teller: (current) => tellerOf({ alerts: current, role: config.role }, hostname()),
    known: settings.webhooks.length > 0 ? readTold(file, now()) : new Map(),
    now,
    random: Math.random,
    onPosted(webhook, posted) {
      keepTold(alerts, file, logger);
      if (!isStopped) tellOutcome(webhook, posted, parts);
    },
  });
  const begin = () => {
    for (const { id } of settings.webhooks) {
      for (const outcome of ['sent', 'failed']) metrics.alertMessages.inc({ webhook: id, outcome }, 0);
    }
  };
  begin();

  async function look(): Promise<void> {
    if (isLooking || settings.webhooks.length === 0) return;
    isLooking = true;
    try {
      const signs = await signsOf(parts);
      if (isStopped) return;
      alerts.look(signs);
      metrics.alertsWaiting.reset();
      for (const [webhook, waiting] of alerts.waiting()) metrics.alertsWaiting.set({ webhook }, waiting);
    } finally {
      isLooking = false;
    }
  }

  return {
    start() {
      const lookAndTell = () =>
        look().catch((err: unknown) =>
          logger.error('the alerts cannot be judged: please report it', { err }),
        );
      timer = setInterval(lookAndTell, LOOK_MS).unref();
    },
    adopt(next) {
      if (isSame(settings, next)) return [];
      settings = next;
      alerts.adopt(next);
      begin();
      return ['alerts'];
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
      alerts.stop();
    },
  };
}

/** Whoever reads a secret is made anew with each configuration: what it reads is looked at. */
function isSame(a: AlertsConfig, b: AlertsConfig): boolean {
  const plain = ({ webhooks, ...rest }: AlertsConfig) => ({
    ...rest,
    webhooks: webhooks.map(({ id, form, minSeverity, readUrl, readAuthorization, readSigningKey }) => ({
      ...{ id, form, minSeverity },
      secrets: [readUrl, readAuthorization, readSigningKey].map((read) => read && textOf(read)),
    })),
  });
  return isDeepStrictEqual(plain(a), plain(b));
}

function textOf(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function tellOutcome(webhook: string, posted: Posted, { metrics, logger }: AlertParts): void {
  metrics.alertMessages.inc({ webhook, outcome: posted.ok ? 'sent' : 'failed' });
  if (posted.ok) return;
  // Without the error's text: it may quote the address.
  logger.warn(`an alert could not be told to the webhook ${webhook} (${posted.reason}): it is tried again`, {
    code: 'alert_not_told',
  });
}

function keepTold(alerts: Alerts, file: string, logger: Logger): void {
  try {
    writeTold(file, alerts.told(), now());
  } catch (error) {
    const why = describeFileError(error);
    logger.warn(`what the alert webhooks were told is not kept over a restart: ${why}`);
  }
}

async function signsOf(parts: AlertParts): Promise<Signs> {
  const { config, log } = parts;
  const isEmbedded = config.log.kind === 'embedded';
  return {
    destinations: await destinationSigns(parts),
    log: isEmbedded ? await logSigns(log) : null,
    disk: await promptly(diskRoom(config.log), null),
  };
}

async function destinationSigns({ destinations, metrics }: AlertParts): Promise<DestinationSigns[]> {
  destinations.publish();
  const states = destinations.states();
  const [events, read] = await Promise.all([metrics.events.get(), metrics.eventsRead.get()]);
  return states.map(({ id, state, halted, backlog, inFlight }) => {
    const own = events.values.filter(({ labels }) => labels.destination === id);
    const sum = (values: readonly { readonly value: number }[]) =>
      values.reduce((total, { value }) => total + value, 0);
    return {
      id,
      halted: halted?.code ?? null,
      isDetached: state === 'detached',
      waiting: backlog + inFlight,
      arrived: backlog + sum(read.values.filter(({ labels }) => labels.destination === id)),
      settled: sum(own),
      rejected: sum(own.filter(({ labels }) => labels.outcome === 'rejected')),
    };
  });
}

/** A log that does not answer is told elsewhere. */
async function logSigns(log: EventLog): Promise<LogSigns | null> {
  const groups = await promptly<readonly GroupStanding[] | null>(log.groups(), null);
  return groups && { heldShare: heldShare(groups, log.stats()) };
}
