import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createKafkaClient, type KafkaClient } from '../../src/log/kafka/client.ts';
import { createOutbox, type Outbox, type OutboxOptions } from '../../src/log/kafka/outbox.ts';
import { createRangeReader, type RangeReader } from '../../src/log/kafka/range-reader.ts';
import type { OutMessage, RawMessage } from '../../src/log/kafka/record-codec.ts';
import { NO_SIGNS } from '../../src/log/kafka/signs.ts';
import { createDice } from '../support/dice.ts';
import { describeKafka, type KafkaScratch, kafkaBrokers, openScratch } from '../support/kafka/shared.ts';

function clientOf(brokers: readonly string[]): KafkaClient {
  return createKafkaClient({ brokers, clientId: 'outbox-test', ssl: null, sasl: null }, () => undefined);
}

function message(name: string, bytes = 10): OutMessage {
  return { key: name, value: Buffer.alloc(bytes, 120), headers: { name }, timestamp: 1_700_000_000_000 };
}

async function readAll(reader: RangeReader, topic: string, partition: number): Promise<RawMessage[]> {
  const range = { from: 0, to: Number.MAX_SAFE_INTEGER };
  const all: RawMessage[] = [];
  for await (const some of reader.read(topic, partition, range, new AbortController().signal))
    all.push(...some);
  return all;
}

function nameOf({ headers }: RawMessage): string {
  return String(headers.name);
}

