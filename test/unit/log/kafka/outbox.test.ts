/** What the outbox tells of what a broker answered. */
import { expect, test } from 'vitest';
import type { KafkaClient } from '../../../../src/log/kafka/client.ts';
import { createOutbox } from '../../../../src/log/kafka/outbox.ts';
import { NO_SIGNS } from '../../../../src/log/kafka/signs.ts';

/** The protocol's numbers. */
const [NONE, NOT_LEADER, NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS_AFTER_APPEND] = [0, 6, 19, 20];

/** A cluster whose leader answers one produce after the other with these errors. */
function clusterOf(answers: number[]): KafkaClient {
  const nothing = async () => undefined;
  const send = async () => ({
    topics: [
      { topicName: 't', partitions: [{ partition: 0, errorCode: answers.shift() ?? NONE, baseOffset: '7' }] },
    ],
  });
  const leader = {
    lookupRequest: () => () => ({ request: {}, response: {} }),
    connectionPool: { send },
  };
  const cluster = {
    connect: nothing,
    disconnect: nothing,
    addMultipleTargetTopics: nothing,
    refreshMetadata: nothing,
    refreshMetadataIfNecessary: nothing,
    findLeaderForPartitions: () => ({ 1: [0] }),
    findBroker: async () => leader,
  };
  return { newCluster: () => cluster } as unknown as KafkaClient;
}

test('messages refused for want of replicas are told each time that they were tried, and no others', async () => {
  const missing: [string, number][] = [];
  const outcomes: string[] = [];
  const outbox = await createOutbox(
    clusterOf([NOT_ENOUGH_REPLICAS, NOT_LEADER, NOT_ENOUGH_REPLICAS_AFTER_APPEND]),
    {
      compression: 'none',
      giveUpMs: 10_000,
      topics: [],
      signs: {
        ...NO_SIGNS,
        produced: (_topic, outcome) => outcomes.push(outcome),
        replicasMissing: (...told) => missing.push(told),
      },
    },
  );
  const message = { key: 'k', value: Buffer.of(1), headers: {}, timestamp: 0 };
  expect(await outbox.send('t', 0, [message, message])).toBe(7);
  expect(outcomes).toEqual(['failed', 'failed', 'failed', 'ok']);
  expect(missing).toEqual([
    ['t', 2],
    ['t', 2],
  ]);
  await outbox.close();
});
