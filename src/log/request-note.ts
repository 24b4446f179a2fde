/**
 * What the log remembers of requests to Braze: noted before a request leaves, completed when every operation of it has
 * its outcome. So that after a crash it is known what was under way, and later what became of an event. A part of the
 * log's interface.
 */

/** One operation of a request, by the record it came from. */
export interface NotedOperation {
  readonly offset: number;
  readonly part: string;
}

export interface RequestNote {
  /** By `newRequestId`. */
  readonly id: number;
  /** When it was to leave, ms since the epoch. */
  readonly at: number;
  readonly endpoint: string;
  readonly topic: string;
  readonly partition: number;
  readonly operations: readonly NotedOperation[];
}

export interface NotedAttempt {
  /** ms since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  /** Null when no reply came. */
  readonly status: number | null;
  /** What it meant: `final`, `split`, `named`, `halt`, or of a retry its code. */
  readonly what: string;
  /** Objects it held: halves hold fewer. */
  readonly objects: number;
}

export interface RequestEnd {
  readonly id: number;
  /** The first few and the last few. */
  readonly attempts: readonly NotedAttempt[];
  readonly attemptCount: number;
  /** The process ended, or a reply was lost, while it was under way: what it held may have been counted twice. */
  readonly doubtful: boolean;
}

export interface RequestNotes {
  readonly begun?: readonly RequestNote[];
  readonly ended?: readonly RequestEnd[];
  /** Somebody waits for it: it does not wait to ride with something else. */
  readonly urgent?: boolean;
}

export interface NotedRequest extends RequestNote {
  readonly group: string;
  /** Null while it is under way. */
  readonly end: RequestEnd | null;
}

export interface NotedQuery {
  readonly group?: string;
  /** Requests with an operation of this record. */
  readonly offset?: number;
  /** Only those that are in doubt. */
  readonly doubtful?: boolean;
  readonly limit: number;
  /** Only those with a smaller id, for paging; newest first. */
  readonly before?: number;
}

export interface RequestLog {
  /** An id for a note: no other group's, no earlier run's; later ones are larger, whatever the machine's date says. */
  newRequestId(): number;
  /** Resolves when the notes are durable; they ride in the commit of whatever is written at that moment. */
  note(group: string, notes: RequestNotes): Promise<void>;
  /**
   * Requests of the group that were noted and never ended, oldest first: after a crash, those that were under way. Of
   * their operations those whose records the group has settled are left out.
   */
  unfinished(group: string): Promise<readonly RequestNote[]>;
  /** Noted requests as far as they are kept, newest first. */
  requests(query: NotedQuery): Promise<readonly NotedRequest[]>;
}
