import type { Rejected } from './outcome.ts';
import type { NewRecord } from './record.ts';

/** An operation of the letter's record that was not delivered, and why. */
export interface UndeliveredPart {
  readonly part: string;
  readonly outcome: Rejected;
}

/** The last request that carried a part of the letter, and what Braze said to it. */
export interface LetterDelivery {
  /** Requests that carried it, retries included. */
  readonly attempts: number;
  /** ms since the epoch. */
  readonly firstAttemptAt: number;
  readonly lastAttemptAt: number;
  /** Path, e.g. `/users/track`. */
  readonly endpoint: string;
  /** Objects in that request, those of other events included. */
  readonly objects: number;
  /** Null when no reply came. */
  readonly status: number | null;
  /** The reply's text as far as it is kept; '' when there was none. May quote what was sent. */
  readonly reply: string;
}

/** A record that ended without delivery, with its outcome. */
export interface DeadLetter {
  /** The same record of the same destination always has the same id, so that a repeat is the same letter. */
  readonly id: string;
  /** Null when ingest turned the event away before any destination saw it. */
  readonly destination: string | null;
  /** ms since the epoch. */
  readonly at: number;
  /** Where the record stood: `topic/partition/offset`, or null for one that ingest turned away. */
  readonly position: string | null;
  readonly record: NewRecord;
  readonly outcome: Rejected;
  /** The parts not delivered; null when none was (the event itself was rejected). */
  readonly undelivered: readonly UndeliveredPart[] | null;
  /** Absent when nothing was ever sent of it, and in letters of older versions. */
  readonly delivery?: LetterDelivery;
}
