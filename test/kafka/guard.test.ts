/** The guard against duplicates, on the records of a real partition. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { createKafkaGuard } from '../../src/log/kafka/guard.ts';
import { createRangeReader, type RangeReader } from '../../src/log/kafka/range-reader.ts';
import { messageOf, recordOf } from '../../src/log/kafka/record-codec.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

const NEVER = new AbortController().signal;
const RECORDS = 3_000;
/** Each id comes again after so many others. */
const IDS = 1_000;

describeKafka('the guard on a partition', () => {
  let scratch: KafkaScratch;
  let reader: RangeReader;
  let topic: string;

  beforeAll(async () => {
    scratch = await openScratch();
    reader = createRangeReader(
      createKafkaClient(
        { brokers: scratch.brokers, clientId: 'test', ssl: null, sasl: null },
        () => undefined,
      ),
    );
    topic = await scratch.topic();
    const producer = scratch.kafka.producer();
    await producer.connect();
    const messages = Array.from({ length: RECORDS }, (_, n) => {
      const headers = { source: 's', receivedAt: '2026-01-01T00:00:00.000Z' };
      const guard = { guardId: `s\0${n % IDS}`, guardContent: 1 };
      const { key, value, timestamp, ...out } = messageOf({
        ...{ key: 'u', value: Buffer.from(`{"n":${n}}`), timestamp: Date.now() },
        ...{ headers, ...guard },
      });
      return { key, value: value as Buffer, timestamp: `${timestamp}`, headers: out.headers };
    });
    await producer.send({ topic, messages });
    await producer.disconnect();
  });
  afterAll(async () => {
    await reader.close();
    await scratch.close();
  });

  const newGuard = () =>
    createKafkaGuard({
      reader,
      decode: recordOf,
      guardMs: 60_000,
      now: Date.now,
      onConflict: () => undefined,
    });

  /** The offsets of duplicates, as a group that begins at `from` is told. */
  async function duplicatesFrom(from: number, guard = newGuard()): Promise<number[]> {
    const { ready, isDuplicate } = guard.reader();
    await ready([{ topic, partition: 0, from, mark: null }], NEVER);
    const duplicates: number[] = [];
    for await (const messages of reader.read(topic, 0, { from, to: RECORDS }, NEVER)) {
      const records = messages.map((message) => recordOf(message, { topic, partition: 0 }));
      duplicates.push(...records.filter(isDuplicate).map(({ offset }) => offset));
    }
    return duplicates;
  }

  it('tells every process and every group the same, wherever they begin', async () => {
    const all = await duplicatesFrom(0);
    expect(all).toEqual(Array.from({ length: RECORDS - IDS }, (_, n) => IDS + n));
    expect(await duplicatesFrom(1_500)).toEqual(all.slice(500));
    const shared = newGuard();
    const groups = [duplicatesFrom(2_500, shared), duplicatesFrom(700, shared), duplicatesFrom(0, shared)];
    expect(await Promise.all(groups)).toEqual([all.slice(1_500), all, all]);
  });
});
