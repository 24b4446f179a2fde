/** What the log holds: one event's bytes as the sender wrote them, and what ingest knows about it. */
import type { Rejected } from './outcome.ts';

/** The topic of accepted events; the embedded log knows no other. */
export const EVENTS_TOPIC = 'brazier.events';

export interface NewRecord {
  /** The person key: records of one key keep their order. */
  readonly key: string;
  /** The event's JSON text, UTF-8. */
  readonly value: Uint8Array;
  readonly headers: RecordHeaders;
  /** When it was accepted, ms since the epoch. */
  readonly timestamp: number;
}

/** A record where it stands in the log. Offsets of a partition are consecutive. */
export interface LogRecord extends NewRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The stored checksum does not match: the value cannot be trusted. */
  readonly corrupt: boolean;
  /** The same event stands earlier in the partition: found when it is read, by a log whose `append` cannot know. */
  readonly duplicate?: boolean;
  /**
   * It holds no event that this version can read: it has no value at all, or was written by a newer version, or by
   * someone else. Found by a log that others can write to.
   */
  readonly defect?: 'tombstone' | 'unknown_schema';
  /** Of a topic that others write: it holds no event that can be delivered, for its size, its form or its content. */
  readonly fault?: Rejected;
}

/** What travels beside the event's own text, so that ingest need not write it anew. */
export interface RecordHeaders {
  /** Id of the source that accepted it. */
  readonly source: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly receivedAt: string;
  /** The envelope's `sentAt`, as sent. */
  readonly sentAt?: string;
  /** Made by ingest when the event had none. */
  readonly messageId?: string;
  /** The type that a single-call route gives (`/v1/track`). */
  readonly type?: string;
  /** JSON text of the envelope's `context` and `integrations`, the defaults under the event's own. */
  readonly envelope?: string;
  /** W3C trace context of the request. */
  readonly traceparent?: string;
  /**
   * Set where an event that links two identities was appended more than once, because partitions keep no order among one
   * another: `link` and `merge` under the key of the identity that goes, `rest` under the person's.
   */
  readonly half?: 'link' | 'merge' | 'rest';
  /** Set on a replayed record: the one destination it is for. */
  readonly replayDestination?: string;
  /**
   * Set on a replayed record: comma-separated parts still to send, a kind alone meaning every part of it; absent
   * means all.
   */
  readonly replayParts?: string;
  /** Set on a replayed record: comma-separated kinds of operations that are not sent again. */
  readonly replayWithout?: string;
}
