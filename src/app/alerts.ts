/** The alerts of the running process: looked at every now and then, told, counted, and kept over a restart. */
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { createAlerts } from '../alerts/alerts.ts';
import { createKeeper } from '../alerts/keeper.ts';
import { tellerOf } from '../alerts/teller.ts';
import { readTold, writeTold } from '../alerts/told-file.ts';
import type { Posted } from '../alerts/webhook.ts';
import type { AlertsConfig } from '../config/alerts-settings.ts';
import type { Config } from '../config/config.ts';
import { toldFile } from '../config/data-folder.ts';
import { describeFileError } from '../config/file-fault.ts';
import { systemClock } from '../model/time.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type SignParts, signsOf } from './alert-signs.ts';
import { promptly } from './promptly.ts';

export interface AlertParts extends SignParts {
  readonly config: Config;
  readonly logger: Logger;
}

export interface AlertWatch {
  /** Looks every 2 s from now on; does not keep the process alive. */
  start(): void;
  /** From the next look on. Answers with what changed, for the log line. */
  adopt(config: AlertsConfig): readonly string[];
  /** Looks no more and ends what is under way. Resolves when what was told is kept, or 3 s later. */
  stop(): Promise<void>;
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
      keeper.keep();
      if (!isStopped) tellOutcome(webhook, posted, parts);
    },
  });
  const keeper = createKeeper(
    () => writeTold(file, alerts.told(), now()),
    (error) => {
      const why = describeFileError(error);
      logger.warn(`what the alert webhooks were told is not kept over a restart: ${why}`);
    },
  );
  const publishWaiting = () => {
    metrics.alertsWaiting.reset();
    for (const [webhook, waiting] of alerts.waiting()) metrics.alertsWaiting.set({ webhook }, waiting);
  };
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
      publishWaiting();
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
      const changed = isSame(settings, next) ? [] : ['alerts'];
      // Taken over all the same: what reads as before may stand in another file, which changes by itself.
      settings = next;
      alerts.adopt(next);
      begin();
      publishWaiting();
      return changed;
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      alerts.stop();
      await promptly(alerts.idle().then(keeper.idle), undefined);
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
