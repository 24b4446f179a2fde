/** Compressed records on a real broker: what can be read is, what cannot is named before reading begins. */
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { checkReadable } from '../../src/log/kafka/codec-check.ts';
import { logErrorOf } from '../../src/log/kafka/failure.ts';
import { plainConnection } from '../support/kafka/options.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

const { CompressionTypes } = kafkajs;

describeKafka('compressed records', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  const client = () => createKafkaClient(plainConnection(scratch.brokers), () => undefined);

  async function produce(topic: string, compression = CompressionTypes.None): Promise<void> {
    const producer = client().kafka.producer({ createPartitioner: () => () => 0 });
    await producer.connect();
    const messages = Array.from({ length: 50 }, (_, i) => ({
      key: `k${i}`,
      value: 'the same again '.repeat(20),
    }));
    await producer.send({ topic, messages, compression });
    await producer.disconnect();
  }

  /** Reads until `until` holds; the values it saw, or the error that the consumer crashed with. */
  async function consume(topic: string): Promise<{ values: string[]; crash: Error | undefined }> {
    const consumer = client().kafka.consumer({ groupId: scratch.groupId(), maxWaitTimeInMs: 100 });
    const values: string[] = [];
    let crash: Error | undefined;
    consumer.on('consumer.crash', ({ payload }) => {
      crash = payload.error;
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        values.push(String(message.value));
      },
    });
    await vi.waitFor(() => expect(values.length === 50 || crash !== undefined).toBe(true), {
      timeout: 60_000,
    });
    await consumer.disconnect();
    return { values, crash };
  }

  test.each([
    ['gzip', CompressionTypes.GZIP],
    ['zstd', CompressionTypes.ZSTD],
  ])('%s is written and read', async (_name, compression) => {
    const topic = await scratch.topic();
    await produce(topic, compression);
    const { values } = await consume(topic);
    expect(new Set(values)).toEqual(new Set(['the same again '.repeat(20)]));
    expect(values).toHaveLength(50);
    await expect(checkReadable(client(), [topic])).resolves.toBeUndefined();
  });

  test('a topic that the brokers compress with LZ4 is named at start', async () => {
    const [good, bad] = [
      await scratch.topic(),
      await scratch.topic({ config: { 'compression.type': 'lz4' } }),
    ];
    await expect(checkReadable(client(), [good, bad])).rejects.toMatchObject({
      name: 'LogError',
      code: 'log_unusable',
      message: expect.stringMatching(new RegExp(`^topic ${bad} has compression.type=lz4`)),
    });
  });

  test('records that a producer compressed with Snappy end the reading in an error that says so, and the topic is named', async () => {
    // The broker compresses for us: afterwards the setting is gone, and the batch stays as it is.
    const topic = await scratch.topic({ partitions: 2, config: { 'compression.type': 'snappy' } });
    await produce(topic);
    await scratch.admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: topic, configEntries: [{ name: 'compression.type', value: 'producer' }] }],
    });
    await expect(checkReadable(client(), [topic])).rejects.toMatchObject({
      code: 'log_unusable',
      message: expect.stringMatching(new RegExp(`^reading topic ${topic}: Snappy .*set compression.type`)),
    });
    const { crash } = await consume(topic);
    expect(logErrorOf(crash, `reading ${topic}`)).toMatchObject({ code: 'log_unusable' });
  });

  test('a topic that is not there is named', async () => {
    await expect(checkReadable(client(), [scratch.topicName()])).rejects.toMatchObject({
      message: expect.stringMatching(/the topic is not there/),
    });
  });
});