describeKafka('the outbox on a broker', () => {
  let scratch: KafkaScratch;
  let client: KafkaClient;
  let reader: RangeReader;
  const opened: Outbox[] = [];

  beforeAll(async () => {
    scratch = await openScratch();
    client = clientOf(await kafkaBrokers());
    reader = createRangeReader(client);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((outbox) => outbox.close()));
  });

  afterAll(async () => {
    await reader.close();
    await scratch.close();
  });

  async function open(change: Partial<OutboxOptions> = {}): Promise<Outbox> {
    const options: OutboxOptions = {
      compression: 'none',
      signs: NO_SIGNS,
      giveUpMs: 7_000,
      topics: [],
      ...change,
    };
    const outbox = await createOutbox(client, options);
    opened.push(outbox);
    return outbox;
  }

  it.each(['none', 'gzip', 'zstd'] as const)(
    'keeps the order of 200 senders over four partitions and tells each where its first message stands (%s)',
    async (compression) => {
      const topic = await scratch.topic({ partitions: 4 });
      const outbox = await open({ compression });
      const roll = createDice(6);
      const below = (most: number) => Math.floor(roll() * most);
      const calls = Array.from({ length: 200 }, (_, call) => ({
        partition: below(4),
        messages: Array.from({ length: 1 + below(40) }, (_each, index) =>
          message(`${call}.${index}`, below(3_000)),
        ),
      }));
      const offsets = await Promise.all(
        calls.map(({ partition, messages }) => outbox.send(topic, partition, messages)),
      );
      expect(outbox.waitingBytes).toBe(0);
      for (const partition of [0, 1, 2, 3]) {
        const stored = await readAll(reader, topic, partition);
        const mine = calls.filter((call) => call.partition === partition);
        expect(stored.map(nameOf)).toEqual(mine.flatMap(({ messages }) => messages.map(({ key }) => key)));
        const names = new Map(stored.map((each) => [each.offset, nameOf(each)]));
        for (const call of mine) {
          expect(names.get(offsets[calls.indexOf(call)] ?? -1)).toBe(call.messages[0]?.key);
        }
      }
    },
  );

  it('writes key, value, headers and time as they are, and a tombstone', async () => {
    const topic = await scratch.topic();
    const outbox = await open();
    const whole: OutMessage = {
      key: 'é',
      value: new Uint8Array([0, 255]),
      headers: { a: 'ü', b: '' },
      timestamp: 1_700_000_000_123,
    };
    await outbox.send(topic, 0, [whole, { ...whole, value: null, headers: {} }, { ...whole, key: null }]);
    const [first, second, third] = await readAll(reader, topic, 0);
    expect(first).toEqual({
      offset: 0,
      key: Buffer.from('é'),
      value: Buffer.from([0, 255]),
      headers: { a: Buffer.from('ü'), b: Buffer.alloc(0) },
      timestamp: 1_700_000_000_123,
    });
    expect(second).toMatchObject({ value: null, headers: {} });
    expect(third?.key).toBeNull();
  });

  it('sends nothing of a call with a message that is larger than the topic takes', async () => {
    const topic = await scratch.topic({ config: { 'max.message.bytes': '10000' } });
    const outbox = await open({ topics: [{ topic, maxMessageBytes: 10_000 }] });
    const sending = outbox.send(topic, 0, [message('a'), message('b', 10_000)]);
    await expect(sending).rejects.toMatchObject({ code: 'log_oversized' });
    await outbox.send(topic, 0, [message('fits', 9_800)]);
    expect((await readAll(reader, topic, 0)).map(nameOf)).toEqual(['fits']);
  });

  it('lets a message that the broker finds too large cost its own sender only', async () => {
    const topic = await scratch.topic({ config: { 'max.message.bytes': '10000' } });
    const outbox = await open();
    const sizes = [100, 100, 20_000, 100, 9_000, 9_000, 30_000, 100];
    const results = await Promise.allSettled(
      sizes.map((bytes, index) => outbox.send(topic, 0, [message(`m${index}`, bytes)])),
    );
    expect(
      results.map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : '')),
    ).toEqual(['', '', 'log_oversized', '', '', '', 'log_oversized', '']);
    expect((await readAll(reader, topic, 0)).map(nameOf)).toEqual(['m0', 'm1', 'm3', 'm4', 'm5', 'm7']);
  });

  it('has an answer for each partition of a request: what one is refused does not fail the others', async () => {
    const small = await scratch.topic({ config: { 'max.message.bytes': '10000' } });
    const other = await scratch.topic({ partitions: 3 });
    const failed: string[] = [];
    const produced: OutboxOptions['signs']['produced'] = (topic, outcome) => {
      if (outcome === 'failed') failed.push(topic);
    };
    const outbox = await open({ signs: { ...NO_SIGNS, produced } });
    // The broker may not know the newest topics yet.
    await outbox.send(small, 0, [message('first')]);
    await Promise.all([0, 1, 2].map((partition) => outbox.send(other, partition, [message('first')])));
    failed.length = 0;
    const refused = outbox.send(small, 0, [message('a', 20_000)]);
    const taken = [0, 1, 2].map((partition) => outbox.send(other, partition, [message('b')]));
    await expect(refused).rejects.toMatchObject({ code: 'log_oversized' });
    expect(await Promise.all(taken)).toEqual([1, 1, 1]);
    expect(failed).toEqual([small]);
  });

  it('gives up what is for a partition that is not there, which kafkajs would call sent; others go on', async () => {
    const topic = await scratch.topic();
    const outcomes: [string, string, number][] = [];
    const produced: OutboxOptions['signs']['produced'] = (...outcome) => {
      outcomes.push(outcome);
    };
    const outbox = await open({ giveUpMs: 400, signs: { ...NO_SIGNS, produced } });
    const sending = outbox.send(topic, 5, [message('a')]);
    expect(await outbox.send(topic, 0, [message('b'), message('c')])).toBe(0);
    await expect(sending).rejects.toMatchObject({
      code: 'log_unavailable',
      message: expect.stringContaining('no partition 5') as string,
    });
    expect(outcomes).toContainEqual([topic, 'ok', 2]);
    expect(outcomes.filter((each) => each[1] === 'failed').length).toBeGreaterThan(1);
  });

  it('takes no more than 64 MB that wait, and takes on when they have gone', async () => {
    const topic = await scratch.topic();
    const outbox = await open({ giveUpMs: 400 });
    const value = Buffer.alloc(1_000_000);
    const large = { ...message('a'), value };
    const waiting = Array.from({ length: 67 }, () => outbox.send(topic, 5, [large]));
    await expect(outbox.send(topic, 0, [large])).rejects.toMatchObject({ code: 'log_full' });
    expect(outbox.waitingBytes).toBeLessThanOrEqual(64 * 1_024 * 1_024);
    await Promise.allSettled(waiting);
    expect(outbox.waitingBytes).toBe(0);
    expect(await outbox.send(topic, 0, [large])).toBe(0);
  });

  it('makes durable what it has when it closes, and takes nothing after', async () => {
    const topic = await scratch.topic();
    const outbox = await open();
    const sending = Array.from({ length: 50 }, (_, index) =>
      outbox.send(topic, 0, [message(`m${index}`, 20_000)]),
    );
    const closing = outbox.close();
    await expect(outbox.send(topic, 0, [message('late')])).rejects.toMatchObject({ code: 'log_closing' });
    await closing;
    expect(await Promise.all(sending)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });
});
