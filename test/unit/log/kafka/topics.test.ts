/** The log's own topics at its start, as far as no broker is needed to see it. */
import { expect, test, vi } from 'vitest';
import type { KafkaClient } from '../../../../src/log/kafka/client.ts';
import { prepareTopics } from '../../../../src/log/kafka/topics.ts';
import { kafkaOptions } from '../../../support/kafka/options.ts';

/** A cluster without topics, of so many brokers each time that it is asked, and of the last number from then on. */
function clusterOf(...counts: number[]) {
  const count = () => (counts.length > 1 ? counts.shift() : counts[0]);
  const createTopics = vi.fn(async () => {
    throw new Error('this far');
  });
  const missing = Object.assign(new Error('no topic'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
  const nothing = async () => undefined;
  const client = {
    brokers: ['127.0.0.1:1'],
    newCluster: () => ({
      connect: nothing,
      disconnect: nothing,
      addMultipleTargetTopics: () => Promise.reject(missing),
    }),
    kafka: {
      admin: () => ({
        connect: nothing,
        disconnect: nothing,
        describeCluster: async () => ({ brokers: Array.from({ length: count() ?? 0 }, () => ({})) }),
        createTopics,
      }),
    },
  } as unknown as KafkaClient;
  return { client, createTopics };
}

test('more replicas than brokers that come within ten seconds are refused before anything is created', async () => {
  const { client, createTopics } = clusterOf(2);
  const options = kafkaOptions(['127.0.0.1:1'], { replicationFactor: 3 });
  await expect(prepareTopics(client, options)).rejects.toMatchObject({
    code: 'log_unusable',
    message: `creating topic ${options.topic}: fewer brokers than replicas: lower replicationFactor, or add brokers (log.replicationFactor is 3, brokers that are up: 2)`,
  });
  expect(createTopics).not.toHaveBeenCalled();
});

test('as many replicas as there are brokers are tried', async () => {
  const { client, createTopics } = clusterOf(3);
  createTopics.mockRejectedValueOnce(Object.assign(new Error('no'), { type: 'POLICY_VIOLATION' }));
  const options = kafkaOptions(['127.0.0.1:1'], { replicationFactor: 3 });
  await expect(prepareTopics(client, options)).rejects.toMatchObject({ code: 'log_unusable' });
  expect(createTopics).toHaveBeenCalledOnce();
});

test('topics wait for the brokers that are named: made before, they would have too few replicas for good', async () => {
  const { client, createTopics } = clusterOf(1, 1, 2, 3);
  const named = ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3'];
  createTopics.mockRejectedValueOnce(Object.assign(new Error('no'), { type: 'POLICY_VIOLATION' }));
  const started = prepareTopics(
    { ...client, brokers: named },
    kafkaOptions(named, { replicationFactor: null }),
  );
  await expect(started).rejects.toMatchObject({ code: 'log_unusable' });
  expect(createTopics.mock.calls).toMatchObject([[{ topics: [{ replicationFactor: 3 }] }]]);
});
