/** `brazier log-level`: which log lines the running server writes, seen and changed until it ends. */
import { Argument, Command } from 'commander';
import got from 'got';
import { readSecretFile } from '../config/secret-file.ts';
import { LOG_LEVELS, type LogLevel } from '../telemetry/logger.ts';
import { CommandError } from './command-error.ts';
import { runningServer } from './letters-access.ts';
import { type StoreFlags, storeOf, withStoreOptions } from './letters-options.ts';
import { isForPeople, printJson } from './letters-shown.ts';

const EXAMPLES = `
Examples (without --config: the demo's):
  $ npm run -s brazier -- log-level --config brazier.yaml            which it is now
  $ npm run -s brazier -- log-level debug --config brazier.yaml      a line for each request, in and out
  $ npm run -s brazier -- log-level info --config brazier.yaml       as it is after a start

No event, body or key is in the lines, whatever the level. Exit codes: 0 ok, 1 no server or no answer, 2 usage.`;

interface Flags extends StoreFlags {
  readonly json?: boolean;
}

interface Answer {
  readonly level: LogLevel;
  /** Before it was changed. */
  readonly was?: LogLevel;
}

export function logLevelCommand(): Command {
  const level = new Argument('[level]', 'the new one; without it the present one is shown').choices(
    LOG_LEVELS,
  );
  return withStoreOptions(new Command('log-level').addArgument(level))
    .description('Show or change which log lines the running server writes, until it ends')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(level: LogLevel | undefined, flags: Flags): Promise<void> {
  const store = await storeOf(flags);
  const url = await runningServer(store.path);
  if (url === undefined) throw new CommandError(`no server runs with the data folder ${store.path}`);
  const answer = await ask(`${url}/log-level`, readSecretFile(store.tokenFile), level);
  if (!isForPeople(flags.json)) printJson(answer);
  else process.stdout.write(`${answer.level}${answer.was === undefined ? '' : ` (was ${answer.was})`}\n`);
}

async function ask(url: string, token: string, level: LogLevel | undefined): Promise<Answer> {
  const { statusCode, body } = await got<Answer & { readonly message?: string }>(url, {
    ...(level === undefined ? {} : { method: 'PUT', json: { level } }),
    headers: { authorization: `Bearer ${token}` },
    retry: { limit: 0 },
    throwHttpErrors: false,
    responseType: 'json',
  }).catch((error: unknown) => {
    throw new CommandError(`the server's admin API does not answer: ${(error as Error).message}`);
  });
  if (statusCode === 200) return body;
  throw new CommandError(`the server's admin API answered ${statusCode}: ${body.message ?? 'no text'}`);
}
