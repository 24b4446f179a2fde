/** On Kafka: an embedded log that stands in the data folder, of the time before, is not passed by in silence. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LogError } from '../log/log.ts';
import { DATABASE_FILE } from '../log/sqlite/schema.ts';
import { openSqliteLog } from '../log/sqlite/sqlite-log.ts';
import { systemClock } from '../model/time.ts';
import type { Logger } from '../telemetry/logger.ts';
import { heldBy } from './log-metrics.ts';

/**
 * Rejects with `LogError` when the folder's log has events that were not delivered: newer ones of the same persons would
 * overtake them. Of dead letters it only warns, since order is nothing to them.
 */
export async function checkLeftOver(path: string, logger: Logger): Promise<void> {
  if (!existsSync(join(path, DATABASE_FILE))) return;
  const log = await openSqliteLog({
    path,
    maxBytes: Number.MAX_SAFE_INTEGER,
    retainMs: Number.POSITIVE_INFINITY,
    now: systemClock.epochMs,
    onFatal: () => undefined,
  });
  const { undelivered, letters } = await heldBy(log).finally(() => log.close());
  if (undelivered > 0) {
    throw new LogError(
      'log_unusable',
      `${path} has an embedded log with ${undelivered} events that are not delivered: deliver them first with log.kind embedded and \`serve --drain\`, or leave them behind with another folder (log.path)`,
    );
  }
  if (letters > 0) {
    logger.warn('an embedded log in the data folder has dead letters: they are not served on Kafka', {
      code: 'left_over_letters',
      letters,
    });
  }
}
