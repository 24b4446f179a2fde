/** A heartbeat that does not find its coordinator looks for it, and goes to who coordinates the group by then. */
import { createRequire } from 'node:module';
import { PartitionAssigners } from 'kafkajs';
import { expect, test, vi } from 'vitest';
import { patchHeartbeat } from '../../../../src/log/kafka/coordinator-patch.ts';
import type { RawConsumerGroup } from '../../../../src/log/kafka/internals.ts';
import { withJoinHook } from '../../../../src/log/kafka/join-patch.ts';

patchHeartbeat();

const Group = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as new (
  options: object,
) => RawConsumerGroup;

const named = (fields: object) => Object.assign(new Error('it failed'), fields);
const AWAY = named({ name: 'KafkaJSConnectionClosedError' });
const MOVED = named({ type: 'NOT_COORDINATOR_FOR_GROUP' });
const REBALANCING = named({ type: 'REBALANCE_IN_PROGRESS' });
const AT_ONCE = { interval: 0 };

type Coordinator = NonNullable<RawConsumerGroup['coordinator']>;
const brokerOf = (heartbeat: () => Promise<void>) => ({ heartbeat }) as unknown as Coordinator;
const failing = (error: Error) => brokerOf(() => Promise.reject(error));

/** A member that has joined, whose group `found` coordinates, or nobody does. */
function memberOf(before: Coordinator, found: Coordinator | Error, isOurs = true) {
  const config = { cluster: {}, groupId: 'g', logger: {} } as unknown as Parameters<
    ReturnType<typeof withJoinHook>
  >[0];
  const assigner = isOurs ? withJoinHook(async () => undefined) : PartitionAssigners.roundRobin;
  const findGroupCoordinatorMetadata = vi.fn(async () => {
    if (found instanceof Error) throw found;
    return { coordinator: { nodeId: 2 } };
  });
  const group = new Group({
    groupId: 'g',
    topics: [],
    retry: {},
    assigners: [assigner(config)],
    logger: { namespace: () => ({}) },
    instrumentationEmitter: { emit: () => undefined },
    cluster: { findGroupCoordinatorMetadata, findBroker: async () => found },
  });
  const offsetManager = { coordinator: before };
  return {
    group: Object.assign(group, { memberId: 'm', lastRequest: 0, coordinator: before, offsetManager }),
    offsetManager,
    findGroupCoordinatorMetadata,
  };
}

test.each([
  ['has gone', AWAY],
  ['coordinates it no more', MOVED],
])(
  'a coordinator that %s is looked for once, by whoever reads, and heard and committed by from then on',
  async (_what, error) => {
    const heard = vi.fn(async () => undefined);
    const found = brokerOf(heard);
    const { group, offsetManager, findGroupCoordinatorMetadata } = memberOf(failing(error), found);
    await Promise.all([group.heartbeat(AT_ONCE), group.heartbeat(AT_ONCE)]);
    expect(findGroupCoordinatorMetadata).toHaveBeenCalledOnce();
    expect(heard).toHaveBeenCalled();
    expect(group.coordinator).toBe(found);
    expect(offsetManager.coordinator).toBe(found);
  },
);

test('what the one that is found answers is the answer', async () => {
  const { group } = memberOf(failing(AWAY), failing(REBALANCING));
  await expect(group.heartbeat(AT_ONCE)).rejects.toBe(REBALANCING);
});

test('while nobody coordinates the group the first failure is the answer, for kafkajs to try again, and it is looked for again', async () => {
  const { group, findGroupCoordinatorMetadata } = memberOf(failing(AWAY), new Error('nobody'));
  await expect(group.heartbeat(AT_ONCE)).rejects.toBe(AWAY);
  await expect(group.heartbeat(AT_ONCE)).rejects.toBe(AWAY);
  expect(findGroupCoordinatorMetadata).toHaveBeenCalledTimes(2);
});

test("a rebalance is no reason to look, nor is a member of somebody else's consumer", async () => {
  const dealt = memberOf(failing(REBALANCING), failing(AWAY));
  await expect(dealt.group.heartbeat(AT_ONCE)).rejects.toBe(REBALANCING);
  const foreign = memberOf(failing(AWAY), failing(REBALANCING), false);
  await expect(foreign.group.heartbeat(AT_ONCE)).rejects.toBe(AWAY);
  for (const each of [dealt, foreign]) expect(each.findGroupCoordinatorMetadata).not.toHaveBeenCalled();
});

test('who has joined anew while it was looked for keeps the coordinator that he joined with', async () => {
  const heard = vi.fn(async () => undefined);
  const joined = brokerOf(heard);
  const { group, findGroupCoordinatorMetadata } = memberOf(failing(AWAY), failing(REBALANCING));
  findGroupCoordinatorMetadata.mockImplementationOnce(async () => {
    Object.assign(group, { coordinator: joined });
    return { coordinator: { nodeId: 2 } };
  });
  await group.heartbeat(AT_ONCE);
  expect(heard).toHaveBeenCalledOnce();
});
