/** `brazier explain`: what became of an event, and which events may have counted twice. */
import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { loadOrFail } from './config-options.ts';
import { type ExplainStore, withExplain } from './explain-access.ts';
import { doubtfulText, explainedText } from './explain-shown.ts';
import { type StoreFlags, storeOf, withStoreOptions } from './letters-options.ts';
import { isForPeople, printJson } from './letters-shown.ts';
import { wholeNumber } from './values.ts';

const EXAMPLES = `
Examples (without --config: the demo's):
  $ npm run -s brazier -- explain my-message-id
      when it was accepted, what each destination makes of it, in which requests it went, where it stands
  $ npm run -s brazier -- explain my-message-id --config brazier.yaml --show-payload
  $ npm run -s brazier -- explain my-message-id --person user-7
      looks among the dead letters of that person too, when the log does not hold the event any more
  $ npm run -s brazier -- explain --doubtful --destination braze --limit 50
      requests that were under way when the process was killed, or whose reply was lost, and the events in them

Text on a terminal, JSON otherwise and with --json. Exit codes: 0 ok, 1 nothing is known of it, 2 usage or configuration.`;

interface ExplainFlags extends StoreFlags {
  readonly doubtful?: boolean;
  readonly destination?: string;
  readonly limit: number;
  readonly before?: number;
  readonly person?: string;
  readonly showPayload?: boolean;
  readonly json?: boolean;
}

export function explainCommand(): Command {
  const command = new Command('explain')
    .argument('[messageId]')
    .description('Say what became of an event, or which events may have counted twice')
    .addHelpText('after', EXAMPLES);
  return withStoreOptions(command)
    .option('--person <id>', 'whose dead letters to look through: a user id or an anonymous id')
    .option('--show-payload', 'also the person, the event and what is sent of it: personal data')
    .option('--doubtful', 'the requests of which nobody knows whether Braze counted them, newest first')
    .option('--destination <id>', 'with --doubtful: of this destination')
    .option('--limit <n>', 'with --doubtful: at most so many requests, 1 to 1000', wholeNumber(1, 1000), 20)
    .option(
      '--before <n>',
      'with --doubtful: go on where a listing ended',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .action(explain);
}

async function explain(messageId: string | undefined, flags: ExplainFlags): Promise<void> {
  if ((messageId === undefined) === (flags.doubtful !== true)) {
    throw new CommandError('say which event: its messageId, or --doubtful for all in doubt', 2);
  }
  const store = await explainStore(flags);
  if (messageId === undefined) await listDoubtful(store, flags);
  else await explainEvent(store, messageId, flags);
}

async function explainEvent(store: ExplainStore, messageId: string, flags: ExplainFlags): Promise<void> {
  const { person, showPayload } = flags;
  const query = {
    messageId,
    ...(person !== undefined && { person }),
    ...(showPayload !== undefined && { showPayload }),
  };
  const found = await withExplain(store, ({ event }) => event(query, new AbortController().signal));
  show(found, explainedText(found), flags);
  if (found.records.length + found.letters.length === 0) {
    throw new CommandError(`nothing is known of ${messageId}`);
  }
}

async function listDoubtful(store: ExplainStore, flags: ExplainFlags): Promise<void> {
  const { destination, limit, before } = flags;
  const query = {
    limit,
    ...(destination !== undefined && { destination }),
    ...(before !== undefined && { before }),
  };
  const found = await withExplain(store, ({ doubtful }) => doubtful(query));
  show(found, doubtfulText(found), flags);
}

function show(value: unknown, text: string, { json }: ExplainFlags): void {
  if (isForPeople(json)) process.stdout.write(text);
  else printJson(value);
}

async function explainStore(flags: StoreFlags): Promise<ExplainStore> {
  const { config, workspaceConfig } = flags;
  if (config === undefined && workspaceConfig === undefined) {
    return { store: await storeOf(flags), ...(await demoSettings()) };
  }
  const loaded = await loadOrFail({
    ...(config === undefined ? {} : { config }),
    ...(workspaceConfig === undefined ? {} : { workspaceConfig, allowUnserved: true }),
  });
  const { log, admin, destinations, sources } = loaded.config;
  const ids = destinations.map(({ id }) => id);
  return {
    store: { path: log.path, log, tokenFile: admin.tokenFile, destinations: ids, sources },
    destinations,
    sources,
  };
}

/** Where the sandbox listens plays no part: nothing is sent. */
async function demoSettings(): Promise<Omit<ExplainStore, 'store'>> {
  const { demoConfig } = await import('../config/demo.ts');
  const { destinations, sources } = demoConfig({ sandboxUrl: 'http://127.0.0.1', sandboxApiKey: 'none' });
  return { destinations, sources };
}
