/** A commit of ours that fails is over: what kafkajs would send again later is not the group's any more. */
import { PartitionAssigners } from 'kafkajs';
import { expect, test } from 'vitest';
import { patchCommit } from '../../../../src/log/kafka/commit-patch.ts';
import { logErrorOf, protocolErrorOf } from '../../../../src/log/kafka/failure.ts';
import { ConsumerGroup, type RawConsumerGroup } from '../../../../src/log/kafka/internals.ts';
import { withJoinHook } from '../../../../src/log/kafka/join-patch.ts';

patchCommit();

const config = { cluster: {}, groupId: 'g', logger: {} } as unknown as Parameters<
  ReturnType<typeof withJoinHook>
>[0];

/** What a commit of such a group ends with when the broker's answer is `answer`. */
async function failureOf(assigner: object, answer: Error): Promise<Error & { retriable?: boolean }> {
  const offsetManager = { commitOffsets: () => Promise.reject(answer) };
  const group = Object.assign(Object.create(ConsumerGroup.prototype), {
    assigners: [assigner],
    offsetManager,
  });
  return (group as RawConsumerGroup).commitOffsets({ topics: [] }).then(
    () => expect.unreachable('it was taken'),
    (error: Error) => error,
  );
}

const refused = Object.assign(new Error('not the coordinator'), {
  type: 'NOT_COORDINATOR_FOR_GROUP',
  retriable: true,
});

test('kafkajs does not try a commit again, and why it failed is known', async () => {
  const failure = await failureOf(withJoinHook(async () => undefined)(config), refused);
  expect(failure.retriable).toBe(false);
  expect(protocolErrorOf(failure)).toBe('NOT_COORDINATOR_FOR_GROUP');
  expect(logErrorOf(failure, 'commit').code).toBe('log_unavailable');
});

test("a commit of somebody else's consumer fails as kafkajs has it", async () => {
  expect(await failureOf(PartitionAssigners.roundRobin(config), refused)).toBe(refused);
});
