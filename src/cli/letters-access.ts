/** The way to the dead letters of a data folder: through the server that has it, or the store itself when none runs. */
import { existsSync, readFileSync } from 'node:fs';
import got from 'got';
import { adminFile, urlOf } from '../config/data-folder.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { createDeadLetters, type DeadLetters } from '../dead-letters/store.ts';
import { LogError } from '../log/log.ts';
import { CommandError } from './command-error.ts';

export interface LetterStore {
  /** The data folder. */
  readonly path: string;
  readonly tokenFile: string;
  readonly maxBytes: number;
  readonly retainHours: number;
  /** Ids of the configured destinations. */
  readonly destinations: readonly string[];
}

/** Throws `CommandError` when neither way leads there. */
export async function withDeadLetters<Result>(
  store: LetterStore,
  use: (deadLetters: DeadLetters) => Promise<Result>,
): Promise<Result> {
  if (!existsSync(store.path)) throw new CommandError(`there is no data folder ${store.path}`);
  const url = await runningServer(store.path);
  return url === undefined ? useStore(store, use) : use(overHttp(url, readSecretFile(store.tokenFile)));
}

/** The admin API's address, when a server has the folder and answers. */
async function runningServer(path: string): Promise<string | undefined> {
  try {
    const url = urlOf(JSON.parse(readFileSync(adminFile(path), 'utf8')));
    await got(`${url}/health/live`, { retry: { limit: 0 }, timeout: { request: 2_000 } });
    return url;
  } catch {
    // No file, a left-over of a process that was killed, or nobody there.
    return undefined;
  }
}

async function useStore<Result>(store: LetterStore, use: (deadLetters: DeadLetters) => Promise<Result>) {
  const { openSqliteLog } = await import('../log/sqlite/sqlite-log.ts');
  try {
    const log = await openSqliteLog({
      path: store.path,
      maxBytes: store.maxBytes,
      retainMs: store.retainHours * 3_600_000,
      now: Date.now,
      onFatal: () => undefined,
    });
    const deadLetters = createDeadLetters({ log, now: Date.now, destinations: store.destinations });
    return await use(deadLetters).finally(() => log.close());
  } catch (error) {
    if (error instanceof LogError) throw new CommandError(error.message);
    throw error;
  }
}

/** The same as the store's, over the admin API. */
function overHttp(url: string, token: string): DeadLetters {
  const api = got.extend({
    prefixUrl: url,
    headers: { authorization: `Bearer ${token}` },
    retry: { limit: 0 },
    throwHttpErrors: false,
    responseType: 'json',
  });
  return {
    list: (query) => answer(api('dead-letters', { searchParams: { ...query } })),
    async show(id) {
      const reply = await api('dead-letter', { searchParams: { id } });
      return reply.statusCode === 404 ? undefined : answer(Promise.resolve(reply));
    },
    replay(query) {
      const json = 'ids' in query || query.destination !== undefined ? query : { all: true };
      return answer(api.post('dead-letters/replay', { json }));
    },
  };
}

async function answer<Body>(reply: PromiseLike<{ statusCode: number; body: unknown }>): Promise<Body> {
  const { statusCode, body } = await reply.then(undefined, (error: unknown) => {
    throw new CommandError(`the server's admin API does not answer: ${(error as Error).message}`);
  });
  if (statusCode === 200) return body as Body;
  const { message } = (body ?? {}) as { message?: string };
  throw new CommandError(`the server's admin API answered ${statusCode}: ${message ?? 'no text'}`);
}
