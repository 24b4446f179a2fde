/** What the intake needs of whoever reads the users' topics for it: chunks of partitions, commits, and an end. */
import type { Chunk, Member, Progress } from '../log/log.ts';

export interface IntakeSession {
  read(signal: AbortSignal): AsyncIterable<Chunk>;
  /** Durable when it resolves, or left out because the partition is another's. `floor` is for notes of requests: 0. */
  commit(topic: string, partition: number, progress: Progress, floor: number): Promise<void>;
  /** Resolves when the partitions are free for others. */
  leave(): Promise<void>;
}

/** Joins the group of the intake. `member` may be assigned partitions before this resolves. */
export type OpenIntakeSession = (member: Member) => IntakeSession | Promise<IntakeSession>;
