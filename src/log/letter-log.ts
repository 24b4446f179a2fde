/** What can be asked of the log's dead letters and done with them, and what of them is kept: a part of the log's interface. */
import type { DeadLetter, UndeliveredPart } from '../model/dead-letter.ts';
import type { NewRecord } from '../model/record.ts';

/** All of them hold for a letter that is meant; none: every letter. */
export interface LetterFilter {
  /** '' for those that ingest turned away. */
  readonly destination?: string;
  readonly code?: string;
  readonly kind?: string;
  readonly source?: string;
  /** Keys of persons, any of them. */
  readonly persons?: readonly string[];
  /** When the letter was written, ms since the epoch, half-open. */
  readonly from?: number;
  readonly to?: number;
}

export interface LetterQuery extends LetterFilter {
  readonly limit: number;
  /** The id after which to go on, for paging; newest first. */
  readonly after?: string;
}

export interface LetterWalk extends LetterFilter {
  readonly limit: number;
  /** `next` of the stretch before. */
  readonly after?: string;
}

/** Letters in the order in which they were written, oldest first; fewer than asked for when they are large. */
export interface LetterStretch {
  readonly letters: readonly DeadLetter[];
  /** Where the walk goes on, also when the letters of this stretch are gone by then; null at the end. */
  readonly next: string | null;
}

/** Letters of one destination and one code. */
export interface LetterGroup {
  readonly destination: string | null;
  readonly kind: string;
  readonly code: string;
  readonly count: number;
  /** ms since the epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** A letter and the record that stands in for it. */
export interface Replay {
  readonly letterId: string;
  readonly record: NewRecord;
  /** The letter's parts as it was read; a letter that has others by now has been replayed by somebody else. */
  readonly parts: readonly string[] | null;
  /** What stays of the letter. Absent or empty: the letter goes. */
  readonly keep?: readonly UndeliveredPart[];
}

export interface LettersDropped {
  readonly age: number;
  readonly bytes: number;
}

/** How long letters stay and how much they may hold; what is beyond it is dropped, oldest first, and counted. */
export interface LetterLimits {
  readonly retainMs: number;
  readonly maxBytes: number;
}

export interface LetterLog {
  letters(query: LetterQuery): Promise<readonly DeadLetter[]>;
  letter(id: string): Promise<DeadLetter | undefined>;
  /** Oldest first, for what goes through all of them and takes some out on the way. */
  walkLetters(walk: LetterWalk): Promise<LetterStretch>;
  /** Ordered by destination, kind and code. */
  groupLetters(filter: LetterFilter): Promise<readonly LetterGroup[]>;
  /**
   * One transaction: appends the records and deletes their letters, or leaves of them what is to be kept; letters that
   * are gone or have changed are left out. Resolves with the ids that were replayed, when durable.
   */
  replay(topic: string, replays: readonly Replay[]): Promise<readonly string[]>;
  /** Deletes letters. Resolves with the ids of those there were, when durable. */
  discard(ids: readonly string[]): Promise<readonly string[]>;
}
