/** The way to the dead letters of a data folder: through the server that has it, or the store itself when none runs. */
import { readFileSync } from 'node:fs';
import got from 'got';
import type { LogConfig } from '../config/config.ts';
import { adminFile, urlOf } from '../config/data-folder.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { connections, createResend } from '../dead-letters/resend.ts';
import { createDeadLetters } from '../dead-letters/store.ts';
import type { EventLog } from '../log/log.ts';
import { type LettersAccess, overHttp } from './letters-http.ts';
import { withOfflineLog } from './offline-log.ts';

export interface LetterStore {
  /** The data folder. */
  readonly path: string;
  readonly tokenFile: string;
  readonly log: LogConfig;
  /** Ids of the configured destinations. */
  readonly destinations: readonly string[];
  readonly sources: readonly { readonly id: string; readonly destinations: readonly string[] | null }[];
}

/** Throws `CommandError` when neither way leads there. */
export async function withLetters<Result>(
  store: LetterStore,
  use: (access: LettersAccess) => Promise<Result>,
): Promise<Result> {
  const url = await runningServer(store.path);
  return url === undefined ? useStore(store, use) : use(overHttp(url, readSecretFile(store.tokenFile)));
}

/** The admin API's address, when a server has the folder and answers. */
export async function runningServer(path: string): Promise<string | undefined> {
  try {
    const url = urlOf(JSON.parse(readFileSync(adminFile(path), 'utf8')));
    await got(`${url}/health/live`, { retry: { limit: 0 }, timeout: { request: 2_000 } });
    return url;
  } catch {
    // No file, a left-over of a process that was killed, or nobody there.
    return undefined;
  }
}

function useStore<Result>(store: LetterStore, use: (access: LettersAccess) => Promise<Result>) {
  return withOfflineLog(store, async (log) => {
    const destinations = await attachedOf(store, log);
    const isConnected = connections(store.sources);
    const deadLetters = createDeadLetters({ log, now: Date.now, destinations });
    const resend = createResend({
      log,
      now: Date.now,
      connected: (source, id) => destinations.includes(id) && isConnected(source, id),
    });
    return use({ deadLetters, resend });
  });
}

/** A replay for a detached destination would be read by nobody. */
async function attachedOf({ destinations }: LetterStore, log: Pick<EventLog, 'groups'>): Promise<string[]> {
  const detached = (await log.groups()).filter((each) => each.detached).map(({ group }) => group);
  return destinations.filter((id) => !detached.includes(id));
}
