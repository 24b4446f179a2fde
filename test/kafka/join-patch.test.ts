/** The hook before a group's join, on a real group: what it holds up, and what still works meanwhile. */
import type { Consumer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { withJoinHook } from '../../src/log/kafka/join-patch.ts';
import { plainConnection } from '../support/kafka/options.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

describeKafka('the hook before a join', () => {
  let scratch: KafkaScratch;
  const consumers: Consumer[] = [];
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.disconnect()));
  });
  afterAll(() => scratch.close());

  async function start(groupId: string, topic: string, hook: () => Promise<void>) {
    const client = createKafkaClient(plainConnection(scratch.brokers), () => undefined);
    const consumer = client.kafka.consumer({
      groupId,
      partitionAssigners: [withJoinHook(hook)],
      maxWaitTimeInMs: 100,
      heartbeatInterval: 200,
    });
    consumers.push(consumer);
    const assignments: number[][] = [];
    consumer.on('consumer.group_join', ({ payload }) => {
      assignments.push([...(payload.memberAssignment[topic] ?? [])]);
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const running = consumer.run({ autoCommit: false, eachBatch: async () => undefined });
    return { consumer, assignments, running };
  }

  test('stands in the way of the first join until it resolves', async () => {
    const topic = await scratch.topic({ partitions: 2 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const hook = vi.fn(() => promise);
    const { assignments } = await start(scratch.groupId(), topic, hook);
    await vi.waitFor(() => expect(hook).toHaveBeenCalledTimes(1));
    expect(assignments).toEqual([]);
    resolve();
    await vi.waitFor(() => expect(assignments).toEqual([[0, 1]]), { timeout: 60_000 });
  });

  test('keeps the partitions with their member until it resolves, and commits of them are taken meanwhile', async () => {
    const topic = await scratch.topic({ partitions: 2 });
    const groupId = scratch.groupId();
    const { promise, resolve } = Promise.withResolvers<void>();
    const hook = vi.fn(async () => undefined as undefined);
    const first = await start(groupId, topic, hook);
    await vi.waitFor(() => expect(first.assignments).toEqual([[0, 1]]), { timeout: 60_000 });
    hook.mockImplementation(async () => {
      await promise;
      return undefined;
    });

    const second = await start(groupId, topic, async () => undefined);
    await vi.waitFor(() => expect(hook).toHaveBeenCalledTimes(2), { timeout: 60_000 });
    await first.consumer.commitOffsets([{ topic, partition: 0, offset: '0', metadata: 'during the drain' }]);
    expect(second.assignments).toEqual([]);
    resolve();

    await vi.waitFor(() => expect(second.assignments.at(-1)).toHaveLength(1), { timeout: 60_000 });
    expect(first.assignments.at(-1)).toHaveLength(1);
    const [stored] = await scratch.admin.fetchOffsets({ groupId, topics: [topic] });
    expect(stored?.partitions.find(({ partition }) => partition === 0)).toMatchObject({
      offset: '0',
      metadata: 'during the drain',
    });
  });
});
