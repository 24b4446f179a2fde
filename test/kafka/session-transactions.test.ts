/** Records of transactions that were aborted, on a real broker: none of them is read, from wherever reading begins. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { openReader } from './session-rig.ts';

const WITHIN = { timeout: 60_000, interval: 20 };

describeKafka('a session', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  const connected = async (transactionalId?: string) => {
    const transactional = transactionalId !== undefined && {
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
    };
    const producer = scratch.kafka.producer({ ...transactional, createPartitioner: () => () => 0 });
    await producer.connect();
    return producer;
  };

  /** Offsets 0 and 8 are committed, 1 to 7 and the two markers behind them are not. */
  async function interleaved(topic: string): Promise<void> {
    const producers = await Promise.all([connected(`${topic}-1`), connected(`${topic}-2`), connected()]);
    const [one, two, plain] = producers;
    const send = (by: Pick<typeof plain, 'send'>, key = 'k') =>
      by.send({ topic, messages: [{ key: key === '' ? Buffer.alloc(4) : key, value: 'v' }] });
    await send(plain);
    const [first, second] = [await one.transaction(), await two.transaction()];
    for (const by of [first, second, first]) await send(by);
    // A key of four zeros looks like the marker of an abort.
    await send(second, '');
    for (const by of [second, first, second]) await send(by);
    await send(plain);
    // The one that began last ends first: so the broker tells them.
    await second.abort();
    await first.abort();
    await Promise.all(producers.map((producer) => producer.disconnect()));
    const end = async () => Number((await scratch.admin.fetchTopicOffsets(topic))[0]?.high);
    await vi.waitFor(async () => expect(await end()).toBe(11), WITHIN);
  }

  test('reads nothing that was aborted where several transactions were open at its place', async () => {
    const topic = await scratch.topic();
    await interleaved(topic);
    const readFrom = async (from: number): Promise<number[]> => {
      const groupId = scratch.groupId();
      const partitions = [{ partition: 0, offset: `${from}` }];
      await scratch.admin.setOffsets({ groupId, topic, partitions });
      const reader = openReader(scratch, { topic, groupId, settles: true });
      await vi.waitFor(() => expect(reader.progress(0).watermark).toBeGreaterThan(8), WITHIN);
      await reader.leave();
      return reader.offsets();
    };
    // At 4 and at 5 both are open.
    expect(await Promise.all([0, 4, 5].map(readFrom))).toEqual([[0, 8], [8], [8]]);
  });
});
