/** Options that the commands about dead letters and replays share, and the store that they lead to. */
import type { Command } from 'commander';
import { DEFAULT_DATA_PATH, defaultTokenFile } from '../config/data-folder.ts';
import type { Selection } from '../dead-letters/selection.ts';
import { loadOrFail } from './config-options.ts';
import type { LetterStore } from './letters-access.ts';
import { timeOption, wholeNumber } from './values.ts';

export interface StoreFlags {
  readonly config?: string;
  readonly workspaceConfig?: string;
}

export interface ActFlags extends StoreFlags {
  readonly dryRun?: boolean;
  readonly rate?: number;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function withStoreOptions(command: Command): Command {
  return command
    .option('--config <file>', "the server's configuration (default: the demo's ./data)")
    .option('--workspace-config <file>', "RudderStack's, when the server was given one")
    .option('--json', 'JSON, also on a terminal');
}

export function withSelectionOptions(command: Command): Command {
  return command
    .option('--destination <id>', "of this destination; '' for those that ingest turned away")
    .option('--code <code>', 'with this code of docs/errors.md')
    .option('--kind <kind>', 'invalid, oversized, refused, expired, exhausted, uncertain or corrupt')
    .option('--source <id>', 'from this source')
    .option(
      '--person <id>',
      'about this person: a user id, an anonymous id, or a person key as `show` has it',
    )
    .option('--from <time>', 'written from this time on: ISO 8601, or 24h, 7d, 30m ago', timeOption)
    .option('--to <time>', 'written before this time', timeOption);
}

export function withActOptions(command: Command): Command {
  return command
    .option('--dry-run', 'say how many of what it would be, and do nothing')
    .option('--rate <n>', 'at most so many per second', wholeNumber(1, 1_000_000))
    .option('--yes', 'do not ask');
}

/** What of the parsed options chooses letters. */
export function selectionOf(flags: Selection): Selection {
  const { destination, code, kind, source, person, from, to } = flags;
  const given = Object.entries({ destination, code, kind, source, person, from, to });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** Throws `CommandError` with exit code 2 when the configuration has problems. */
export async function storeOf({ config, workspaceConfig }: StoreFlags): Promise<LetterStore> {
  if (config === undefined && workspaceConfig === undefined) return DEMO_STORE;
  // What is not served is the server's to refuse.
  const loaded = await loadOrFail({
    ...(config === undefined ? {} : { config }),
    ...(workspaceConfig === undefined ? {} : { workspaceConfig, allowUnserved: true }),
  });
  const { log, admin, destinations, sources } = loaded.config;
  return {
    path: log.path,
    log,
    tokenFile: admin.tokenFile,
    destinations: destinations.map(({ id }) => id),
    sources,
  };
}

const DEMO_STORE: LetterStore = {
  path: DEFAULT_DATA_PATH,
  tokenFile: defaultTokenFile(DEFAULT_DATA_PATH),
  log: { kind: 'embedded', path: DEFAULT_DATA_PATH, maxBytes: 10 * 1024 ** 3, retainHours: 24 },
  destinations: ['sandbox'],
  sources: [{ id: 'demo', destinations: null }],
};
