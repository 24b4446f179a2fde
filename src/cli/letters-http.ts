/** Dead letters and replays over the admin API of the server that has the data folder. */
import got, { type Got } from 'got';
import type { Resend } from '../dead-letters/resend.ts';
import type { Wanted } from '../dead-letters/selection.ts';
import type { DeadLetters } from '../dead-letters/store.ts';
import { CommandError } from './command-error.ts';

export interface LettersAccess {
  readonly deadLetters: DeadLetters;
  readonly resend: Resend;
}

/** The same as over the store itself. Calls reject with `CommandError`. */
export function overHttp(url: string, token: string): LettersAccess {
  const api = got.extend({
    prefixUrl: url,
    headers: { authorization: `Bearer ${token}` },
    retry: { limit: 0 },
    throwHttpErrors: false,
    responseType: 'json',
  });
  return { deadLetters: lettersOver(api), resend: resendOver(api) };
}

function lettersOver(api: Got): DeadLetters {
  const post = <Body>(path: string, json: object) => answer<Body>(api.post(path, { json }));
  return {
    list: (query) => answer(api('dead-letters', { searchParams: { ...query } })),
    count(wanted) {
      if ('ids' in wanted) return post('dead-letters/replay', { ids: wanted.ids, dryRun: true });
      return answer(api('dead-letters/summary', { searchParams: { ...wanted } }));
    },
    async show(id) {
      const reply = await api('dead-letter', { searchParams: { id } });
      return reply.statusCode === 404 ? undefined : answer(Promise.resolve(reply));
    },
    replay: (wanted, options = {}) => post('dead-letters/replay', { ...bodyOf(wanted), ...options }),
    discard: (wanted, portion = {}) => post('dead-letters/discard', { ...bodyOf(wanted), ...portion }),
  };
}

function resendOver(api: Got): Resend {
  const post = <Body>(json: object) => answer<Body>(api.post('replay', { json }));
  return {
    count: (query) => post({ ...query, dryRun: true }),
    send: (query, options = {}) => post({ ...query, ...options }),
  };
}

function bodyOf(wanted: Wanted): object {
  return Object.keys(wanted).length === 0 ? { all: true } : wanted;
}

async function answer<Body>(reply: PromiseLike<{ statusCode: number; body: unknown }>): Promise<Body> {
  const { statusCode, body } = await reply.then(undefined, (error: unknown) => {
    throw new CommandError(`the server's admin API does not answer: ${(error as Error).message}`);
  });
  if (statusCode === 200) return body as Body;
  const { message } = (body ?? {}) as { message?: string };
  throw new CommandError(`the server's admin API answered ${statusCode}: ${message ?? 'no text'}`);
}
