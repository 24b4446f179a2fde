import type { Rejected } from './outcome.ts';
import type { NewRecord } from './record.ts';

/** An operation of the letter's record that was not delivered, and why. */
export interface UndeliveredPart {
  readonly part: string;
  readonly outcome: Rejected;
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
}
