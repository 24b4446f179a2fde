/** `brazier dead-letters`: asks the running server, or opens the store itself when none runs. */
import { Command, InvalidArgumentError } from 'commander';
import { DEFAULT_DATA_PATH, defaultTokenFile } from '../config/data-folder.ts';
import type { DeadLetters, ReplayQuery } from '../dead-letters/store.ts';
import { CommandError } from './command-error.ts';
import { loadOrFail } from './config-options.ts';
import { withDeadLetters } from './letters-access.ts';

const EXAMPLES = `
Examples (without --config: the demo's):
  $ npm run -s brazier -- dead-letters list
      newest first, a line each
  $ npm run -s brazier -- dead-letters list --config brazier.yaml --destination braze --limit 20
  $ npm run -s brazier -- dead-letters show braze/brazier.events/0/17
      one whole, with the event as it was sent
  $ npm run -s brazier -- dead-letters replay braze/brazier.events/0/17
      only what was not delivered, to its destination alone; what fails again is a new letter
  $ npm run -s brazier -- dead-letters replay --destination braze
      all of a destination; --all: of every destination

JSON on stdout. Listings show no personal data, \`show\` does. Exit codes: 0 ok, 1 failed, 2 usage or configuration.`;

interface Flags {
  readonly config?: string | undefined;
  readonly workspaceConfig?: string | undefined;
}

interface ListFlags extends Flags {
  readonly destination?: string;
  readonly limit: number;
  readonly after?: string;
}

interface ReplayFlags extends Flags {
  readonly destination?: string;
  readonly all?: boolean;
}

export function deadLettersCommand(): Command {
  const command = new Command('dead-letters')
    .description('List, show and replay the events that ended without delivery')
    .addHelpText('after', EXAMPLES);
  const config = ['--config <file>', "the server's configuration (default: the demo's ./data)"] as const;
  const workspace = ['--workspace-config <file>', "RudderStack's, when the server was given one"] as const;
  command
    .command('list')
    .description('Show the letters, newest first, one JSON line each')
    .option(...config)
    .option(...workspace)
    .option('--destination <id>', 'only this destination')
    .option('--limit <n>', 'at most so many, 1 to 1000', limit, 100)
    .option('--after <id>', 'go on after this letter')
    .action(list);
  command
    .command('show <id>')
    .description('Show one letter whole, with its event')
    .option(...config)
    .option(...workspace)
    .action(show);
  command
    .command('replay [ids...]')
    .description('Deliver again what was not delivered; what fails again is a new letter')
    .option(...config)
    .option(...workspace)
    .option('--destination <id>', 'all letters of this destination')
    .option('--all', 'all letters of all destinations')
    .action(replay);
  return command;
}

async function list({ config, workspaceConfig, ...query }: ListFlags): Promise<void> {
  const { letters } = await using({ config, workspaceConfig }, (deadLetters) => deadLetters.list(query));
  for (const letter of letters) print(letter);
}

async function show(id: string, flags: Flags): Promise<void> {
  const letter = await using(flags, (deadLetters) => deadLetters.show(id));
  if (!letter) throw new CommandError(`there is no dead letter ${id}; \`dead-letters list\` shows the ids`);
  print(letter);
}

async function replay(ids: string[], flags: ReplayFlags): Promise<void> {
  const result = await using(flags, (deadLetters) => deadLetters.replay(replayQuery(ids, flags)));
  print(result);
  if (result.skipped.length > 0) throw new CommandError(`${result.skipped.length} were not replayed`);
}

/** What to replay is said, never guessed. */
function replayQuery(ids: string[], { destination, all }: ReplayFlags): ReplayQuery {
  const ways = [ids.length > 0, destination !== undefined, all === true].filter(Boolean).length;
  if (ways !== 1) throw new CommandError('say what to replay: ids, or --destination <id>, or --all', 2);
  if (ids.length > 0) return { ids };
  return destination === undefined ? {} : { destination };
}

async function using<Result>(flags: Flags, use: (deadLetters: DeadLetters) => Promise<Result>) {
  const { config, workspaceConfig } = flags;
  if (config === undefined && workspaceConfig === undefined) return withDeadLetters(DEMO_STORE, use);
  // What is not served is the server's to refuse.
  const loaded = await loadOrFail({
    ...(config === undefined ? {} : { config }),
    ...(workspaceConfig === undefined ? {} : { workspaceConfig, allowUnserved: true }),
  });
  const { log, admin, destinations } = loaded.config;
  const ids = destinations.map(({ id }) => id);
  return withDeadLetters({ ...log, tokenFile: admin.tokenFile, destinations: ids }, use);
}

const DEMO_STORE = {
  path: DEFAULT_DATA_PATH,
  tokenFile: defaultTokenFile(DEFAULT_DATA_PATH),
  maxBytes: 10 * 1024 ** 3,
  retainHours: 24,
  destinations: ['sandbox'],
};

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function limit(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 1000) {
    throw new InvalidArgumentError('expected a whole number from 1 to 1000');
  }
  return number;
}
