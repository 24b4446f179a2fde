/** Who reads the log: groups, one for each destination, that come, go and stand somewhere. A part of the log's interface. */

export interface GroupStart {
  readonly group: string;
  /** Where a group that the log does not know yet begins. */
  readonly start: 'beginning' | 'end';
}

/** Where a group stands in one partition. */
export interface PartitionStanding {
  readonly topic: string;
  readonly partition: number;
  /** Records from the watermark to the end. */
  readonly lag: number;
  /** When the record at the watermark was written, ms since the epoch; null without lag. */
  readonly oldestAt: number | null;
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
  /** Of the partitions that are read in this process; absent where there is but one. */
  readonly partitions?: readonly PartitionStanding[];
}

/** Whoever reads a group in this process, as the log sees it. */
export interface Member {
  /**
   * It has partitions to read: `read` gives their records from now on, from the group's progress.
   * @param share its part of all partitions, above 0 up to 1: of a rate that is the whole group's it may use as much
   */
  assign(share: number): void;
  /**
   * Its partitions may be another process's next: reads no more and lets what is under way end, until the deadline. When
   * it resolves nothing of it is sent or committed any more. The log waits for it before it lets go of the partitions.
   */
  revoke(deadline: AbortSignal): Promise<void>;
}

export interface Membership {
  /** Resolves when the group's partitions are free for others. `revoke` is not called any more. */
  leave(): Promise<void>;
}

export interface GroupLog {
  /** Settled ranges that a commit can carry; whoever reads stops before it has more. */
  readonly maxRanges: number;
  /** Whether it lets go of a group; otherwise `detach` and `readmit` reject with `log_unsupported`. */
  readonly detaches: boolean;
  /**
   * Takes part in reading an attached group; once in a process. A log that nobody shares assigns everything at once and
   * never revokes.
   */
  join(group: string, member: Member): Membership;
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
  /**
   * Records appended that `group` has neither read in this process nor settled before it; of a detached group, those
   * appended in this process since.
   */
  backlog(group: string): number;
}
