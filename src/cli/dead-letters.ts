/** `brazier dead-letters`: asks the running server, or opens the store itself when none runs. */
import { Command } from 'commander';
import type { Selection } from '../dead-letters/selection.ts';
import type { LetterSummary } from '../dead-letters/shown.ts';
import type { ListQuery, Tally } from '../dead-letters/store.ts';
import { CommandError } from './command-error.ts';
import { withLetters } from './letters-access.ts';
import { discardLetters, type LetterActFlags, replayLetters } from './letters-acts.ts';
import {
  type StoreFlags,
  selectionOf,
  storeOf,
  withActOptions,
  withSelectionOptions,
  withStoreOptions,
} from './letters-options.ts';
import { groupTable, isForPeople, letterTable, printJson } from './letters-shown.ts';
import { wholeNumber } from './values.ts';

const EXAMPLES = `
Examples (without --config: the demo's):
  $ npm run -s brazier -- dead-letters list --summary
      how many of which code, since when
  $ npm run -s brazier -- dead-letters list --config brazier.yaml --destination braze --from 24h --limit 20
  $ npm run -s brazier -- dead-letters show braze/brazier.events/0/17
      one whole, with the event as it was sent and what Braze said
  $ npm run -s brazier -- dead-letters replay braze/brazier.events/0/17
      only what was not delivered, to its destination alone; what fails again is a new letter
  $ npm run -s brazier -- dead-letters replay --code braze_refused --dry-run
  $ npm run -s brazier -- dead-letters replay --code braze_refused --rate 50 --yes
      attributes stay in their letters, unless --with-attributes: old ones would overwrite newer ones
  $ npm run -s brazier -- dead-letters discard --destination braze --to 7d

Tables on a terminal, JSON otherwise and with --json. Listings show no personal data unless --show-payload, \`show\`
does. Exit codes: 0 ok, 1 failed or not all of it, 2 usage, configuration, or nobody there to confirm.`;

interface ListFlags extends StoreFlags, Selection {
  readonly limit: number;
  readonly after?: string;
  readonly showPayload?: boolean;
  readonly summary?: boolean;
  readonly json?: boolean;
}

export function deadLettersCommand(): Command {
  const command = new Command('dead-letters')
    .description('List, show, replay and discard the events that ended without delivery')
    .addHelpText('after', EXAMPLES);
  const list = command.command('list').description('Show the letters, newest first');
  withSelectionOptions(withStoreOptions(list))
    .option('--summary', 'only how many of which destination and code, the first and the last')
    .option('--limit <n>', 'at most so many, 1 to 1000', wholeNumber(1, 1000), 100)
    .option('--after <id>', 'go on after this letter')
    .option('--show-payload', 'also whom they are about, the reason in words and the event: personal data')
    .action(listLetters);
  withStoreOptions(command.command('show <id>'))
    .description('Show one letter whole, with its event')
    .action(showLetter);
  const replay = command
    .command('replay [ids...]')
    .description('Deliver again what was not delivered; what fails again is a new letter');
  withActOptions(withSelectionOptions(withStoreOptions(replay)))
    .option('--all', 'all letters')
    .option('--with-attributes', 'attributes and subscriptions too: they may overwrite newer ones')
    .action((ids: string[], flags: LetterActFlags) => replayLetters(ids, flags));
  const discard = command.command('discard [ids...]').description('Delete letters for good');
  withActOptions(withSelectionOptions(withStoreOptions(discard)))
    .option('--all', 'all letters')
    .action((ids: string[], flags: LetterActFlags) => discardLetters(ids, flags));
  return command;
}

async function listLetters(flags: ListFlags): Promise<void> {
  await withLetters(await storeOf(flags), async ({ deadLetters }) => {
    if (flags.summary === true) printSummary(await deadLetters.count(selectionOf(flags)), flags);
    else printLetters((await deadLetters.list(listQuery(flags))).letters, flags);
  });
}

function listQuery(flags: ListFlags): ListQuery {
  const { limit, after, showPayload } = flags;
  return {
    ...selectionOf(flags),
    limit,
    ...(after !== undefined && { after }),
    ...(showPayload !== undefined && { showPayload }),
  };
}

function printSummary(tally: Tally, { json }: ListFlags): void {
  if (isForPeople(json)) process.stdout.write(groupTable(tally));
  else for (const group of tally.groups) printJson(group);
}

function printLetters(letters: readonly LetterSummary[], { json }: ListFlags): void {
  if (isForPeople(json)) process.stdout.write(letterTable(letters));
  else for (const letter of letters) printJson(letter);
}

async function showLetter(id: string, flags: StoreFlags): Promise<void> {
  const letter = await withLetters(await storeOf(flags), ({ deadLetters }) => deadLetters.show(id));
  if (!letter) throw new CommandError(`there is no dead letter ${id}; \`dead-letters list\` shows the ids`);
  printJson(letter);
}
