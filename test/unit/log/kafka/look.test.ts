/** Looking into the events for no group, over topics in memory. */
import { expect, test } from 'vitest';
import { createLook } from '../../../../src/log/kafka/look.ts';
import { recordOf } from '../../../../src/log/kafka/record-codec.ts';
import { createTopics } from './topics-in-memory.ts';

const EVENTS = { topic: 'events', partitions: 1, maxMessageBytes: 1_000_000 };

async function eventsUpTo(end: number) {
  const topics = createTopics();
  const messages = Array.from({ length: end }, () => ({
    key: 'u1',
    value: Buffer.from('{}'),
    headers: {},
    timestamp: 0,
  }));
  await topics.outbox.send(EVENTS.topic, 0, messages);
  return { topics, look: createLook({ reader: topics.reader, events: EVENTS, decode: recordOf }) };
}

test('a fetch ends when it is aborted', async () => {
  const { topics, look } = await eventsUpTo(30);
  const stop = new AbortController();
  const offsets = Array.from({ length: 30 }, (_, offset) => offset);
  const fetched = look.fetch(EVENTS.topic, 0, offsets, stop.signal);
  stop.abort();
  expect((await fetched).length).toBeLessThan(30);
  expect(topics.handedOut).toBeLessThan(30);
  expect((await look.fetch(EVENTS.topic, 0, offsets)).length).toBe(30);
});

test('gone is what lies below the first record held and what compaction took, not what cannot be read yet', async () => {
  const { topics, look } = await eventsUpTo(10);
  topics.cut(EVENTS.topic, 0, 3);
  const gone = (...offsets: number[]) => look.gone(EVENTS.topic, 0, offsets);
  expect(await gone(1, 2, 3, 4)).toEqual([1, 2]);
  expect(await gone(9, 10, 11)).toEqual([]);
  topics.compact(EVENTS.topic);
  expect(await gone(2, 4, 8, 9)).toEqual([2, 4, 8]);
  topics.cut(EVENTS.topic, 0, 10);
  expect(await gone(2, 9, 10)).toEqual([2, 9]);
});

test('a page of a scan asks for no beginning that it knows, and fetches no more than it takes', async () => {
  const { topics } = await eventsUpTo(100);
  const asked: (number | undefined)[] = [];
  const times: number[] = [];
  const reader: typeof topics.reader = {
    ...topics.reader,
    read(topic, partition, range, signal) {
      asked.push(range.maxBytes);
      return topics.reader.read(topic, partition, range, signal);
    },
    offsetAt(topic, partition, timestamp) {
      times.push(timestamp);
      return topics.reader.offsetAt(topic, partition, timestamp);
    },
  };
  const look = createLook({ reader, events: EVENTS, decode: recordOf });
  const offsets = new Map([[0, 40]]);
  const page = look.scan(EVENTS.topic, { from: 0, to: 1, offsets, most: 20 }, new AbortController().signal);
  const found: number[] = [];
  for await (const records of page) found.push(...records.map(({ offset }) => offset));
  expect(found[0]).toBe(40);
  expect(times).toHaveLength(1);
  expect(asked).toEqual([64 * 1024]);
});
