/** What kafkajs says becomes our lines: its repeats are warnings, its everyday is for debugging, its advice is left out. */
import { expect, test, vi } from 'vitest';
import { createKafkaClient } from '../../../../src/log/kafka/client.ts';
import { plainConnection } from '../../../support/kafka/options.ts';

function client() {
  const tell = vi.fn();
  return { ...createKafkaClient(plainConnection(['127.0.0.1:1']), tell), tell };
}

test('errors that kafkajs repeats are warnings, with the broker and without what else it carries', () => {
  const { kafka, tell } = client();
  const extras = { broker: '127.0.0.1:1', stack: 'Error\n at x', payload: { secret: 1 }, retryCount: 2 };
  kafka.logger().error('Connection error: refused\n at more', extras);
  expect(tell.mock.calls).toEqual([
    ['warn', 'kafkajs: Connection error: refused (broker=127.0.0.1:1 retryCount=2)'],
  ]);
});

test('a rebalance is no warning', () => {
  const { kafka, tell } = client();
  kafka.logger().error('Response Heartbeat(key: 12, version: 3)', {
    error: 'The group is rebalancing, so a rejoin is needed',
  });
  kafka.logger().error('The coordinator is not aware of this member', {});
  kafka.logger().info('Consumer has joined the group', { groupId: 'g' });
  expect(tell.mock.calls.map(([level]) => level)).toEqual(['debug', 'debug', 'debug']);
});

test('a producer that leaves the partitioner to kafkajs is not told of versions before ours', () => {
  const { kafka, tell } = client();
  kafka.producer();
  expect(tell).not.toHaveBeenCalled();
});

test('a certificate file that is not there ends the start', () => {
  const ssl = { caFile: '/nowhere/ca.pem', rejectUnauthorized: true };
  const create = () => createKafkaClient({ ...plainConnection(['127.0.0.1:1']), ssl }, () => undefined);
  expect(create).toThrow(/\/nowhere\/ca\.pem/);
});
