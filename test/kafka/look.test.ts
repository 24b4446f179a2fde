/** Looking into the events by time, offset and messageId, and where the groups stand: on a real broker. */
import type { Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import type { RawCluster } from '../../src/log/kafka/internals.ts';
import { createLook } from '../../src/log/kafka/look.ts';
import { encodeProgress } from '../../src/log/kafka/progress-codec.ts';
import { createRangeReader, type RangeReader } from '../../src/log/kafka/range-reader.ts';
import { messageOf, recordOf } from '../../src/log/kafka/record-codec.ts';
import { createStandings } from '../../src/log/kafka/standings.ts';
import type { AppendRecord, Progress } from '../../src/log/log.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

const NEVER = new AbortController().signal;
const START = 1_700_000_000_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const ALWAYS = { from: 0, to: Number.MAX_SAFE_INTEGER };

function event(
  messageId: string,
  timestamp: number,
  headers: Partial<AppendRecord['headers']> = {},
): AppendRecord {
  return {
    key: 'u1',
    value: Buffer.from(JSON.stringify({ type: 'track', messageId })),
    headers: { source: 's', receivedAt: new Date(timestamp).toISOString(), ...headers },
    timestamp,
  };
}

/** kafkajs' admin leaves a commit's metadata out. */
interface Committer {
  offsetCommit(commit: object): Promise<unknown>;
}

describeKafka('looking into the events', () => {
  let scratch: KafkaScratch;
  let producer: Producer;
  let reader: RangeReader;
  const client = () =>
    createKafkaClient({ brokers: scratch.brokers, clientId: 'test', ssl: null, sasl: null }, () => undefined);

  beforeAll(async () => {
    scratch = await openScratch();
    producer = scratch.kafka.producer();
    await producer.connect();
    reader = createRangeReader(client());
  });
  afterAll(async () => {
    await reader.close();
    await producer.disconnect();
    await scratch.close();
  });

  async function append(topic: string, partition: number, ...records: AppendRecord[]) {
    const messages = records.map((record) => {
      const { key, value, headers, timestamp } = messageOf(record);
      return { key, value: value as Buffer, headers, timestamp: `${timestamp}`, partition };
    });
    await producer.send({ topic, messages });
  }

  function lookInto(topic: string, partitions = 1) {
    const events = { topic, partitions, maxMessageBytes: 1_000_000 };
    return { events, ...createLook({ reader, events, decode: recordOf }) };
  }

  async function scanned(records: AsyncIterable<readonly LogRecord[]>): Promise<LogRecord[]> {
    const all: LogRecord[] = [];
    for await (const some of records) all.push(...some);
    return all;
  }

  const idOf = ({ value }: LogRecord) => JSON.parse(String(Buffer.from(value))).messageId;
  const placeOf = ({ partition, offset }: LogRecord) => `${partition}/${offset}`;

  describe('a scan', () => {
    it('gives what was accepted in a time, the older first, and each partition in its own order', async () => {
      const topic = await scratch.topic({ partitions: 3 });
      const times = [
        [0, 3, 6, 60],
        [1, 5, 4, 61],
        [2, 7, 8, 9],
      ];
      for (const [partition, seconds] of times.entries()) {
        for (const at of seconds) await append(topic, partition, event(`${at}`, START + at * SECOND));
      }
      const range = { from: START + SECOND, to: START + 9 * SECOND };
      const records = await scanned(lookInto(topic, 3).scan(topic, range, NEVER));
      expect(records.map(idOf)).toEqual(['1', '2', '3', '5', '4', '6', '7', '8']);
      const all = await scanned(lookInto(topic, 3).scan(topic, ALWAYS, NEVER));
      expect(all).toHaveLength(12);
    });

    it('finds what was written up to ten minutes after its time, and begins at the offset it is given', async () => {
      const topic = await scratch.topic();
      await append(topic, 0, event('a', START), event('late', START + 10 * MINUTE), event('b', START + 1));
      const { scan } = lookInto(topic);
      const range = { from: START, to: START + MINUTE };
      expect((await scanned(scan(topic, range, NEVER))).map(idOf)).toEqual(['a', 'b']);
      expect((await scanned(scan(topic, { ...range, offsets: new Map([[0, 1]]) }, NEVER))).map(idOf)).toEqual(
        ['b'],
      );
    });

    it('ends where the topic ended when it began, and when told so', async () => {
      const topic = await scratch.topic();
      await append(topic, 0, event('a', START));
      const seen: string[] = [];
      for await (const records of lookInto(topic).scan(topic, ALWAYS, NEVER)) {
        seen.push(...records.map(idOf));
        await append(topic, 0, event('copy', START));
      }
      expect(seen).toEqual(['a']);
      const stop = new AbortController();
      stop.abort();
      expect(await scanned(lookInto(topic).scan(topic, ALWAYS, stop.signal))).toEqual([]);
    });
  });

  describe('a fetch', () => {
    it('gives the records at the offsets that are still held, near ones and far ones', async () => {
      const topic = await scratch.topic({ partitions: 2 });
      const records = Array.from({ length: 1_500 }, (_, n) => event(`${n}`, START + n));
      await append(topic, 1, ...records);
      await scratch.admin.fetchTopicOffsets(topic);
      await scratch.admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '5' }] });
      const { fetch, gone } = lookInto(topic, 2);
      const found = await fetch(topic, 1, [2, 7, 8, 400, 1_200, 1_499, 9_999]);
      expect(found.map(idOf)).toEqual(['7', '8', '400', '1200', '1499']);
      // None of them holds on to what was fetched with it.
      for (const { value } of found) expect(value.buffer.byteLength).toBe(value.byteLength);
      expect(await fetch(topic, 1, [])).toEqual([]);
      expect(await gone(topic, 1, [2, 4, 7])).toEqual([2, 4]);
      expect(await gone(topic, 1, [9_999])).toEqual([]);
    });
  });

  describe('a search', () => {
    it('finds the records of a messageId in all partitions, the newest first', async () => {
      const topic = await scratch.topic({ partitions: 2 });
      const others = Array.from({ length: 3_000 }, (_, n) => event(`m-${n}`, START + n));
      await append(topic, 0, event('m', START), ...others, event('m', START + 5_000));
      await append(topic, 1, event('other', START, { messageId: 'made' }), event('m', START + 1_000));
      const { find } = lookInto(topic, 2);
      expect((await find(topic, 'm', NEVER)).map(placeOf)).toEqual(['0/3001', '1/1', '0/0']);
      expect(await find(topic, 'nobody', NEVER)).toEqual([]);
    });

    it('finds an id that ingest made, and one that JSON writes with escapes', async () => {
      const topic = await scratch.topic();
      const bare = { ...event('', START, { messageId: 'made' }), value: Buffer.from('{"type":"track"}') };
      await append(topic, 0, bare, event('a"b\\c', START));
      const { find } = lookInto(topic);
      expect((await find(topic, 'made', NEVER)).map(placeOf)).toEqual(['0/0']);
      expect((await find(topic, 'a"b\\c', NEVER)).map(placeOf)).toEqual(['0/1']);
    });

    it('gives what it has found when it is told to end', async () => {
      const topic = await scratch.topic();
      await append(topic, 0, event('m', START), ...Array.from({ length: 4_000 }, () => event('x', START)));
      await append(topic, 0, event('m', START));
      const stop = new AbortController();
      const decode: typeof recordOf = (message, place) => {
        stop.abort();
        return recordOf(message, place);
      };
      const { find } = createLook({ reader, events: lookInto(topic).events, decode });
      expect((await find(topic, 'm', stop.signal)).map(placeOf)).toEqual(['0/4001']);
    });
  });

  describe('where the groups stand', () => {
    let cluster: RawCluster;

    beforeAll(async () => {
      cluster = client().newCluster();
      await cluster.connect();
    });
    afterAll(() => cluster.disconnect());

    async function commit(groupId: string, topic: string, partition: number, progress: Progress) {
      const { metadata } = encodeProgress(progress, 0);
      const partitions = [{ partition, offset: `${progress.watermark}`, metadata }];
      const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as Committer;
      await coordinator.offsetCommit({
        groupId,
        memberId: '',
        groupGenerationId: -1,
        topics: [{ topic, partitions }],
      });
    }

    it('is what they have not settled in all partitions, since when, and about how many bytes', async () => {
      const topic = await scratch.topic({ partitions: 2 });
      const prefix = scratch.groupId();
      const { events } = lookInto(topic, 2);
      const now = vi.fn(() => START);
      const standings = createStandings({ client: client(), reader, events, groupPrefix: prefix, now });
      await append(topic, 0, ...[0, 1, 2, 3, 4].map((n) => event(`${n}`, START + n)));
      await append(topic, 1, event('5', START + 5), event('6', START + 6));
      expect(await standings.groups()).toEqual([]);
      standings.know(['b', 'a']);
      await commit(`${prefix}.b`, topic, 0, { watermark: 1, settled: [{ from: 2, to: 4 }] });
      await commit(`${prefix}.b`, topic, 1, { watermark: 2, settled: [] });
      const [a, b] = await standings.groups();
      expect(a).toMatchObject({ group: 'a', detached: false, unsettled: 7, oldestAt: START });
      expect(b).toMatchObject({ group: 'b', detached: false, unsettled: 2, oldestAt: START + 1 });
      expect(b!.bytes).toBeGreaterThan(2 * 30);
      expect(b!.bytes).toBeLessThan(2 * 60);
      await commit(`${prefix}.b`, topic, 0, { watermark: 5, settled: [] });
      expect((await standings.groups())[1]).toMatchObject({ unsettled: 0, bytes: 0, oldestAt: null });
      await append(topic, 1, event('7', START + 7));
      expect((await standings.groups())[1]).toMatchObject({ unsettled: 1, oldestAt: START + 7 });
      standings.know(['b']);
      expect(await standings.groups()).toHaveLength(1);
      await standings.close();
      await expect(standings.groups()).rejects.toMatchObject({ code: 'log_closing' });
      await scratch.admin.deleteGroups([`${prefix}.b`]);
    });

    it('begins at the first record held where retention has passed the group, and counts no marks of transactions', async () => {
      const topic = await scratch.topic();
      const prefix = scratch.groupId();
      const { events } = lookInto(topic);
      const now = vi.fn(() => START);
      const standings = createStandings({
        client: client(),
        reader,
        events,
        groupPrefix: prefix,
        now,
      });
      standings.know(['a']);
      await append(topic, 0, ...[0, 1, 2, 3, 4].map((n) => event(`${n}`, START + n)));
      await commit(`${prefix}.a`, topic, 0, { watermark: 1, settled: [{ from: 2, to: 4 }] });
      await scratch.admin.fetchTopicOffsets(topic);
      await scratch.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
      expect(await standings.groups()).toMatchObject([{ unsettled: 1, oldestAt: START + 4 }]);
      const transactional = scratch.kafka.producer({
        transactionalId: topic,
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await transactional.connect();
      const transaction = await transactional.transaction();
      await transaction.send({ topic, messages: [{ value: 'x' }] });
      await transaction.abort();
      await transactional.disconnect();
      await commit(`${prefix}.a`, topic, 0, { watermark: 5, settled: [] });
      now.mockReturnValue(START + MINUTE);
      await vi.waitFor(async () => expect((await reader.bounds(topic, 0)).end).toBe(7), { timeout: 60_000 });
      expect(await standings.groups()).toMatchObject([{ unsettled: 0, bytes: 0, oldestAt: null }]);
      await standings.close();
      await scratch.admin.deleteGroups([`${prefix}.a`]);
    });
  });
});
