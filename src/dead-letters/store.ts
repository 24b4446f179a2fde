/** Dead letters as operators meet them: listed without personal data, shown whole, replayed. */
import { type EventLog, LogError, type Replay } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';
import { EVENTS_TOPIC } from '../model/record.ts';
import { replayOf } from './letter.ts';

/** What a listing shows: no payload. */
export interface LetterSummary {
  readonly id: string;
  /** Null: turned away at ingest. */
  readonly destination: string | null;
  readonly source: string;
  /** ISO 8601. */
  readonly at: string;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  /** Parts that were not delivered; null means the whole event. */
  readonly undelivered: readonly string[] | null;
}

export interface LetterDetails extends LetterSummary {
  readonly issues: readonly { readonly path: string; readonly message: string }[];
  readonly parts: readonly { readonly part: string; readonly code: string; readonly message: string }[];
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The event as it was sent. */
  readonly payload: string;
}

export interface ReplayResult {
  readonly replayed: readonly string[];
  /** Letters that cannot be replayed, or not now, and unknown ids: they stay as they are. */
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
}

/** Ids, or every letter of a destination, or (neither) every letter. */
export type ReplayQuery = { readonly ids: readonly string[] } | { readonly destination?: string };

export interface DeadLetters {
  list(query: { limit: number; destination?: string; after?: string }): Promise<{
    readonly letters: readonly LetterSummary[];
  }>;
  show(id: string): Promise<LetterDetails | undefined>;
  /** Puts them back into the log, each for its own destination and only what was not delivered, and deletes them. */
  replay(query: ReplayQuery): Promise<ReplayResult>;
}

/** Letters replayed in one transaction. */
const REPLAY_BATCH = 200;

type LetterLog = Pick<EventLog, 'letters' | 'letter' | 'replay'>;

export interface DeadLettersOptions {
  readonly log: LetterLog;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Ids of the configured destinations: a replay for any other would be read by nobody. */
  readonly destinations: readonly string[];
}

export function createDeadLetters({ log, now, destinations }: DeadLettersOptions): DeadLetters {
  return {
    async list(query) {
      return { letters: (await log.letters(query)).map(summaryOf) };
    },
    async show(id) {
      const letter = await log.letter(id);
      return letter && detailsOf(letter);
    },
    async replay(query) {
      const skipped: { id: string; reason: string }[] = [];
      const replayed: string[] = [];
      const ids = 'ids' in query ? query.ids : await allIds(log, query);
      for await (const letters of named(log, ids, skipped)) {
        replayed.push(...(await replayBatch(log, letters, { skipped, at: now(), destinations })));
      }
      return { replayed, skipped };
    },
  };
}

type Skipped = { id: string; reason: string }[];

async function* named(log: LetterLog, ids: readonly string[], skipped: Skipped) {
  for (let index = 0; index < ids.length; index += REPLAY_BATCH) {
    const batch = ids.slice(index, index + REPLAY_BATCH);
    const letters = await Promise.all(batch.map((id) => log.letter(id)));
    for (const [position, id] of batch.entries()) {
      if (!letters[position]) skipped.push({ id, reason: 'no such dead letter' });
    }
    yield letters.filter((letter) => letter !== undefined);
  }
}

/**
 * The ids of all letters there are now, oldest first, so that a person's letters go back in their order. Ids alone:
 * there may be many, and a replayed letter may come back as a new one.
 */
async function allIds(log: LetterLog, { destination }: { readonly destination?: string }): Promise<string[]> {
  const ids: string[] = [];
  const scope = destination === undefined ? {} : { destination };
  for (let page: readonly DeadLetter[] | undefined; page?.length !== 0; ) {
    const after = ids.at(-1);
    page = await log.letters({ limit: REPLAY_BATCH, ...scope, ...(after === undefined ? {} : { after }) });
    ids.push(...page.map(({ id }) => id));
  }
  return ids.reverse();
}

interface Batch {
  readonly skipped: Skipped;
  readonly at: number;
  readonly destinations: readonly string[];
}

/** A log that is full or closing skips these, and says so: what went before is replayed all the same. */
async function replayBatch(
  log: LetterLog,
  letters: readonly DeadLetter[],
  { skipped, at, destinations }: Batch,
): Promise<readonly string[]> {
  const replays: Replay[] = [];
  for (const letter of letters) {
    const replay = replayOf(letter, at);
    if (!replay) skipped.push({ id: letter.id, reason: 'turned away at ingest: mend it and send it again' });
    else if (destinations.includes(letter.destination ?? '')) replays.push(replay);
    else skipped.push({ id: letter.id, reason: `destination ${letter.destination} is not configured` });
  }
  if (replays.length === 0) return [];
  try {
    return await log.replay(EVENTS_TOPIC, replays);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    skipped.push(...replays.map(({ letterId: id }) => ({ id, reason: error.message })));
    return [];
  }
}

function summaryOf({ id, destination, at, record, outcome, undelivered }: DeadLetter): LetterSummary {
  return {
    id,
    destination,
    source: record.headers.source,
    at: new Date(at).toISOString(),
    kind: outcome.kind,
    code: outcome.code,
    message: outcome.message,
    undelivered: undelivered?.map(({ part }) => part) ?? null,
  };
}

function detailsOf(letter: DeadLetter): LetterDetails {
  const { outcome, undelivered, record } = letter;
  return {
    ...summaryOf(letter),
    issues: outcome.issues,
    parts: (undelivered ?? []).map(({ part, outcome: { code, message } }) => ({ part, code, message })),
    headers: { ...record.headers },
    payload: Buffer.from(record.value).toString(),
  };
}
