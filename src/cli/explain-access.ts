/** The way to explanations: through the server that has the data folder, or the log itself when none runs. */
import got from 'got';
import type { DestinationConfig, SourceConfig } from '../config/config.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { createExplain, type Explain } from '../explain/explain.ts';
import { createPlanner } from '../explain/planner.ts';
import { CommandError } from './command-error.ts';
import { type LetterStore, runningServer } from './letters-access.ts';
import { withOfflineLog } from './offline-log.ts';

export interface ExplainStore {
  readonly store: LetterStore;
  readonly destinations: readonly DestinationConfig[];
  readonly sources: readonly SourceConfig[];
}

/** Throws `CommandError` when neither way leads there. */
export async function withExplain<Result>(
  given: ExplainStore,
  use: (explain: Explain) => Promise<Result>,
): Promise<Result> {
  const { path, tokenFile } = given.store;
  const url = await runningServer(path);
  return url === undefined ? useLog(given, use) : use(overHttp(url, readSecretFile(tokenFile)));
}

function overHttp(url: string, token: string): Explain {
  const headers = { authorization: `Bearer ${token}` };
  const api = got.extend({ prefixUrl: url, headers, retry: { limit: 0 }, throwHttpErrors: false });
  const ask = async <Body>(path: string, query: object): Promise<Body> => {
    const reply = await api(path, { searchParams: { ...query }, responseType: 'json' }).catch(
      (error: unknown) => {
        throw new CommandError(`the server's admin API does not answer: ${(error as Error).message}`);
      },
    );
    if (reply.statusCode === 200) return reply.body as Body;
    const { message = 'no text' } = (reply.body ?? {}) as { message?: string };
    throw new CommandError(`the server's admin API answered ${reply.statusCode}: ${message}`);
  };
  return { event: (query) => ask('explain', query), doubtful: (query) => ask('explain/doubtful', query) };
}

function useLog<Result>(
  { store, destinations, sources }: ExplainStore,
  use: (explain: Explain) => Promise<Result>,
): Promise<Result> {
  const planners = () => destinations.map((destination) => createPlanner(destination, sources));
  return withOfflineLog(store, (log) => use(createExplain({ log, planners, haltOf: () => null })));
}
