/** The way to the destinations of a data folder: through the server that has it, or the log itself when none runs. */
import got from 'got';
import type { ActResult, DestinationActs, DestinationListing } from '../admin/destinations-routes.ts';
import { readSecretFile } from '../config/secret-file.ts';
import type { EventLog } from '../log/log.ts';
import { CommandError } from './command-error.ts';
import { type LetterStore, runningServer } from './letters-access.ts';
import { withOfflineLog } from './offline-log.ts';

/** Throws `CommandError` when neither way leads there. */
export async function withDestinations<Result>(
  store: LetterStore,
  use: (acts: DestinationActs) => Promise<Result>,
): Promise<Result> {
  const url = await runningServer(store.path);
  return url === undefined ? useLog(store, use) : use(overHttp(url, readSecretFile(store.tokenFile)));
}

function overHttp(url: string, token: string): DestinationActs {
  const api = got.extend({
    prefixUrl: url,
    headers: { authorization: `Bearer ${token}` },
    retry: { limit: 0 },
    throwHttpErrors: false,
    responseType: 'json',
  });
  const ask = async (path: string, method: 'GET' | 'POST') => {
    const { statusCode, body } = await api(path, { method }).catch((error: unknown) => {
      throw new CommandError(`the server's admin API does not answer: ${(error as Error).message}`);
    });
    const { code, message = 'no text' } = (body ?? {}) as { code?: string; message?: string };
    if (code === 'log_unsupported') throw new CommandError(message);
    const known = [200, 404, 409].includes(statusCode);
    if (!known) throw new CommandError(`the server's admin API answered ${statusCode}: ${message}`);
    return { statusCode, body: body as Record<string, unknown> };
  };
  const act = async (id: string, what: string): Promise<ActResult> => {
    const { statusCode, body } = await ask(`destinations/${encodeURIComponent(id)}/${what}`, 'POST');
    if (statusCode === 200) return { ok: true, id, events: Number(body.events) };
    return { ok: false, reason: statusCode === 404 ? 'unknown' : 'already' };
  };
  return {
    list: async () => (await ask('destinations', 'GET')).body.destinations as DestinationListing[],
    detach: (id) => act(id, 'detach'),
    attach: (id) => act(id, 'attach'),
  };
}

function useLog<Result>(store: LetterStore, use: (acts: DestinationActs) => Promise<Result>) {
  return withOfflineLog(store, (log) => use(overLog(log, store.destinations)));
}

/** @param configured ids; one that the log has never seen begins with the next start of the server */
export function overLog(
  log: Pick<EventLog, 'groups' | 'detach' | 'readmit'>,
  configured: readonly string[],
): DestinationActs {
  return {
    async list() {
      const standings = await log.groups();
      return configured.map((id) => {
        const standing = standings.find(({ group }) => group === id);
        const { detached = false, unsettled = 0, bytes = 0, oldestAt = null } = standing ?? {};
        return {
          id,
          state: detached ? ('detached' as const) : ('stopped' as const),
          halted: null,
          backlog: unsettled,
          inFlight: 0,
          parked: 0,
          requestsRunning: 0,
          unsettled,
          heldBytes: bytes,
          oldestAgeSeconds: oldestAt === null ? null : Math.max(0, Date.now() - oldestAt) / 1000,
        };
      });
    },
    async detach(id) {
      if (!configured.includes(id)) return { ok: false, reason: 'unknown' };
      const standing = await log.detach(id);
      if (standing) return { ok: true, id, events: standing.unsettled };
      const isDetached = (await log.groups()).some(({ group }) => group === id);
      return { ok: false, reason: isDetached ? 'already' : 'unknown' };
    },
    async attach(id) {
      if (!configured.includes(id)) return { ok: false, reason: 'unknown' };
      return (await log.readmit(id)) ? { ok: true, id, events: 0 } : { ok: false, reason: 'already' };
    },
  };
}
