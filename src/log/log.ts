/**
 * The durable, ordered store between accepting and delivering. This file is the interface that every log
 * implements and that test/contract holds them to.
 *
 * Rules:
 * - what `append` resolved is read, in order per partition, also after a restart
 * - same key, same partition
 * - uncommitted records come again after a restart, committed ones do not
 * - groups are independent of one another
 * - a commit after the chunk's partition was lost does nothing
 * - reading is pulled: nothing is read ahead of what the caller asks for
 * - abort ends the iteration without an error; close waits for running appends
 * - after a failed write nothing further is acknowledged on that handle
 */
import type { DeadLetter, UndeliveredPart } from '../model/dead-letter.ts';
import type { LogRecord, NewRecord } from '../model/record.ts';
import type { NotedQuery, NotedRequest, RequestNote, RequestNotes } from './request-note.ts';

export interface AppendRecord extends NewRecord {
  /** Remembered for at least 24 hours: a record whose id is known is dropped as a duplicate. Absent: not guarded. */
  readonly guardId?: string;
}

export interface AppendResult {
  /** Indices of the records that were dropped as duplicates, ascending. */
  readonly duplicates: readonly number[];
}

/** Half-open: `from` is in it, `to` is not. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

export interface Progress {
  /** The first offset that has no final outcome: everything below it is done. */
  readonly watermark: number;
  /** Settled ranges above the watermark: sorted, disjoint, not touching one another. */
  readonly settled: readonly OffsetRange[];
}

/** Consecutive records of one partition, none of them settled for this group. */
export interface Chunk {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly count: number;
  /** Value bytes of all its records. */
  readonly bytes: number;
  /** Aborted when the partition is lost: its commits are ignored from then on. */
  readonly lost: AbortSignal;
  /**
   * The group's progress when reading of this partition began. Settled ranges of it that were not reached yet belong
   * into every commit, or a crash would have them delivered again.
   */
  readonly resumed: Progress;
  /** Cuts the record at `index` (0 ≤ index < count) out of the stored bytes; each call makes a new object. */
  record(index: number): LogRecord;
}

export interface GroupStart {
  readonly group: string;
  /** Where a group that the log does not know yet begins. */
  readonly start: 'beginning' | 'end';
}

/** Where a group stands, by its durable progress. */
export interface GroupStanding {
  readonly group: string;
  /** It has been let go of: it has no place in the log, and nothing is kept for it. */
  readonly detached: boolean;
  /** Records that it has not settled; none of a detached one. */
  readonly unsettled: number;
  /** About what the log holds for it: its share of the records. */
  readonly bytes: number;
  /** When the oldest of them was written, ms since the epoch; null without any. */
  readonly oldestAt: number | null;
}

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

export interface ScanRange {
  /** When the record was accepted, ms since the epoch, half-open. */
  readonly from: number;
  readonly to: number;
  /** The first offset to look at. Default: the first that is held. */
  readonly offset?: number;
}

export interface LogStats {
  /** Bytes on disk (memory: of values). */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Dead letters by destination; the key is '' for those that ingest turned away. */
  readonly letters: ReadonlyMap<string, number>;
  /** What the letters hold (memory: of values); a part of `bytes`. */
  readonly letterBytes: number;
  /** When the oldest letter was written; null without letters. */
  readonly oldestLetterAt: number | null;
  /** Letters dropped by retention since the log was opened: for their age, and for the room. */
  readonly lettersDropped: LettersDropped;
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

export interface EventLog {
  /**
   * One transaction: the records, the dead letters of ingest, the duplicates guard.
   * Resolves only when durable. Rejects with `LogError`.
   */
  append(
    topic: string,
    records: readonly AppendRecord[],
    letters?: readonly DeadLetter[],
  ): Promise<AppendResult>;
  /**
   * Makes the log know exactly these groups from now on: new ones get their durable cursor, the cursors of
   * all others are given up (their names are returned). A detached one stays detached. To be called before `read`.
   */
  attach(groups: readonly GroupStart[]): Promise<readonly string[]>;
  /**
   * Lets go of what a group has not settled, in one durable step: `attach` gives it no place until it is readmitted, or
   * was left out of an `attach`. Resolves with where it stood; undefined when it has no place.
   */
  detach(group: string): Promise<GroupStanding | undefined>;
  /** Gives a detached group a place again, durably, at the log's end; `attach` then knows it. False when it is not detached. */
  readmit(group: string): Promise<boolean>;
  /** Every group with a place and every detached one, by name. */
  groups(): Promise<readonly GroupStanding[]>;
  /** The records of `topics` that `group` has not settled, from its progress on, then as they are appended. */
  read(group: string, topics: readonly string[], signal: AbortSignal): AsyncIterable<Chunk>;
  /** Makes progress durable, in one transaction with its letters. Ignored when the chunk's `lost` has fired. */
  commit(
    group: string,
    topic: string,
    partition: number,
    progress: Progress,
    letters?: readonly DeadLetter[],
  ): Promise<void>;
  /**
   * Records appended that `group` has neither read in this process nor settled before it; of a detached group, those
   * appended in this process since.
   */
  backlog(group: string): number;
  stats(): LogStats;
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
  /**
   * The records accepted in a time, whatever the groups have settled, in order, as far as they are still held and were
   * appended before this call. Damaged ones are among them, with the time at which they were written.
   */
  scan(topic: string, range: ScanRange, signal: AbortSignal): AsyncIterable<readonly LogRecord[]>;
  /** The records at these offsets (ascending), as far as they are held; in order. */
  fetch(topic: string, partition: number, offsets: readonly number[]): Promise<readonly LogRecord[]>;
  /** The records that carry this messageId, as far as they are held; newest first. */
  find(topic: string, messageId: string, signal: AbortSignal): Promise<readonly LogRecord[]>;
  /** Resolves when the notes are durable; they ride in the commit of whatever is written at that moment. */
  note(group: string, notes: RequestNotes): Promise<void>;
  /**
   * Requests of the group that were noted and never ended, oldest first: after a crash, those that were under way. Of
   * their operations those whose records the group has settled are left out.
   */
  unfinished(group: string): Promise<readonly RequestNote[]>;
  /** Noted requests as far as they are kept, newest first. */
  requests(query: NotedQuery): Promise<readonly NotedRequest[]>;
  /** Resolves when the store can be written; rejects with `LogError`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type LogErrorCode =
  /** `maxBytes` is reached: shed load until delivery and retention make room. */
  | 'log_full'
  /** The disk is full: recovers when space is freed. */
  | 'disk_full'
  /** A write failed: nothing more is acknowledged on this handle, the process must end. */
  | 'log_failing'
  | 'log_closing'
  /** Another process has the store. */
  | 'log_locked'
  /** The store cannot be opened as it is: not writable, damaged, or of a newer version. */
  | 'log_unusable';

export class LogError extends Error {
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogError';
    this.code = code;
  }
}
