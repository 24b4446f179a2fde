/** One group's reading, on a real broker: what kafkajs does on its own loses nothing, stops nothing and commits nothing. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { attachGroups, startAt } from '../../src/log/kafka/attach.ts';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { encodeProgress } from '../../src/log/kafka/progress-codec.ts';
import { createGroupOffsets } from '../../src/log/kafka/session-offsets.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { openReader, produce, type Reader, type ReaderOptions, transact } from './session-rig.ts';

const WITHIN = { timeout: 60_000, interval: 20 };
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

describeKafka('a session', () => {
  let scratch: KafkaScratch;
  let readers: Reader[] = [];
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterEach(async () => {
    await Promise.all(readers.map((reader) => reader.leave()));
    readers = [];
  });
  afterAll(() => scratch.close());

  const open = (options: ReaderOptions): Reader => {
    const reader = openReader(scratch, options);
    readers.push(reader);
    return reader;
  };
  const committed = async (groupId: string, topic: string, partition = 0): Promise<number> => {
    const [offsets] = await scratch.admin.fetchOffsets({ groupId, topics: [topic] });
    return Number(offsets?.partitions.find((each) => each.partition === partition)?.offset);
  };

  test('reads what was written, in order, and after it has left the next goes on where it committed', async () => {
    const [topic, groupId] = [await scratch.topic({ partitions: 2 }), scratch.groupId()];
    await produce(scratch, topic, { partition: 0, count: 30 });
    await produce(scratch, topic, { partition: 1, count: 20 });
    const first = open({ topic, groupId, settles: true });
    await vi.waitFor(() => expect(first.records).toHaveLength(50), WITHIN);
    expect(first.offsets(0)).toEqual(range(0, 30));
    expect(first.offsets(1)).toEqual(range(0, 20));
    expect(first.shares).toEqual([1]);
    await first.leave();
    await produce(scratch, topic, { partition: 0, count: 5 });
    const second = open({ topic, groupId, settles: true });
    await vi.waitFor(() => expect(second.records).toHaveLength(5), WITHIN);
    expect(second.offsets(0)).toEqual(range(30, 35));
    expect(first.fatals).toEqual([]);
  });

  test('what was settled above the watermark is not read again, and the floor moves with it', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 10 });
    const first = open({ topic, groupId });
    await vi.waitFor(() => expect(first.records).toHaveLength(10), WITHIN);
    first.settle(0, 0, 2, 3, 4, 6);
    await first.commit(0, 77);
    await first.leave();
    const second = open({ topic, groupId });
    await vi.waitFor(() => expect(second.offsets()).toEqual([1, 5, 7, 8, 9]), WITHIN);
    expect(second.chunks.map(({ firstOffset, count }) => [firstOffset, count])).toEqual([
      [1, 1],
      [5, 1],
      [7, 3],
    ]);
    expect(second.chunks[0]?.resumed).toEqual({
      watermark: 1,
      settled: [
        { from: 2, to: 5 },
        { from: 6, to: 7 },
      ],
    });
    expect(second.session.assigned()).toMatchObject([
      { partition: 0, floor: 77, highWatermark: 10, position: 10 },
    ]);
  });

  test('read again in one assignment, it begins at what is committed', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 6 });
    const reader = open({ topic, groupId });
    await vi.waitFor(() => expect(reader.records).toHaveLength(6), WITHIN);
    const [chunk] = reader.chunks;
    reader.settle(0, 0, 1, 4);
    await reader.commit(0);
    reader.again();
    await vi.waitFor(() => expect(reader.offsets().slice(6)).toEqual([2, 3, 5]), WITHIN);
    expect(chunk?.lost.aborted).toBe(true);
    expect(reader.shares).toEqual([1]);
  });

  test('a partition that nobody takes from does not keep the others from being fetched', async () => {
    const [topic, groupId] = [await scratch.topic({ partitions: 2 }), scratch.groupId()];
    await produce(scratch, topic, { partition: 0, count: 25_000, bytes: 1_000 });
    const gate = Promise.withResolvers<void>();
    const reader = open({ topic, groupId, gate: () => gate.promise });
    const position = (partition: number) =>
      reader.session.assigned().find((each) => each.partition === partition)?.position ?? -1;
    await vi.waitFor(() => expect(position(0)).toBeGreaterThan(15_000), WITHIN);
    for (let round = 1; round <= 3; round += 1) {
      await produce(scratch, topic, { partition: 1, count: 1 });
      await vi.waitFor(() => expect(position(1)).toBe(round), WITHIN);
    }
    expect(position(0)).toBeLessThan(25_000);
    gate.resolve();
    await vi.waitFor(() => expect(reader.records).toHaveLength(25_003), WITHIN);
    expect(reader.offsets(0)).toEqual(range(0, 25_000));
    expect(reader.revoked).toBe(0);
  });

  test('what a record does to whoever decodes it does not stop the consumer', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 3 });
    const decode: ReaderOptions['decode'] = ({ offset, ...message }, place) => {
      if (offset === 1) throw new TypeError('a bug');
      return { ...place, ...message, offset, key: '', corrupt: false } as never;
    };
    const reader = open({ topic, groupId, decode });
    await vi.waitFor(() => expect(reader.offsets()).toEqual([0, 2]), WITHIN);
    await produce(scratch, topic, { count: 1 });
    await vi.waitFor(() => expect(reader.offsets()).toEqual([0, 2, 3]), WITHIN);
    expect(reader.crashes).toEqual([]);
  });

  test('a rebalance waits for what is under way, and commits it', async () => {
    const [topic, groupId] = [await scratch.topic({ partitions: 2 }), scratch.groupId()];
    await produce(scratch, topic, { partition: 0, count: 10 });
    await produce(scratch, topic, { partition: 1, count: 10 });
    const onRevoke = async (reader: Reader): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      for (const partition of [0, 1]) {
        reader.settle(partition, 0, 1, 5);
        await reader.commit(partition);
      }
    };
    const first = open({ topic, groupId, onRevoke });
    await vi.waitFor(() => expect(first.records).toHaveLength(20), WITHIN);
    const chunks = [...first.chunks];
    const second = open({ topic, groupId });
    await vi.waitFor(() => expect(second.records).toHaveLength(7), WITHIN);
    await vi.waitFor(() => expect(first.records).toHaveLength(27), WITHIN);
    expect(first.revoked).toBe(1);
    expect(chunks.every(({ lost }) => lost.aborted)).toBe(true);
    expect([...second.offsets(0), ...second.offsets(1)]).toEqual([2, 3, 4, 6, 7, 8, 9]);
    expect(second.shares).toEqual([0.5]);
    expect(first.shares).toEqual([1, 0.5]);
  });

  test('a commit of a partition that has gone to another does nothing', async () => {
    const [topic, groupId] = [await scratch.topic({ partitions: 2 }), scratch.groupId()];
    await produce(scratch, topic, { partition: 0, count: 10 });
    await produce(scratch, topic, { partition: 1, count: 10 });
    const first = open({ topic, groupId });
    await vi.waitFor(() => expect(first.records).toHaveLength(20), WITHIN);
    const second = open({ topic, groupId });
    await vi.waitFor(() => expect(second.records).toHaveLength(10), WITHIN);
    await vi.waitFor(() => expect(first.session.assigned()).toHaveLength(1), WITHIN);
    const gone = second.session.assigned()[0]?.partition ?? -1;
    const { lost } = first.commits;
    await first.session.commit(topic, gone, { watermark: 9, settled: [] }, 0);
    expect(first.commits.lost).toBe(lost + 1);
    expect(await committed(groupId, topic, gone)).toBe(-1);
  });

  test('the grace has an end, and what comes after it is not committed', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 10 });
    const late = Promise.withResolvers<void>();
    let graceMs = -1;
    const onRevoke = async (reader: Reader, deadline: AbortSignal): Promise<void> => {
      const began = performance.now();
      await new Promise((resolve) => deadline.addEventListener('abort', resolve));
      graceMs = performance.now() - began;
      await vi.waitFor(() => expect(reader.chunks[0]?.lost.aborted).toBe(true), WITHIN);
      reader.settle(0, 0);
      await reader.commit(0);
      late.resolve();
    };
    const first = open({ topic, groupId, onRevoke, revokeMs: 500 });
    await vi.waitFor(() => expect(first.records).toHaveLength(10), WITHIN);
    open({ topic, groupId });
    await late.promise;
    expect(graceMs).toBeGreaterThan(400);
    expect(graceMs).toBeLessThan(5_000);
    expect(first.commits).toMatchObject({ ok: 0, lost: 1 });
    expect(await committed(groupId, topic)).toBe(-1);
  });

  test('a member that outlasts its grace has no partitions by its own word: what waits for them ends', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 5 });
    const held: number[] = [];
    const slow = open({
      topic,
      groupId,
      revokeMs: 100,
      onRevoke: async ({ session }) => {
        held.push(session.assigned().length);
        await vi.waitFor(() => expect(session.assigned()).toEqual([]), WITHIN);
        held.push(session.assigned().length);
      },
    });
    await vi.waitFor(() => expect(slow.records).toHaveLength(5), WITHIN);
    const next = open({ topic, groupId });
    await vi.waitFor(() => expect([slow, next].flatMap(({ records }) => records)).toHaveLength(10), WITHIN);
    expect(held.slice(0, 2)).toEqual([1, 0]);
  });

  test('aborted records are never read, and the watermark passes them and every marker to the end', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    const reader = open({ topic, groupId, settles: true });
    const end = async () => Number((await scratch.admin.fetchTopicOffsets(topic))[0]?.high);
    // The brokers write a transaction's marker some time after they have answered: the next one's records are to stand behind it.
    for (const [count, commits, ends] of [
      [3, false, 4],
      [2, true, 7],
      [2, false, 10],
    ] as const) {
      await transact(scratch, topic, { count, commits });
      await vi.waitFor(async () => expect(await end()).toBe(ends), WITHIN);
    }
    await vi.waitFor(() => expect(reader.offsets()).toEqual([4, 5]), WITHIN);
    await vi.waitFor(async () => expect(await committed(groupId, topic)).toBe(10), WITHIN);
    expect(reader.session.assigned()).toMatchObject([
      { progress: { watermark: 10, settled: [] }, position: 10 },
    ]);
  });

  test('records that were deleted before the group read them are told, and it goes on at the first that is held', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 10 });
    const first = open({ topic, groupId });
    await vi.waitFor(() => expect(first.records).toHaveLength(10), WITHIN);
    first.settle(0, 0, 1, 3, 8);
    await first.commit(0);
    await first.leave();
    await scratch.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '6' }] });
    const second = open({ topic, groupId });
    await vi.waitFor(() => expect(second.offsets()).toEqual([6, 7, 9]), WITHIN);
    expect(second.lost).toEqual([{ partition: 0, count: 3 }]);
    expect(second.warnings).toEqual([expect.stringContaining('3 records were deleted')]);
  });

  test('records that are deleted ahead of a reader are told, and it goes on at the first that is held', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 45_000, bytes: 200 });
    const gate = Promise.withResolvers<void>();
    const reader = open({ topic, groupId, gate: () => gate.promise });
    await vi.waitFor(() => expect(reader.session.assigned()[0]?.position).toBeGreaterThan(29_000), WITHIN);
    await scratch.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '44990' }] });
    gate.resolve();
    await vi.waitFor(() => expect(reader.offsets().at(-1)).toBe(44_999), WITHIN);
    const read = reader.offsets().length - 10;
    expect(reader.offsets()).toEqual([...range(0, read), ...range(44_990, 45_000)]);
    expect(reader.lost).toEqual([{ partition: 0, count: 44_990 - read }]);
    expect(reader.warnings).toEqual([expect.stringContaining('were deleted')]);
  });

  test('progress that cannot be read is left aside, and the offset counts', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 4 });
    const consumer = scratch.kafka.consumer({ groupId });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve) => {
      consumer.on(consumer.events.FETCH, () => resolve());
      consumer.run({ autoCommit: false, eachBatch: async () => undefined });
    });
    await consumer.commitOffsets([{ topic, partition: 0, offset: '2', metadata: 'somebody else’s' }]);
    await consumer.disconnect();
    const reader = open({ topic, groupId });
    await vi.waitFor(() => expect(reader.offsets()).toEqual([2, 3]), WITHIN);
    expect(reader.warnings).toEqual([expect.stringContaining('left aside')]);
  });

  test('partitions that are added are read', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { partition: 0, count: 3 });
    const reader = open({ topic, groupId, settles: true, metadataMs: 500 });
    await vi.waitFor(() => expect(reader.records).toHaveLength(3), WITHIN);
    await scratch.admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await produce(scratch, topic, { partition: 2, count: 4 });
    await vi.waitFor(() => expect(reader.offsets(2)).toEqual(range(0, 4)), WITHIN);
    expect(reader.offsets(0)).toEqual(range(0, 3));
    expect(reader.shares.at(-1)).toBe(1);
    expect(reader.fatals).toEqual([]);
  });

  test('many commits at once are a few requests, and each resolves when its own is durable', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 2_000 });
    const reader = open({ topic, groupId });
    await vi.waitFor(() => expect(reader.records).toHaveLength(2_000), WITHIN);
    const pending: Promise<void>[] = [];
    for (const offset of range(0, 2_000)) {
      reader.settle(0, offset);
      pending.push(reader.commit(0));
    }
    await pending[0];
    await Promise.all(pending);
    expect(await committed(groupId, topic)).toBe(2_000);
    expect(reader.commits.ok).toBeLessThan(10);
  });

  test('a thousand settled ranges survive in the offset’s metadata', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 2_002 });
    const first = open({ topic, groupId });
    await vi.waitFor(() => expect(first.records).toHaveLength(2_002), WITHIN);
    first.settle(0, ...range(0, 1_000).map((n) => 2 * n + 1));
    expect(encodeProgress(first.progress(0), 0).cut).toBe(0);
    await first.commit(0);
    await first.leave();
    const second = open({ topic, groupId });
    await vi.waitFor(() => expect(second.records).toHaveLength(1_002), WITHIN);
    expect(second.offsets()).toEqual([...range(0, 1_000).map((n) => 2 * n), 2_000, 2_001]);
  });

  test('leaving frees the partitions at once, and may be asked for twice', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 1 });
    const first = open({ topic, groupId, settles: true });
    await vi.waitFor(() => expect(first.records).toHaveLength(1), WITHIN);
    await Promise.all([first.leave(), first.leave()]);
    expect(first.revoked).toBe(0);
    const began = performance.now();
    const second = open({ topic, groupId });
    await vi.waitFor(() => expect(second.shares).toEqual([1]), WITHIN);
    // The brokers would take the first for gone after 45 s.
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test('leaving while it joins leaves nobody behind', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    await produce(scratch, topic, { count: 1 });
    const hasty = open({ topic, groupId });
    await hasty.leave();
    const { groups } = await scratch.admin.describeGroups([groupId]);
    expect(groups[0]?.members ?? []).toEqual([]);
    expect(hasty.fatals).toEqual([]);
  });

  test('brokers that cannot be reached are waited for, and leaving then takes no longer than its deadline', async () => {
    const reader = openReader({ brokers: ['127.0.0.1:1'] }, { topic: 'none', groupId: 'none' });
    const began = performance.now();
    await reader.leave();
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(reader.fatals).toEqual([]);
  });

  test('a group begins at the end where it is to, once, and one that has committed keeps its place', async () => {
    const [topic, prefix] = [await scratch.topic({ partitions: 2 }), scratch.groupId('prefix')];
    const groupId = `${prefix}.g`;
    await produce(scratch, topic, { partition: 1, count: 5 });
    const client = clientOf(scratch);
    await Promise.all(
      [1, 2].map(() => attachGroups(client, { prefix, topic }, [{ group: 'g', start: 'end' }])),
    );
    expect([await committed(groupId, topic, 0), await committed(groupId, topic, 1)]).toEqual([0, 5]);
    await produce(scratch, topic, { partition: 1, count: 5 });
    await attachGroups(client, { prefix, topic }, [{ group: 'g', start: 'end' }]);
    const reader = open({ topic, groupId });
    await vi.waitFor(() => expect(reader.offsets(1)).toEqual(range(5, 10)), WITHIN);
    await attachGroups(client, { prefix, topic }, [{ group: 'g', start: 'end' }]);
    expect(await committed(groupId, topic, 1)).toBe(5);
  });

  test('a group begins at a time, where it is to', async () => {
    const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
    const producer = scratch.kafka.producer();
    await producer.connect();
    const messages = [1_000, 2_000, 3_000].map((n) => ({
      value: 'v',
      timestamp: String(1_700_000_000_000 + n),
    }));
    await producer.send({ topic, messages });
    await producer.disconnect();
    await startAt(clientOf(scratch), groupId, { topics: [topic], startOf: () => 1_700_000_001_500 });
    expect(await committed(groupId, topic)).toBe(1);
    const later = scratch.groupId();
    await startAt(clientOf(scratch), later, { topics: [topic], startOf: () => 1_700_000_009_000 });
    expect(await committed(later, topic)).toBe(3);
  });

  test('a topic of a pattern is read, and so is one that is made later', async () => {
    const groupId = scratch.groupId();
    const first = await scratch.topic();
    const label = first.slice(0, -4);
    await produce(scratch, first, { count: 1 });
    let ahead = 0;
    const now = () => Date.now() + ahead;
    const reader = open({ topic: first, groupId, topics: [new RegExp(`^${label}`)], now, stuckMs: 1e9 });
    await vi.waitFor(() => expect(reader.records).toHaveLength(1), WITHIN);
    await reader.session.commit(first, 0, { watermark: 1, settled: [] }, 0);
    const second = `${label}late`;
    await scratch.admin.createTopics({ topics: [{ topic: second }], waitForLeaders: true });
    await produce(scratch, second, { count: 2 });
    ahead = 60_000;
    await vi.waitFor(
      () => expect(reader.records.filter(({ topic }) => topic === second)).toHaveLength(2),
      WITHIN,
    );
    expect(reader.records).toHaveLength(3);
    await scratch.admin.deleteTopics({ topics: [second] });
  });

  test('the cluster is asked where it stands over connections that survive a failure', async () => {
    const topic = await scratch.topic({ partitions: 3 });
    const offsets = createGroupOffsets(clientOf(scratch));
    await expect(offsets.bounds('there-is-none')).rejects.toThrow();
    expect(await offsets.bounds(topic)).toHaveLength(3);
    await offsets.close();
  });

  function clientOf({ brokers }: KafkaScratch) {
    return createKafkaClient({ brokers, clientId: 'test', ssl: null, sasl: null }, () => undefined);
  }
});
