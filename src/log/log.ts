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
 * - after a failed write nothing further is acknowledged on that handle (Kafka's clients recover: `log_unavailable`)
 */
import type { DeadLetter } from '../model/dead-letter.ts';
import type { LinkHalves } from '../model/halves.ts';
import type { LogRecord, NewRecord } from '../model/record.ts';
import type { GroupLog } from './group-log.ts';
import type { LetterLog, LettersDropped } from './letter-log.ts';
import type { RequestLog } from './request-note.ts';

export type {
  GroupLog,
  GroupStanding,
  GroupStart,
  Member,
  Membership,
  PartitionStanding,
} from './group-log.ts';
export type {
  LetterFilter,
  LetterGroup,
  LetterLimits,
  LetterLog,
  LetterQuery,
  LetterStretch,
  LettersDropped,
  LetterWalk,
  Replay,
} from './letter-log.ts';
export { LogError, type LogErrorCode } from './log-error.ts';
export type {
  NotedAttempt,
  NotedOperation,
  NotedQuery,
  NotedRequest,
  RequestEnd,
  RequestLog,
  RequestNote,
  RequestNotes,
} from './request-note.ts';

export interface AppendRecord extends NewRecord {
  /** Remembered for at least 24 hours: a record whose id is known is dropped as a duplicate. Absent: not guarded. */
  readonly guardId?: string;
  /**
   * 32 bits of what the record says. A known id with other content is no duplicate: it is appended, and named as a
   * conflict. Absent: whatever has the id is a duplicate.
   */
  readonly guardContent?: number;
  /** Set on an event that links two identities; for a log whose partitions keep no order among one another. */
  readonly halves?: LinkHalves;
}

export interface AppendResult {
  /** Indices of the records that were dropped as duplicates, ascending. Kafka knows them when they are read. */
  readonly duplicates: readonly number[];
  /** Indices of the records that were appended although their id was known, with other content; absent without any. */
  readonly conflicts?: readonly number[];
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

export interface ScanRange {
  /** When the record was accepted, ms since the epoch, half-open. */
  readonly from: number;
  readonly to: number;
  /** By partition the first offset to look at. Default, also for one that is not named: the first that is held. */
  readonly offsets?: ReadonlyMap<number, number>;
  /** About how many are wanted of them: a log far away fetches no more than it takes. */
  readonly most?: number;
}

/** With what the guard goes by, from a log that may hold an event twice: its `append` cannot know. */
export interface ScannedRecord extends LogRecord {
  readonly guardId?: string;
  readonly guardContent?: number;
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

/** The groups' part, the letters' and the requests' have files of their own; what they speak of is exported here too. */
export interface EventLog extends GroupLog, LetterLog, RequestLog {
  /** The largest value that `append` takes, bytes. */
  readonly maxValueBytes: number;
  /**
   * One transaction: the records, the dead letters of ingest, the duplicates guard.
   * Resolves only when durable. Rejects with `LogError`.
   */
  append(
    topic: string,
    records: readonly AppendRecord[],
    letters?: readonly DeadLetter[],
  ): Promise<AppendResult>;
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
  stats(): LogStats;
  /**
   * The records accepted in a time, whatever the groups have settled, in order, as far as they are still held and were
   * appended before this call. Damaged ones are among them, with the time at which they were written.
   */
  scan(topic: string, range: ScanRange, signal: AbortSignal): AsyncIterable<readonly ScannedRecord[]>;
  /** The records at these offsets (ascending), as far as they are held; in order. An abort may end it with fewer. */
  fetch(
    topic: string,
    partition: number,
    offsets: readonly number[],
    signal?: AbortSignal,
  ): Promise<readonly LogRecord[]>;
  /**
   * Of offsets (ascending) that once held records and that a fetch passes over, those at which nothing will ever be read
   * again; perhaps not all of them at once. The others have only to be waited for. May reject when aborted.
   */
  gone(
    topic: string,
    partition: number,
    offsets: readonly number[],
    signal?: AbortSignal,
  ): Promise<readonly number[]>;
  /** The records that carry this messageId, as far as they are held; newest first. */
  find(topic: string, messageId: string, signal: AbortSignal): Promise<readonly LogRecord[]>;
  /** Resolves when the store can be written; rejects with `LogError`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
