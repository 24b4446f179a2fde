/** Reading partitions by offset, on a real broker. */
import { CompressionTypes, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createKafkaClient, type KafkaClient } from '../../src/log/kafka/client.ts';
import { createRangeReader, type RangeReader, type ReadRange } from '../../src/log/kafka/range-reader.ts';
import type { RawMessage } from '../../src/log/kafka/record-codec.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

const NEVER = new AbortController().signal;
const START = 1_700_000_000_000;

function clientOf(brokers: string[]): KafkaClient {
  return createKafkaClient({ brokers, clientId: 'test', ssl: null, sasl: null }, () => undefined);
}

async function readAll(reader: RangeReader, topic: string, range: ReadRange): Promise<RawMessage[]> {
  const all: RawMessage[] = [];
  for await (const messages of reader.read(topic, 0, range, NEVER)) all.push(...messages);
  return all;
}

const textsOf = (messages: readonly RawMessage[]) => messages.map(({ value }) => String(value));
const offsetsOf = (messages: readonly RawMessage[]) => messages.map(({ offset }) => offset);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describeKafka('the range reader', () => {
  let scratch: KafkaScratch;
  let producer: Producer;
  let reader: RangeReader;

  beforeAll(async () => {
    scratch = await openScratch();
    producer = scratch.kafka.producer();
    await producer.connect();
    reader = createRangeReader(clientOf(scratch.brokers), { mayBeCompacted: () => true });
  });
  afterAll(async () => {
    await reader.close();
    await producer.disconnect();
    await scratch.close();
  });

  /** Values are the offsets they should have; a second apart. */
  async function fill(topic: string, count: number, compression = CompressionTypes.None, from = 0) {
    const messages = range(from, from + count).map((n) => ({
      value: `${n}`,
      timestamp: String(START + n * 1_000),
      headers: { h: ['first', 'last'] },
    }));
    await producer.send({ topic, messages, compression, acks: -1 });
  }

  it('gives the records of a range, with key, value, headers and time, and no others', async () => {
    const topic = await scratch.topic();
    await producer.send({
      topic,
      messages: [{ key: 'k', value: 'v', headers: { a: '1', b: ['2', '3'] }, timestamp: String(START) }],
    });
    await fill(topic, 9, CompressionTypes.None, 1);
    const [first] = await readAll(reader, topic, { from: 0, to: 1 });
    expect(first).toMatchObject({ offset: 0, timestamp: START });
    expect([first?.key, first?.value, first?.headers.a, first?.headers.b].map(String)).toEqual([
      'k',
      'v',
      '1',
      '3',
    ]);
    expect(offsetsOf(await readAll(reader, topic, { from: 3, to: 7 }))).toEqual([3, 4, 5, 6]);
    expect(await readAll(reader, topic, { from: 3, to: 3 })).toEqual([]);
    expect(await readAll(reader, topic, { from: 10, to: 20 })).toEqual([]);
  });

  it('begins and ends within a compressed batch, and ends at the end', async () => {
    const topic = await scratch.topic();
    for (const compression of [CompressionTypes.GZIP, CompressionTypes.ZSTD]) {
      const { end } = await reader.bounds(topic, 0);
      await fill(topic, 100, compression, end);
    }
    expect(offsetsOf(await readAll(reader, topic, { from: 90, to: 110 }))).toEqual(range(90, 110));
    expect(textsOf(await readAll(reader, topic, { from: 150, to: 1_000_000 }))).toEqual(
      range(150, 200).map(String),
    );
  });

  it('takes as many fetches as it needs, whatever their size', async () => {
    const topic = await scratch.topic();
    for (let n = 0; n < 500; n += 10) await fill(topic, 10, CompressionTypes.None, n);
    expect(textsOf(await readAll(reader, topic, { from: 5, to: 495, maxBytes: 1 }))).toEqual(
      range(5, 495).map(String),
    );
  });

  it('leaves out what was aborted, and reads on behind it', async () => {
    const topic = await scratch.topic();
    const transactional = (id: string) =>
      scratch.kafka.producer({ transactionalId: `${topic}-${id}`, idempotent: true, maxInFlightRequests: 1 });
    const [one, two] = [transactional('one'), transactional('two')];
    await Promise.all([one.connect(), two.connect()]);
    await fill(topic, 2);
    const [first, second] = [await one.transaction(), await two.transaction()];
    await first.send({ topic, messages: [{ value: 'x' }] });
    await second.send({ topic, messages: [{ value: 'y' }] });
    await first.send({ topic, messages: [{ value: 'x', key: Buffer.alloc(4) }] });
    await second.send({ topic, messages: [{ value: 'y' }] });
    await fill(topic, 1, CompressionTypes.None, 6);
    expect(await reader.bounds(topic, 0)).toEqual({ first: 0, end: 2 });
    expect(textsOf(await readAll(reader, topic, { from: 0, to: 100 }))).toEqual(['0', '1']);
    await first.abort();
    await second.abort();
    const third = await one.transaction();
    await third.send({ topic, messages: [{ value: 'committed' }] });
    await third.commit();
    await Promise.all([one.disconnect(), two.disconnect()]);
    await vi.waitFor(async () => expect((await reader.bounds(topic, 0)).end).toBe(11), { timeout: 60_000 });
    for (const from of range(0, 12)) {
      const wanted = [0, 1, 6, 9].filter((offset) => offset >= from);
      expect(offsetsOf(await readAll(reader, topic, { from, to: 100 }))).toEqual(wanted);
    }
  });

  it('goes on at the first record held when retention took what was asked for', async () => {
    const topic = await scratch.topic();
    await fill(topic, 10);
    // The admin knows the leaders of what it was asked about.
    await scratch.admin.fetchTopicOffsets(topic);
    await scratch.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] });
    expect(await reader.bounds(topic, 0)).toEqual({ first: 4, end: 10 });
    expect(offsetsOf(await readAll(reader, topic, { from: 0, to: 6 }))).toEqual([4, 5]);
    expect(await readAll(reader, topic, { from: 0, to: 3 })).toEqual([]);
  });

  it('passes over what compaction took, also at the end of a batch', async () => {
    const config = {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.001',
      'max.compaction.lag.ms': '100',
      'delete.retention.ms': '0',
    };
    const topic = await scratch.topic({ config });
    const send = (...keys: string[]) =>
      producer.send({ topic, messages: keys.map((key) => ({ key, value: key })) });
    await send('a', 'b', 'c', 'b');
    await send('a', 'b', 'c');
    const kept = async () => offsetsOf(await readAll(reader, topic, { from: 0, to: 7 }));
    await vi.waitFor(
      async () => {
        // The active segment is never cleaned.
        await send('d');
        expect(await kept()).toEqual([4, 5, 6]);
      },
      { timeout: 60_000, interval: 1_000 },
    );
    expect(offsetsOf(await readAll(reader, topic, { from: 1, to: 6 }))).toEqual([4, 5]);
  });

  it('finds by time the first record that is as old or younger, else the end', async () => {
    const topic = await scratch.topic();
    await fill(topic, 10);
    expect(await reader.offsetAt(topic, 0, START + 3_000)).toBe(3);
    expect(await reader.offsetAt(topic, 0, START + 3_001)).toBe(4);
    expect(await reader.offsetAt(topic, 0, -5)).toBe(0);
    expect(await reader.offsetAt(topic, 0, START + 9_001)).toBe(10);
  });

  it('is a fetch ahead of its caller at most', async () => {
    const topic = await scratch.topic();
    for (let n = 0; n < 50; n += 10) await fill(topic, 10, CompressionTypes.None, n);
    const client = clientOf(scratch.brokers);
    const cluster = client.newCluster();
    const fetches = vi.fn();
    const counting: KafkaClient = {
      ...client,
      newCluster: () =>
        Object.assign(cluster, {
          findBroker: watched(cluster.findBroker.bind(cluster), fetches),
        }),
    };
    const own = createRangeReader(counting);
    let given = 0;
    for await (const _ of own.read(topic, 0, { from: 0, to: 50, maxBytes: 1 }, NEVER)) {
      given += 1;
      expect(fetches.mock.calls.length).toBeLessThanOrEqual(given + 1);
    }
    expect(given).toBe(5);
    await own.close();
  });

  it('ends at once when told so, and gives nothing more', async () => {
    const topic = await scratch.topic();
    for (let n = 0; n < 50; n += 10) await fill(topic, 10, CompressionTypes.None, n);
    const stop = new AbortController();
    const got: number[] = [];
    for await (const messages of reader.read(topic, 0, { from: 0, to: 50, maxBytes: 1 }, stop.signal)) {
      got.push(...offsetsOf(messages));
      stop.abort();
    }
    expect(got).toEqual(range(0, 10));
  });

  it('says that a topic is not there', async () => {
    const own = createRangeReader(clientOf(scratch.brokers), { giveUpMs: 500 });
    await expect(own.bounds('no-such-topic', 0)).rejects.toMatchObject({ code: 'log_unavailable' });
    await own.close();
  });
});

function watched<T extends (...args: never[]) => unknown>(inner: T, mark: () => void): T {
  return ((...args) => {
    mark();
    return inner(...args);
  }) as T;
}

describe('without brokers', () => {
  it('gives up after its time, and ends at once when told so or closed', async () => {
    const reader = createRangeReader(clientOf(['127.0.0.1:1']), { giveUpMs: 300 });
    await expect(reader.bounds('t', 0)).rejects.toMatchObject({ code: 'log_unavailable' });
    await reader.close();
    const patient = createRangeReader(clientOf(['127.0.0.1:1']));
    const stopped = readUntil(patient, AbortSignal.timeout(50));
    await expect(stopped).resolves.toBe(0);
    const closed = expect(readUntil(patient, NEVER)).rejects.toMatchObject({ code: 'log_closing' });
    await patient.close();
    await closed;
  });

  async function readUntil(reader: RangeReader, signal: AbortSignal): Promise<number> {
    let count = 0;
    for await (const messages of reader.read('t', 0, { from: 0, to: 9 }, signal)) count += messages.length;
    return count;
  }
});
