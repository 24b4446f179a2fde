/** Three brokers: the topics of the log on them, and what the launcher does to a broker of its own. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { prepareTopics } from '../../src/log/kafka/topics.ts';
import { type KafkaCluster, startKafka } from '../support/kafka/broker.ts';
import { kafkaOptions } from '../support/kafka/options.ts';
import { describeKafka } from '../support/kafka/shared.ts';

describeKafka(
  'a cluster of three brokers',
  () => {
    let kafka: KafkaCluster;
    const warnings: string[] = [];
    beforeAll(async () => {
      kafka = await startKafka({ brokers: 3, heapMb: 256 });
    }, 300_000);
    afterAll(() => kafka?.stop());

    const prepare = (topic: string) => {
      const options = kafkaOptions(kafka.brokers, {
        topic,
        deadLetterTopic: `${topic}.letters`,
        requestTopic: `${topic}.requests`,
        onWarning: (line) => warnings.push(line),
      });
      return prepareTopics(
        createKafkaClient(options.connection, () => undefined),
        options,
      );
    };

    test('topics get three replicas of which two must have a record: nothing to warn of', async () => {
      await prepare('safe');
      expect(warnings).toEqual([]);
      const admin = createKafkaClient(kafkaOptions(kafka.brokers).connection, () => undefined).kafka.admin();
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: ['safe'] });
      expect(topics[0]?.partitions.map(({ replicas }) => replicas.length)).toEqual([3, 3, 3]);
      await admin.disconnect();
    });

    test('with one broker killed the log starts all the same, and the broker comes back on its port and data', async () => {
      const [before] = [kafka.node(2).address];
      await kafka.node(2).kill();
      expect(kafka.pids).toHaveLength(2);
      await expect(prepare('safe')).resolves.toMatchObject({ events: { partitions: 3 } });
      await kafka.restart(2);
      expect(kafka.node(2).address).toBe(before);
      expect(kafka.pids).toHaveLength(3);
      await kafka.ready();
    });
  },
  'own',
);
