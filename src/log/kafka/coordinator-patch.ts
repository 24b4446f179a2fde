/**
 * Looks for the group's coordinator again as soon as a heartbeat does not find it. kafkajs keeps the connection that it
 * joined over, tries it for ten seconds after its broker has gone, and then crashes and joins anew; the broker that took the
 * group over knows its members, so that a heartbeat to it is all that is wanted.
 */
import { ConsumerGroup, type RawConsumerGroup } from './internals.ts';
import { hasJoinHook } from './join-patch.ts';
import { patchMethod } from './patch-guard.ts';

export const HEARTBEAT_METHOD = {
  name: 'ConsumerGroup.heartbeat',
  sourceHash: 'ba6c66c6bb8ab3ea01e54bda570a37aaf144bbed874324b3c72dec08821c61c7',
};

/** The broker that was asked has gone, says nothing, or coordinates the group no more: kafkajs' names and the protocol's. */
const GONE: ReadonlySet<unknown> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
]);

/** For the whole process, of consumers with a join hook; throws when kafkajs is not the one it was made for. */
export function patchHeartbeat(): void {
  patchMethod(
    ConsumerGroup.prototype,
    'heartbeat',
    HEARTBEAT_METHOD,
    (original) =>
      async function heartbeat(this: RawConsumerGroup, terms: { readonly interval: number }): Promise<void> {
        try {
          await original.call(this, terms);
        } catch (error) {
          if (!hasJoinHook(this) || !isGone(error) || !(await isFoundAnew(this))) throw error;
          await original.call(this, terms);
        }
      },
  );
}

function isGone(error: unknown): boolean {
  const { name, type } = error as { readonly name?: string; readonly type?: string };
  return GONE.has(name) || GONE.has(type);
}

/** By group: those that read from several brokers all find it gone. */
const looks = new WeakMap<RawConsumerGroup, Promise<boolean>>();

function isFoundAnew(group: RawConsumerGroup): Promise<boolean> {
  const look = looks.get(group) ?? lookFor(group).finally(() => looks.delete(group));
  looks.set(group, look);
  return look;
}

/** One look: while no broker knows of one, kafkajs asks each of them up to nine times, half a minute in all. */
async function lookFor(group: RawConsumerGroup): Promise<boolean> {
  const { cluster, groupId, coordinator: before, offsetManager } = group;
  try {
    const { coordinator } = await cluster.findGroupCoordinatorMetadata({ groupId, coordinatorType: 0 });
    const broker = await cluster.findBroker({ nodeId: coordinator.nodeId });
    // Who has joined meanwhile has found it by himself, and commits by another manager of offsets.
    if (group.coordinator === before) group.coordinator = broker;
    if (offsetManager) offsetManager.coordinator = broker;
    return true;
  } catch {
    return false;
  }
}
