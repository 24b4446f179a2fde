/** `brazier destinations`: how each stands, letting go of one that holds the log, and taking it on again. */
import { Command } from 'commander';
import type { ActResult, DestinationListing } from '../admin/destinations-routes.ts';
import { CommandError } from './command-error.ts';
import { confirm } from './confirm.ts';
import { withDestinations } from './destinations-access.ts';
import { type StoreFlags, storeOf, withStoreOptions } from './letters-options.ts';
import { isForPeople, printJson, table } from './letters-shown.ts';

const EXAMPLES = `
Examples (without --config: the demo's):
  $ npm run -s brazier -- destinations list --config brazier.yaml
      state, events behind, the age of the oldest, and about what the log keeps for each
  $ npm run -s brazier -- destinations detach --config brazier.yaml braze
      lets go of it: says how many events are not delivered to it, and asks
  $ npm run -s brazier -- destinations attach --config brazier.yaml braze
      takes it on again, from what comes from now on; \`replay\` sends what the log still holds

A detached destination stays so over restarts, until it is attached or taken out of the configuration. Tables on a
terminal, JSON otherwise and with --json. Exit codes: 0 ok, 1 failed, 2 usage, configuration, or nobody there to confirm.`;

interface Flags extends StoreFlags {
  readonly json?: boolean;
  readonly yes?: boolean;
}

export function destinationsCommand(): Command {
  const command = new Command('destinations')
    .description('Show how the destinations stand; let go of one, or take it on again')
    .addHelpText('after', EXAMPLES);
  withStoreOptions(command.command('list').description('Show each destination')).action(list);
  withStoreOptions(
    command.command('detach <id>').description('Let go of what it was not sent, and of the rest'),
  )
    .option('--yes', 'do not ask')
    .action(detach);
  withStoreOptions(command.command('attach <id>').description('Take it on again, from now on')).action(
    attach,
  );
  return command;
}

async function list(flags: Flags): Promise<void> {
  const listings = await withDestinations(await storeOf(flags), (acts) => acts.list());
  if (isForPeople(flags.json)) process.stdout.write(destinationTable(listings));
  else for (const listing of listings) printJson(listing);
}

async function detach(id: string, flags: Flags): Promise<void> {
  await withDestinations(await storeOf(flags), async (acts) => {
    const listing = (await acts.list()).find((each) => each.id === id);
    if (!listing) throw unknown(id);
    if (listing.state === 'detached') throw new CommandError(`destination ${id} is detached already`);
    await confirm(questionOf(listing), flags.yes === true);
    const result = await acts.detach(id);
    tell(id, result, flags, (events) => `${id} is detached: ${eventsText(events)} not delivered to it\n`);
  });
}

async function attach(id: string, flags: Flags): Promise<void> {
  const result = await withDestinations(await storeOf(flags), (acts) => acts.attach(id));
  tell(id, result, flags, () => `${id} is attached: it is sent what comes from now on\n`);
}

function tell(id: string, result: ActResult, { json }: Flags, text: (events: number) => string): void {
  if (!result.ok) {
    throw result.reason === 'unknown' ? unknown(id) : new CommandError(`destination ${id} stands so already`);
  }
  if (isForPeople(json)) process.stdout.write(text(result.events));
  else printJson({ id, events: result.events });
}

function unknown(id: string): CommandError {
  return new CommandError(`there is no destination ${id}; \`destinations list\` shows the ids`);
}

function questionOf({ id, unsettled, halted }: DestinationListing): string {
  const why = halted ? ` It is halted (${halted.code}): what is mended goes on by itself.` : '';
  return `This lets go of ${id}: ${eventsText(unsettled)} not delivered to it, nor what comes until it is attached again.${why}`;
}

function eventsText(events: number): string {
  return events === 1 ? '1 event is' : `${events} events are`;
}

export function destinationTable(listings: readonly DestinationListing[]): string {
  const rows = listings.map((each) => [
    each.id,
    each.halted ? `${each.state}: ${each.halted.code}` : each.state,
    ...[each.backlog, each.inFlight, each.parked, each.unsettled].map(String),
    each.oldestAgeSeconds === null ? '–' : `${Math.round(each.oldestAgeSeconds)} s`,
    `${(each.heldBytes / 1024 ** 2).toFixed(1)} MiB`,
  ]);
  const head = ['destination', 'state', 'backlog', 'in flight', 'parked', 'unsettled', 'oldest', 'held'];
  return table(head, rows);
}
