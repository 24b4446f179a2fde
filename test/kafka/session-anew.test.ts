/** A topic that was deleted and made anew under a group's offset, on a real broker: nothing of the new one is skipped. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { createGroupOffsets } from '../../src/log/kafka/session-offsets.ts';
import { isAnother, type TopicMark } from '../../src/log/kafka/topic-marks.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { openReader, produce } from './session-rig.ts';

const WITHIN = { timeout: 60_000, interval: 20 };
const range = (to: number): number[] => Array.from({ length: to }, (_, n) => n);

describeKafka('a session', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  async function markOf(topic: string): Promise<TopicMark | null> {
    const { brokers } = scratch;
    const client = createKafkaClient({ brokers, clientId: 'marks', ssl: null, sasl: null }, () => undefined);
    const offsets = createGroupOffsets(client);
    const marks = await offsets.marks(scratch.groupId(), [topic]);
    await offsets.close();
    return marks.get(topic) ?? null;
  }

  async function makeAnew(topic: string): Promise<void> {
    await scratch.admin.deleteTopics({ topics: [topic] });
    const topics = [{ topic, numPartitions: 1 }];
    await vi.waitFor(() => scratch.admin.createTopics({ topics, waitForLeaders: false }), WITHIN);
    await vi.waitFor(() => scratch.admin.fetchTopicOffsets(topic), WITHIN);
  }

  test('skips nothing of a topic that is made anew while it is read, and is longer at once', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 5 });
    const reader = openReader(scratch, { topic, groupId, settles: true, metadataMs: 1_000 });
    await vi.waitFor(() => expect(reader.offsets()).toHaveLength(5), WITHIN);
    const old = await markOf(topic);
    expect(isAnother(old, await markOf(topic))).toBe(false);
    await makeAnew(topic);
    expect(isAnother(old, await markOf(topic))).toBe(true);
    await produce(scratch, topic, { count: 30 });
    await vi.waitFor(() => expect(new Set(reader.offsets().slice(5))).toEqual(new Set(range(30))), WITHIN);
    await reader.leave();
    // What was committed since is of the new one.
    const next = openReader(scratch, { topic, groupId });
    await produce(scratch, topic, { count: 1 });
    await vi.waitFor(() => expect(next.offsets()).toEqual([30]), WITHIN);
    await next.leave();
  });
});
