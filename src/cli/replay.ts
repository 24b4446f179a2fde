/** `brazier replay`: what the log still holds of a time goes to one destination again. */
import { Command } from 'commander';
import type { Resend, ResendCount, ResendQuery, ResendResult } from '../dead-letters/resend.ts';
import { systemClock } from '../model/time.ts';
import { CommandError } from './command-error.ts';
import { confirm } from './confirm.ts';
import { withLetters } from './letters-access.ts';
import { type ActFlags, storeOf, withActOptions, withStoreOptions } from './letters-options.ts';
import { isForPeople, printJson } from './letters-shown.ts';
import { createPace } from './pace.ts';
import { createProgress } from './progress.ts';
import { timeOption } from './values.ts';

const EXAMPLES = `
Examples:
  $ npm run -s brazier -- replay --config brazier.yaml --destination braze-eu --from 24h --dry-run
      how many events that would be
  $ npm run -s brazier -- replay --config brazier.yaml --destination braze-eu --from 24h --rate 500

Braze counts these events and purchases again: it has no way to know that they came before. Interrupted, it goes on when
the same is asked again: an event goes to a destination by this command once in 24 hours, unless --again. Exit codes: 0 ok,
1 failed, 2 usage, configuration, or nobody there to confirm.`;

interface ReplayFlags extends ActFlags {
  readonly destination: string;
  readonly from: number;
  readonly to?: number;
  readonly source?: string;
  readonly withAttributes?: boolean;
  readonly again?: boolean;
}

/** Events of one call. */
const MOST_AT_ONCE = 2_000;

export function replayCommand(): Command {
  const command = new Command('replay')
    .description('Send what the log still holds of a time to a destination again')
    .requiredOption('--destination <id>', 'the destination they go to, and no other')
    .requiredOption('--from <time>', 'accepted from this time on: ISO 8601, or 24h, 7d, 30m ago', timeOption)
    .option('--to <time>', 'accepted before this time (default: now)', timeOption)
    .option('--source <id>', 'only those of this source')
    .option('--with-attributes', 'attributes and subscriptions too: they may overwrite newer ones')
    .option('--again', 'also what this command sent there in the last 24 hours');
  return withActOptions(withStoreOptions(command)).addHelpText('after', EXAMPLES).action(replay);
}

async function replay(flags: ReplayFlags): Promise<void> {
  const { destination, from, to = Date.now(), source, dryRun, yes, json } = flags;
  const store = await storeOf(flags);
  if (!store.destinations.includes(destination)) {
    throw new CommandError(
      `destination ${destination} is not configured: ${store.destinations.join(', ')} are`,
      2,
    );
  }
  const query = { destination, from, to, ...(source !== undefined && { source }) };
  await withLetters(store, async ({ resend }) => {
    const count = await resend.count(query);
    if (dryRun === true) return show({ dryRun, ...count }, `${countText(count)}\n`, json);
    if (count.events > 0) await confirm(questionOf(count, flags), yes === true);
    const result = { sent: 0, already: 0 };
    try {
      await sendAll(resend, query, { ...flags, total: count.events, result });
    } finally {
      const text = `${result.sent} events go to ${destination} again; ${result.already} had gone before\n`;
      show(result, text, json);
    }
  });
}

interface Run extends ReplayFlags {
  readonly total: number;
  readonly result: { sent: number; already: number };
}

async function sendAll(resend: Resend, query: ResendQuery, run: Run): Promise<void> {
  const { rate, total, result, withAttributes = false, again = false } = run;
  const pace = createPace(rate, MOST_AT_ONCE, systemClock);
  const progress = createProgress(total);
  try {
    const terms = { limit: pace.size, withAttributes, again };
    for (let after: string | null | undefined; after !== null; ) {
      const place = after === undefined ? {} : { after };
      const { sent, already, next }: ResendResult = await resend.send(query, { ...terms, ...place });
      result.sent += sent;
      result.already += already;
      progress.add(sent + already);
      await pace.taken(sent);
      after = next;
    }
  } finally {
    progress.end();
  }
}

function questionOf(count: ResendCount, { destination, withAttributes }: ReplayFlags): string {
  const state = withAttributes
    ? 'Attributes and subscriptions go too and may overwrite newer ones.'
    : 'Attributes and subscriptions are left out (--with-attributes sends them).';
  return `This sends ${countText(count)} to ${destination} again. Braze counts their events and purchases again. ${state}`;
}

function countText({ events, firstAt, lastAt }: ResendCount): string {
  if (firstAt === null || lastAt === null) return '0 events';
  const [first, last] = [firstAt, lastAt].map((at) => new Date(at).toISOString());
  return `${events} ${events === 1 ? 'event' : 'events'}, accepted from ${first} to ${last},`;
}

function show(value: unknown, text: string, json: boolean | undefined): void {
  if (isForPeople(json)) process.stdout.write(text);
  else printJson(value);
}
