/** What the Kafka log lets be counted: callbacks that metrics are made of, called where it happens and never waited for. */

/** A partition of one of the topics that a group reads. */
export interface PartitionPlace {
  readonly topic: string;
  readonly partition: number;
}

export interface KafkaSigns {
  /** The group is being divided anew. */
  rebalanced(group: string): void;
  /** What the group's member in this process reads from now on; empty when it has nothing. */
  assigned(group: string, partitions: readonly PartitionPlace[]): void;
  /** `lost`: the partition was another's by then, and the commit was left out. */
  committed(group: string, outcome: 'ok' | 'failed' | 'lost'): void;
  /** Records that the broker deleted before the group had read them. */
  recordsLost(group: string, topic: string, partition: number, count: number): void;
  /** The group's reader crashed; `restart`: it begins again by itself. */
  crashed(group: string, restart: boolean): void;
  /** A record came under a known messageId with other content: it is no repeat. */
  conflicted(topic: string): void;
  /** Settled ranges that did not fit into a commit: after a crash they are delivered again. */
  progressCut(group: string, ranges: number): void;
  fetched(group: string, records: number): void;
  produced(topic: string, outcome: 'ok' | 'failed', records: number): void;
  /** Of those that failed: refused because fewer replicas are in sync than `min.insync.replicas`. */
  replicasMissing(topic: string, records: number): void;
}

/** Counts nothing. */
export const NO_SIGNS: KafkaSigns = {
  rebalanced: () => undefined,
  assigned: () => undefined,
  committed: () => undefined,
  recordsLost: () => undefined,
  crashed: () => undefined,
  conflicted: () => undefined,
  progressCut: () => undefined,
  fetched: () => undefined,
  produced: () => undefined,
  replicasMissing: () => undefined,
};
