/** Opens the log that is configured, the embedded one or the one on Kafka, and what brings users' topics into it. */
import type { Config, EmbeddedLogConfig, KafkaLogConfig } from '../config/config.ts';
import type { Intake } from '../intake/intake.ts';
import type { EventLog } from '../log/log.ts';
import type { Backup } from '../log/sqlite/backup.ts';
import { openingError } from '../log/sqlite/errors.ts';
import { makeFolders } from '../log/sqlite/schema.ts';
import { openSqliteLog, type SqliteLog } from '../log/sqlite/sqlite-log.ts';
import { systemClock } from '../model/time.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import { checkLeftOver } from './left-over.ts';
import { letterLimits } from './log-metrics.ts';

export interface OpenLogParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Without one nothing is traced. */
  readonly tracer?: Tracer | undefined;
  readonly onFatal: (error: Error) => void;
}

export interface OpenedLog {
  readonly log: EventLog;
  /** Null where the log is not one file. */
  readonly backup: Backup | null;
  /** Null when no topic is subscribed to that must be appended again, or this process only takes events over HTTP. */
  readonly intake: Intake | null;
}

/** Rejects with `LogError`, whose message says what to do. */
export async function openLog(parts: OpenLogParts): Promise<OpenedLog> {
  const { log } = parts.config;
  if (log.kind === 'kafka') return openKafka(log, parts);
  const embedded = await openEmbedded(log, parts);
  return { log: embedded, backup: embedded.backup, intake: null };
}

function openEmbedded(log: EmbeddedLogConfig, { config, logger, onFatal }: OpenLogParts): Promise<SqliteLog> {
  return openSqliteLog({
    path: log.path,
    maxBytes: log.maxBytes,
    retainMs: log.retainHours * 3_600_000,
    letters: letterLimits(config.deadLetters),
    now: systemClock.epochMs,
    onFatal,
    onWarning: (message) => logger.warn(message),
  });
}

/** Imported only here: whoever runs on the embedded log never loads a Kafka client. */
async function openKafka(settings: KafkaLogConfig, parts: OpenLogParts): Promise<OpenedLog> {
  try {
    makeFolders(settings.path);
  } catch (error) {
    throw openingError(error, settings.path);
  }
  // Whoever only takes events overtakes nobody.
  if (parts.config.role !== 'ingest') await checkLeftOver(settings.path, parts.logger);
  const { openOnKafka } = await import('./on-kafka.ts');
  return openOnKafka(settings, parts);
}
