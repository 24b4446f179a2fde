/**
 * Lets a commit fail at its first failure. kafkajs tries it again by itself for seconds, with the member and the generation
 * of that moment: after a join it would take partitions back that are another's by then, and a rebalance would wait for it.
 * Whoever commits tries again while the partitions are his.
 */
import { ConsumerGroup, type RawConsumerGroup } from './internals.ts';
import { hasJoinHook } from './join-patch.ts';
import { patchMethod } from './patch-guard.ts';

export const COMMIT_METHOD = {
  name: 'ConsumerGroup.commitOffsets',
  sourceHash: '42544dd4e24d2bccc351bb78482729811fe38da3492fdaf63f862bd448aa8550',
};

/** kafkajs gives up what says so. */
class Untried extends Error {
  readonly retriable = false;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** For the whole process, of consumers with a join hook; throws when kafkajs is not the one it was made for. */
export function patchCommit(): void {
  patchMethod(
    ConsumerGroup.prototype,
    'commitOffsets',
    COMMIT_METHOD,
    (original) =>
      async function commitOffsets(this: RawConsumerGroup, offsets: unknown): Promise<void> {
        try {
          await original.call(this, offsets);
        } catch (error) {
          throw hasJoinHook(this) ? new Untried(error) : error;
        }
      },
  );
}
