/**
 * A group's progress with the letters that belong before it: the letters first, since a repeated one is the same letter,
 * and however long the brokers are away. Delivery does not end for a broker that restarts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetter } from '../../model/dead-letter.ts';
import type { EventLog } from '../log.ts';
import { isPassing } from './requests-write.ts';
import type { GroupSession } from './session.ts';

export interface ProgressCommitParts {
  /** Of a group that has joined here. */
  session(group: string): Pick<GroupSession, 'assigned' | 'commit'> | undefined;
  readonly letters: { put(letters: readonly DeadLetter[]): Promise<void> };
  readonly requests: { floorOf(group: string, partition: number): number };
  onWarning(message: string): void;
}

/** Between attempts: at first, and at most. */
const RETRY_MS = { first: 100, most: 2_000 };
/** Failures in a row after which it is told: each takes some seconds itself. */
const TOLD_AFTER = 3;

/** Does nothing, and ends its waiting, when the partition is not this process's. Rejects where waiting does not help. */
export function createProgressCommit(parts: ProgressCommitParts): EventLog['commit'] {
  const { session, letters, requests, onWarning } = parts;

  const isOurs = (group: string, topic: string, partition: number): boolean =>
    session(group)
      ?.assigned()
      .some((each) => each.topic === topic && each.partition === partition) ?? false;

  /** False: the partition went before they were written. */
  async function written(due: readonly DeadLetter[], still: () => boolean): Promise<boolean> {
    for (let failures = 1; still(); failures += 1) {
      try {
        await letters.put(due);
        return true;
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (failures === TOLD_AFTER) onWarning(`dead letters wait for the brokers: ${error.message}`);
      }
      await sleep(Math.min(RETRY_MS.first * 2 ** Math.min(failures - 1, 10), RETRY_MS.most));
    }
    return false;
  }

  return async (...[group, topic, partition, progress, due = []]) => {
    const still = () => isOurs(group, topic, partition);
    if (!still()) return;
    if (due.length > 0 && !(await written(due, still))) return;
    await session(group)?.commit(topic, partition, progress, requests.floorOf(group, partition));
  };
}
