/** What the rules look at: how the process stands at one moment. What is not there, or not known now, is not judged. */

export interface Signs {
  /** Those that this process delivers to; none where it only takes events. */
  readonly destinations: readonly DestinationSigns[];
  /** Null where the log has no cap of ours: on Kafka it is the brokers' to hold. */
  readonly log: LogSigns | Unknown | null;
  /** The disk with the data folder; null where nothing in it need survive. */
  readonly disk: DiskSigns | Unknown | null;
}

/** It is there and does not answer: what was wrong with it is not over. */
export type Unknown = 'unknown';

export interface DestinationSigns {
  readonly id: string;
  /** Why it is halted, as a code of docs/errors.md; null when it is not. */
  readonly halted: string | null;
  readonly isDetached: boolean;
  /** Events that have no outcome yet, read or not. */
  readonly waiting: number;
  /** Events read or to be read since the start of the process: grows when new ones come. */
  readonly arrived: number;
  /** Events with an outcome since the start of the process. */
  readonly settled: number;
  /** Those of them that became dead letters. */
  readonly rejected: number;
}

export interface LogSigns {
  /** What undelivered events and dead letters hold of `log.maxBytes`, 0 to 1 and a little above. */
  readonly heldShare: number;
}

export interface DiskSigns {
  readonly freeBytes: number;
  readonly totalBytes: number;
}
