/**
 * Lets a group's reader end what is under way before it joins anew. kafkajs rejoins within milliseconds of a rebalance and
 * waits for no listener, so that the hook has to stand in the way of the join itself.
 */
import { type PartitionAssigner, PartitionAssigners } from 'kafkajs';
import { ConsumerGroup, type RawConsumerGroup } from './internals.ts';
import { patchMethod } from './patch-guard.ts';

type JoinHook = () => Promise<void>;

/** By assigner: the one object of ours that kafkajs keeps with the group it was made for. */
const hooks = new WeakMap<object, JoinHook>();

/**
 * By assigner: who its consumer was in the group. kafkajs forgets it in a crash and joins as somebody new, and the group
 * would wait for the one that is gone: the whole rebalance timeout. A coordinator that does not know it says so, and
 * kafkajs joins anew.
 */
const memberIds = new WeakMap<object, string>();

/**
 * kafkajs' round robin, for one consumer, with a hook that is awaited before each of its joins, the first too. Until the
 * hook resolves no join is sent, and the coordinator waits at most for the rebalance timeout; commits are still taken.
 * The hook may not reject.
 */
export function withJoinHook(hook: JoinHook): PartitionAssigner {
  return (config) => {
    const assigner = PartitionAssigners.roundRobin(config);
    hooks.set(assigner, hook);
    return assigner;
  };
}

/** The group is a consumer's of ours. */
export function hasJoinHook({ assigners }: RawConsumerGroup): boolean {
  return assigners.some((assigner) => hooks.has(assigner));
}

export const JOIN_METHOD = {
  name: 'ConsumerGroup.joinAndSync',
  sourceHash: '86569beffea31029585b788fc5def1cc9013181b0e5771ed60f92305120cf0b4',
};

/** For the whole process; throws when kafkajs is not the one it was made for. */
export function patchJoin(): void {
  patchMethod(
    ConsumerGroup.prototype,
    'joinAndSync',
    JOIN_METHOD,
    (original) =>
      async function joinAndSync(this: RawConsumerGroup): Promise<void> {
        for (const assigner of this.assigners) await hooks.get(assigner)?.();
        const own = this.assigners.find((assigner) => hooks.has(assigner));
        if (own !== undefined) this.memberId ??= memberIds.get(own) ?? null;
        try {
          await original.call(this);
        } finally {
          if (own !== undefined && this.memberId !== null) memberIds.set(own, this.memberId);
        }
      },
  );
}
