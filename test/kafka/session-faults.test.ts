/** A group's reading while its brokers go and come back: kafkajs crashes or does not, nothing stays behind. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type KafkaCluster, startKafka } from '../support/kafka/broker.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { openReader, produce, type Reader } from './session-rig.ts';

const WITHIN = { timeout: 90_000, interval: 50 };
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

describeKafka('a session whose broker is restarted', () => {
  let kafka: KafkaCluster;
  let scratch: KafkaScratch;
  let readers: Reader[] = [];
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 1 });
    scratch = await openScratch(kafka.brokers);
  }, 120_000);
  afterEach(async () => {
    await Promise.all(readers.map((reader) => reader.leave()));
    readers = [];
  });
  afterAll(async () => {
    await scratch.admin.disconnect();
    await kafka.stop();
  });

  test('goes on by itself after a kill, and reads and commits all', async () => {
    const [topic, groupId] = [await scratch.topic({ partitions: 2 }), scratch.groupId()];
    await produce(scratch, topic, { partition: 0, count: 100 });
    const reader = openReader(scratch, { topic, groupId, settles: true });
    readers.push(reader);
    await vi.waitFor(() => expect(reader.records).toHaveLength(100), WITHIN);
    await kafka.node(1).kill();
    await kafka.restart(1);
    const began = performance.now();
    await produce(scratch, topic, { partition: 0, count: 100 });
    await produce(scratch, topic, { partition: 1, count: 50 });
    await vi.waitFor(() => expect(new Set(reader.offsets(0))).toEqual(new Set(range(0, 200))), WITHIN);
    await vi.waitFor(() => expect(new Set(reader.offsets(1))).toEqual(new Set(range(0, 50))), WITHIN);
    // It joins as who it was: as somebody new it would wait for the rebalance timeout, 35 s here.
    expect(performance.now() - began).toBeLessThan(20_000);
    const stood = () => reader.session.assigned().map(({ progress }) => progress.watermark);
    await vi.waitFor(() => expect(stood()).toEqual([200, 50]), WITHIN);
    expect(reader.fatals).toEqual([]);
  }, 150_000);

  test('leaving while the broker is gone takes no longer than its deadline', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 1 });
    const reader = openReader(scratch, { topic, groupId });
    await vi.waitFor(() => expect(reader.records).toHaveLength(1), WITHIN);
    await kafka.node(1).freeze();
    const began = performance.now();
    await reader.leave();
    expect(performance.now() - began).toBeLessThan(13_000);
    await kafka.node(1).thaw();
    expect(reader.fatals).toEqual([]);
  }, 60_000);
});
