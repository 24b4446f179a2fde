/** The shared broker: what every other suite on Kafka stands on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

describeKafka('the shared broker', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  test('takes a record into a topic of the test’s own and counts it', async () => {
    const topic = await scratch.topic({ partitions: 3 });
    const producer = scratch.kafka.producer({ createPartitioner: () => () => 2 });
    await producer.connect();
    await producer.send({ topic, messages: [{ key: 'k', value: 'v' }] });
    await producer.disconnect();
    const ends = await scratch.admin.fetchTopicOffsets(topic);
    expect(new Map(ends.map(({ partition, high }) => [partition, high])).get(2)).toBe('1');
  });
});
