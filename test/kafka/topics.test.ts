/** The log's own topics at its start: made, described, checked, and refused in one line that says what to do. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import type { KafkaLogOptions } from '../../src/log/kafka/options.ts';
import { prepareTopics } from '../../src/log/kafka/topics.ts';
import { kafkaOptions } from '../support/kafka/options.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

const ONE_LINE = /^[^\n]+$/;

describeKafka('the topics of the log', () => {
  let scratch: KafkaScratch;
  const warnings: string[] = [];
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  /** Options with topics that the scratch deletes. */
  function options(over: Partial<KafkaLogOptions> = {}): KafkaLogOptions {
    warnings.length = 0;
    return kafkaOptions(scratch.brokers, {
      topic: scratch.topicName('events'),
      deadLetterTopic: scratch.topicName('dead-letters'),
      requestTopic: scratch.topicName('requests'),
      onWarning: (line) => warnings.push(line),
      ...over,
    });
  }

  const prepare = (given: KafkaLogOptions) =>
    prepareTopics(
      createKafkaClient(given.connection, () => undefined),
      given,
    );

  async function settingsOf(topic: string, names: string[]): Promise<Record<string, string>> {
    const { resources } = await scratch.admin.describeConfigs({
      resources: [{ type: 2, name: topic, configNames: names }],
      includeSynonyms: false,
    });
    return Object.fromEntries(
      (resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]),
    );
  }

  test('are created with what was asked for, and their largest message is the broker’s', async () => {
    const given = options({ partitions: 4, retainHours: 48 });
    const shapes = await prepare(given);
    expect(shapes).toEqual({
      events: { topic: given.topic, partitions: 4, maxMessageBytes: 1_048_588 },
      deadLetters: { topic: given.deadLetterTopic, partitions: 4, maxMessageBytes: 1_048_588 },
      requests: { topic: given.requestTopic, partitions: 4, maxMessageBytes: 1_048_588 },
    });
    const names = ['cleanup.policy', 'retention.ms', 'min.insync.replicas'];
    expect(await settingsOf(given.topic, names)).toEqual({
      'cleanup.policy': 'delete',
      'retention.ms': '172800000',
      'min.insync.replicas': '1',
    });
    expect(await settingsOf(given.deadLetterTopic, names)).toMatchObject({
      'cleanup.policy': 'compact,delete',
      'retention.ms': '2592000000',
    });
  });

  test('of one replica are told of as what can lose an acknowledged event', async () => {
    await prepare(options());
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/has one replica: what was acknowledged is lost with that broker's disk/);
    expect(warnings[0]).toMatch(ONE_LINE);
  });

  test('that are there already are left as they are; a second start finds the same', async () => {
    const given = options({ partitions: 2 });
    const first = await prepare(given);
    expect(await prepare({ ...given, partitions: 5 })).toEqual(first);
    expect(warnings.at(-1)).toMatch(/has 2 partitions, fewer than the 5 that are configured/);
  });

  test('that are missing and may not be created are named with the settings to create them with', async () => {
    const given = options({ createTopics: false, partitions: 6, retainHours: 1 });
    const failure = await prepare(given).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'LogError', code: 'log_unusable' });
    const { message } = failure as Error;
    expect(message).toMatch(ONE_LINE);
    expect(message).toContain(
      `--topic ${given.topic} --partitions 6 --replication-factor 1 --config cleanup.policy=delete --config retention.ms=3600000 --config min.insync.replicas=1`,
    );
    expect(message).toContain(`--topic ${given.deadLetterTopic} `);
    expect(await scratch.admin.listTopics()).not.toContain(given.topic);
  });

  test('a topic of requests that is created has as many partitions as the events have', async () => {
    const topic = await scratch.topic({ partitions: 5 });
    const shapes = await prepare(options({ topic, partitions: 2 }));
    expect(shapes.requests.partitions).toBe(5);
    expect(shapes.deadLetters.partitions).toBe(2);
  });

  test('a topic of requests with fewer partitions than the events is refused, with the command that mends it', async () => {
    const requestTopic = await scratch.topic({ partitions: 2 });
    await expect(prepare(options({ requestTopic, partitions: 3 }))).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringMatching(/has 2 partitions and .* has 3: give it as many \(kafka-topics --alter/),
    });
  });

  test('the largest message is the topic’s own where it has one', async () => {
    const topic = await scratch.topic({ partitions: 3, config: { 'max.message.bytes': '2000000' } });
    expect((await prepare(options({ topic }))).events.maxMessageBytes).toBe(2_000_000);
  });

  test('a compacted topic of events is refused: it would keep one event of a person', async () => {
    const topic = await scratch.topic({ partitions: 3, config: { 'cleanup.policy': 'compact' } });
    await expect(prepare(options({ topic }))).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringMatching(/is compacted.*cleanup\.policy=delete/),
    });
  });

  test('more replicas than there are brokers are refused in one line', async () => {
    await expect(prepare(options({ replicationFactor: 3 }))).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringMatching(/fewer brokers than replicas: lower replicationFactor/),
    });
  });

  // It waits until kafkajs gives up.
  test('without a broker the line names the addresses that were tried', async () => {
    const given = options();
    const nowhere = { ...given.connection, brokers: ['127.0.0.1:1', '127.0.0.1:2'] };
    await expect(prepare({ ...given, connection: nowhere })).rejects.toMatchObject({
      code: 'log_unavailable',
      message: expect.stringMatching(
        /^connecting to Kafka at 127\.0\.0\.1:1, 127\.0\.0\.1:2: .*ECONNREFUSED/,
      ),
    });
  });
});
