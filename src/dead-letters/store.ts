/** Dead letters as operators meet them: listed and counted without personal data, shown whole, replayed, discarded. */
import { type EventLog, type LetterGroup, LogError, type Replay } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';
import { EVENTS_TOPIC } from '../model/record.ts';
import { replayOf } from './replay-record.ts';
import { filterOf, type Selection, type Wanted } from './selection.ts';
import {
  detailsOf,
  type LetterDetails,
  type LetterSummary,
  type ShownGroup,
  shownGroup,
  summaryOf,
} from './shown.ts';
import { type LetterSource, type Step, stepsOf } from './steps.ts';

export interface ListQuery extends Selection {
  readonly limit: number;
  /** The id after which to go on. */
  readonly after?: string;
  readonly showPayload?: boolean;
}

export interface Tally {
  readonly count: number;
  readonly groups: readonly ShownGroup[];
}

/** How far one call goes: everything that is wanted, or about `limit` letters from `after` on. */
export interface Portion {
  readonly limit?: number;
  /** `next` of the call before. */
  readonly after?: string;
}

export interface ReplayOptions extends Portion {
  /** Attributes and subscriptions too, which may overwrite newer ones. */
  readonly withAttributes?: boolean;
}

export interface Skipped {
  readonly id: string;
  readonly reason: string;
}

export interface ReplayResult {
  readonly replayed: readonly string[];
  /** Those of `replayed` whose attributes or subscriptions stay behind as a letter of the same id. */
  readonly kept: readonly string[];
  /** Letters that cannot be replayed, or not now, and unknown ids: they stay as they are. */
  readonly skipped: readonly Skipped[];
  /** Where the next call goes on; null when this was all. */
  readonly next: string | null;
}

export interface DiscardResult {
  readonly discarded: readonly string[];
  /** Unknown ids. */
  readonly skipped: readonly Skipped[];
  readonly next: string | null;
}

export interface DeadLetters {
  list(query: ListQuery): Promise<{ readonly letters: readonly LetterSummary[] }>;
  /** How many of what. */
  count(wanted: Wanted): Promise<Tally>;
  show(id: string): Promise<LetterDetails | undefined>;
  /** Puts them back into the log, each for its own destination and only what was not delivered, and deletes them. */
  replay(wanted: Wanted, options?: ReplayOptions): Promise<ReplayResult>;
  /** Deletes them for good. */
  discard(wanted: Wanted, portion?: Portion): Promise<DiscardResult>;
}

export interface DeadLettersOptions {
  readonly log: LetterSource & Pick<EventLog, 'letters' | 'groupLetters' | 'replay' | 'discard'>;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Ids of the configured destinations: a replay for any other would be read by nobody. */
  readonly destinations: readonly string[];
}

const NO_SUCH = 'no such dead letter';

export function createDeadLetters(options: DeadLettersOptions): DeadLetters {
  const { log, now } = options;
  return {
    async list({ limit, after, showPayload, ...selection }) {
      const query = { ...filterOf(selection), limit, ...(after !== undefined && { after }) };
      return { letters: (await log.letters(query)).map((letter) => summaryOf(letter, showPayload)) };
    },
    async count(wanted) {
      const groups =
        'ids' in wanted ? await groupNamed(log, wanted.ids) : await log.groupLetters(filterOf(wanted));
      return { count: groups.reduce((sum, { count }) => sum + count, 0), groups: groups.map(shownGroup) };
    },
    async show(id) {
      const letter = await log.letter(id);
      return letter && detailsOf(letter);
    },
    async replay(wanted, { withAttributes = false, ...portion } = {}) {
      const result = { replayed: [] as string[], kept: [] as string[], skipped: [] as Skipped[] };
      const walk = { log, now: now(), portion };
      const next = await forEachStep(stepsOf(wanted, walk), async (step) => {
        const part = await replayStep(options, step, { at: now(), withAttributes });
        result.replayed.push(...part.replayed);
        result.kept.push(...part.kept);
        result.skipped.push(...part.skipped);
      });
      return { ...result, next };
    },
    async discard(wanted, portion = {}) {
      const discarded: string[] = [];
      const skipped: Skipped[] = [];
      const next = await forEachStep(stepsOf(wanted, { log, now: now(), portion }), async (step) => {
        discarded.push(...(await log.discard(step.letters.map(({ id }) => id))));
        skipped.push(...step.missing.map((id) => ({ id, reason: NO_SUCH })));
      });
      return { discarded, skipped, next };
    },
  };
}

/** Resolves with where the last step ended. */
async function forEachStep(steps: AsyncIterable<Step>, take: (step: Step) => Promise<void>) {
  let next: string | null = null;
  for await (const step of steps) {
    await take(step);
    next = step.next;
  }
  return next;
}

/** A log that is full or closing skips these, and says so: what went before is replayed all the same. */
async function replayStep(
  { log, destinations }: DeadLettersOptions,
  { letters, missing }: Step,
  terms: { readonly at: number; readonly withAttributes: boolean },
): Promise<Omit<ReplayResult, 'next'>> {
  const skipped: Skipped[] = missing.map((id) => ({ id, reason: NO_SUCH }));
  const replays: Replay[] = [];
  for (const letter of letters) {
    const plan = replayOf(letter, terms);
    if ('skip' in plan) skipped.push({ id: letter.id, reason: plan.skip });
    else if (destinations.includes(letter.destination ?? '')) replays.push(plan.replay);
    else
      skipped.push({
        id: letter.id,
        reason: `destination ${letter.destination} is not configured, or detached`,
      });
  }
  if (replays.length === 0) return { replayed: [], kept: [], skipped };
  try {
    const replayed = await log.replay(EVENTS_TOPIC, replays);
    const lost = replays.filter(({ letterId }) => !replayed.includes(letterId));
    skipped.push(...lost.map(({ letterId: id }) => ({ id, reason: 'replayed or discarded meanwhile' })));
    const partly = replays.filter(({ keep = [] }) => keep.length > 0).map(({ letterId }) => letterId);
    return { replayed, kept: partly.filter((id) => replayed.includes(id)), skipped };
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    skipped.push(...replays.map(({ letterId: id }) => ({ id, reason: error.message })));
    return { replayed: [], kept: [], skipped };
  }
}

async function groupNamed(log: LetterSource, ids: readonly string[]): Promise<LetterGroup[]> {
  const groups = new Map<string, LetterGroup>();
  const steps = stepsOf({ ids }, { log, now: 0, portion: {} });
  for await (const { letters } of steps) for (const letter of letters) addTo(groups, letter);
  return [...groups.values()];
}

function addTo(
  groups: Map<string, LetterGroup>,
  { destination, at, outcome: { kind, code } }: DeadLetter,
): void {
  const name = JSON.stringify([destination, kind, code]);
  const known = groups.get(name) ?? { destination, kind, code, count: 0, firstAt: at, lastAt: at };
  const times = { firstAt: Math.min(known.firstAt, at), lastAt: Math.max(known.lastAt, at) };
  groups.set(name, { ...known, count: known.count + 1, ...times });
}
