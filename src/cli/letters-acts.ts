/** Replaying and discarding from the command line: counted, confirmed, in portions, with a bar. */
import type { Selection, Wanted } from '../dead-letters/selection.ts';
import type { DeadLetters, Skipped, Tally } from '../dead-letters/store.ts';
import { systemClock } from '../model/time.ts';
import { CommandError } from './command-error.ts';
import { confirm } from './confirm.ts';
import { withLetters } from './letters-access.ts';
import { type ActFlags, selectionOf, storeOf } from './letters-options.ts';
import { groupTable, isForPeople, printJson, tallyText } from './letters-shown.ts';
import { createPace } from './pace.ts';
import { createProgress } from './progress.ts';

export interface LetterActFlags extends ActFlags, Selection {
  readonly all?: boolean;
  readonly withAttributes?: boolean;
}

/** Letters of one call: about 200 are one transaction. */
const MOST_AT_ONCE = 200;

/** A replay of more than so many is worth a question. */
const UNASKED = 100;

export async function replayLetters(ids: readonly string[], flags: LetterActFlags): Promise<void> {
  const wanted = wantedOf(ids, flags);
  const result = { replayed: [] as string[], kept: [] as string[], skipped: [] as Skipped[] };
  const withAttributes = flags.withAttributes === true;
  await act(wanted, flags, {
    result,
    isAsked: (count) => count > UNASKED || (flags.all === true && count > 0),
    question: (tally) => `This delivers ${tallyText(tally)} again.`,
    async take(deadLetters, portion, range) {
      const { next, ...part } = await deadLetters.replay(portion, { ...range, withAttributes });
      result.replayed.push(...part.replayed);
      result.kept.push(...part.kept);
      result.skipped.push(...part.skipped);
      return { next, count: part.replayed.length + part.skipped.length };
    },
    summary: () => `replayed ${result.replayed.length}, of ${result.kept.length} the attributes stay`,
  });
  failWith(result.skipped, 'replayed');
}

export async function discardLetters(ids: readonly string[], flags: LetterActFlags): Promise<void> {
  const result = { discarded: [] as string[], skipped: [] as Skipped[] };
  await act(wantedOf(ids, flags), flags, {
    result,
    isAsked: (count) => count > 0,
    question: (tally) => `This deletes ${tallyText(tally)} for good: they are never delivered.`,
    async take(deadLetters, portion, range) {
      const { next, discarded, skipped } = await deadLetters.discard(portion, range);
      result.discarded.push(...discarded);
      result.skipped.push(...skipped);
      return { next, count: discarded.length + skipped.length };
    },
    summary: () => `discarded ${result.discarded.length}`,
  });
  failWith(result.skipped, 'discarded');
}

interface Act {
  readonly result: { readonly skipped: readonly Skipped[] };
  readonly isAsked: (count: number) => boolean;
  readonly question: (tally: Tally) => string;
  readonly take: (
    deadLetters: DeadLetters,
    wanted: Wanted,
    range: { readonly limit?: number; readonly after?: string },
  ) => Promise<{ readonly next: string | null; readonly count: number }>;
  readonly summary: () => string;
}

async function act(wanted: Wanted, flags: LetterActFlags, doing: Act): Promise<void> {
  await withLetters(await storeOf(flags), async ({ deadLetters }) => {
    const tally = await deadLetters.count(wanted);
    if (flags.dryRun === true) return show({ dryRun: true, ...tally }, groupTable(tally), flags);
    if (doing.isAsked(tally.count)) await confirm(doing.question(tally), flags.yes === true);
    try {
      await inPortions(wanted, tally.count, flags, (portion, range) =>
        doing.take(deadLetters, portion, range),
      );
    } finally {
      // Also when it failed half-way: what was done is done.
      const skipped = doing.result.skipped.map(({ id, reason }) => `${id}: ${reason}\n`).join('');
      show(doing.result, `${skipped}${doing.summary()}\n`, flags);
    }
  });
}

type Take = (
  wanted: Wanted,
  range: { readonly limit?: number; readonly after?: string },
) => Promise<{ readonly next: string | null; readonly count: number }>;

async function inPortions(wanted: Wanted, total: number, { rate }: ActFlags, take: Take): Promise<void> {
  const pace = createPace(rate, MOST_AT_ONCE, systemClock);
  const progress = createProgress('ids' in wanted ? wanted.ids.length : total);
  const took = async (count: number): Promise<void> => {
    progress.add(count);
    await pace.taken(count);
  };
  try {
    if ('ids' in wanted) {
      for (let index = 0; index < wanted.ids.length; index += pace.size) {
        await took((await take({ ids: wanted.ids.slice(index, index + pace.size) }, {})).count);
      }
      return;
    }
    for (let after: string | null | undefined; after !== null; ) {
      const range = { limit: pace.size, ...(after !== undefined && { after }) };
      const { next, count } = await take(wanted, range);
      await took(count);
      after = next;
    }
  } finally {
    progress.end();
  }
}

/** What is meant is said, never guessed. */
function wantedOf(ids: readonly string[], flags: LetterActFlags): Wanted {
  const selection = selectionOf(flags);
  const isSelected = Object.keys(selection).length > 0;
  const ways = [ids.length > 0, isSelected, flags.all === true].filter(Boolean).length;
  if (ways !== 1) {
    throw new CommandError('say which letters: ids, or filters (--destination, --code …), or --all', 2);
  }
  return ids.length > 0 ? { ids } : selection;
}

function show(value: unknown, text: string, { json }: ActFlags): void {
  if (isForPeople(json)) process.stdout.write(text);
  else printJson(value);
}

function failWith(skipped: readonly Skipped[], done: string): void {
  if (skipped.length > 0) throw new CommandError(`${skipped.length} were not ${done}`);
}
