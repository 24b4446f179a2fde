/** The log of a data folder that no server has: opened for one command, and closed behind it. */
import { existsSync } from 'node:fs';
import { LogError } from '../log/log.ts';
import type { SqliteLog } from '../log/sqlite/sqlite-log.ts';
import { CommandError } from './command-error.ts';
import type { LetterStore } from './letters-access.ts';

/** Of a log that many share one asks a process that has it open. */
const NO_SERVER =
  'no server has this data folder: with log.kind kafka start one with `serve`, or ask where one runs (its log.path)';

/** Without limits for the letters: what is looked at here is not dropped here. Throws `CommandError` when it cannot be had. */
export async function withOfflineLog<Result>(
  { log: settings }: Pick<LetterStore, 'log'>,
  use: (log: SqliteLog) => Promise<Result>,
): Promise<Result> {
  if (settings.kind === 'kafka') throw new CommandError(NO_SERVER);
  const { path, maxBytes, retainHours } = settings;
  if (!existsSync(path)) throw new CommandError(`there is no data folder ${path}`);
  const { openSqliteLog } = await import('../log/sqlite/sqlite-log.ts');
  const retainMs = retainHours * 3_600_000;
  try {
    const log = await openSqliteLog({ path, maxBytes, retainMs, now: Date.now, onFatal: () => undefined });
    return await use(log).finally(() => log.close());
  } catch (error) {
    if (error instanceof LogError) throw new CommandError(error.message);
    throw error;
  }
}
