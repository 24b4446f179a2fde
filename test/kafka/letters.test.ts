import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createKafkaClient, type KafkaClient } from '../../src/log/kafka/client.ts';
import { createKafkaLetters, type KafkaLetters } from '../../src/log/kafka/letters.ts';
import { createOutbox, type Outbox } from '../../src/log/kafka/outbox.ts';
import { createRangeReader, type RangeReader } from '../../src/log/kafka/range-reader.ts';
import { createKafkaRequests, type KafkaRequests } from '../../src/log/kafka/requests.ts';
import { NO_SIGNS } from '../../src/log/kafka/signs.ts';
import type { AppendRecord, RequestNote } from '../../src/log/log.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import { letter } from '../contract/log.contract.ts';
import { plainConnection } from '../support/kafka/options.ts';
import { describeKafka, type KafkaScratch, kafkaBrokers, openScratch } from '../support/kafka/shared.ts';
import { record } from '../support/log-harness.ts';

/** Kafka's floor for a compacted topic that gives up what is outdated within seconds. */
const COMPACTED = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '100',
  'max.compaction.lag.ms': '100',
  'max.message.bytes': '20000',
};
const MAX_MESSAGE_BYTES = 20_000;
const NOW = Date.now();

describeKafka('letters and notes of requests on a broker', () => {
  let scratch: KafkaScratch;
  let client: KafkaClient;
  let topic: string;
  let appended: AppendRecord[];
  const opened: { close(): unknown }[] = [];

  /** Each as of a process of its own. */
  async function connect(): Promise<{ outbox: Outbox; reader: RangeReader }> {
    const topics = [{ topic, maxMessageBytes: MAX_MESSAGE_BYTES }];
    const outbox = await createOutbox(client, {
      compression: 'none',
      signs: NO_SIGNS,
      giveUpMs: 7_000,
      topics,
    });
    const reader = createRangeReader(client);
    opened.push(outbox, reader);
    return { outbox, reader };
  }

  async function openLetters(): Promise<KafkaLetters> {
    const letters = createKafkaLetters({
      ...(await connect()),
      topic: { topic, partitions: 3, maxMessageBytes: MAX_MESSAGE_BYTES },
      limits: { retainMs: 1e10, maxBytes: 1e9 },
      now: Date.now,
      append: async (_topic, records) => void appended.push(...records),
      onWarning: (message) => {
        throw new Error(message);
      },
    });
    opened.push(letters);
    return letters;
  }

  beforeAll(async () => {
    scratch = await openScratch();
    client = createKafkaClient(plainConnection(await kafkaBrokers()), () => undefined);
  });

  beforeEach(async () => {
    appended = [];
    topic = await scratch.topic({ partitions: 3, config: COMPACTED });
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });

  afterAll(() => scratch.close());

  const recent = (id: string, at = NOW) => ({ ...letter(id), at });
  const large = (id: string) => ({
    ...recent(id),
    record: { ...letter(id).record, value: new Uint8Array(90_000).map((_, index) => index % 251) },
  });

  it('keeps what was written, repeated, kept of a replay and discarded, whole, through a restart', async () => {
    const first = await openLetters();
    await first.put([recent('a'), recent('b'), recent('c'), recent('d', NOW + 1), large('e')]);
    await first.put([recent('a', NOW + 2)]);
    const keep = letter('b').undelivered!;
    const replay = { letterId: 'b', record: record('b'), parts: ['event:1'], keep };
    expect(await first.replay(EVENTS_TOPIC, [replay])).toEqual(['b']);
    expect(await first.discard(['c', 'gone'])).toEqual(['c']);
    const second = await openLetters();
    const expected = [recent('a', NOW + 2), recent('d', NOW + 1), large('e'), recent('b')];
    expect(await second.letters({ limit: 9 })).toEqual(expected);
    expect(await first.letters({ limit: 9 })).toEqual(expected);
    expect(second.stats()).toEqual(first.stats());
    expect(appended.map(({ guardId }) => guardId)).toEqual([expect.stringContaining('replay\0b\0')]);
  });

  it('hold the same when the broker has compacted the topic', async () => {
    const first = await openLetters();
    const ids = Array.from({ length: 60 }, (_, index) => `l${index}`);
    await first.put([...ids.map((id) => recent(id)), large('kept'), large('gone')]);
    await first.discard([...ids.filter((_, index) => index % 3 > 0), 'gone']);
    await first.put([large('kept')]);
    const before = await first.letters({ limit: 99 });
    const { reader } = await connect();
    let rolls = 0;
    const held = async () => {
      // A segment that is still written to is never compacted: something later begins another one.
      rolls += 1;
      await first.put(ids.slice(0, 9).map((id) => recent(`roll of ${id}`, NOW + 10_000 + rolls * 500)));
      let messages = 0;
      for (let partition = 0; partition < 3; partition += 1) {
        for await (const some of reader.read(topic, partition, { from: 0, to: 1e9 }, AbortSignal.any([])))
          messages += some.length;
      }
      return messages - rolls * 9;
    };
    const atFirst = await held();
    await expect.poll(held, { timeout: 60_000, interval: 500 }).toBeLessThan(atFirst - 40);
    const second = await openLetters();
    const ofBoth = [
      await first.letters({ limit: 99, to: NOW + 10_000 }),
      await second.letters({ limit: 99, to: NOW + 10_000 }),
    ];
    expect(ofBoth).toEqual([before, before]);
  });

  it('are listed, counted and walked through among 3,000, newest and oldest first', async () => {
    const first = await openLetters();
    const all = Array.from({ length: 3_000 }, (_, index) =>
      recent(`braze/${EVENTS_TOPIC}/0/${index}`, NOW + index),
    );
    for (let at = 0; at < all.length; at += 500) await first.put(all.slice(at, at + 500));
    const second = await openLetters();
    expect((await second.letters({ limit: 50 })).map(({ id }) => id)).toEqual(
      all
        .slice(-50)
        .toReversed()
        .map(({ id }) => id),
    );
    expect((await second.groupLetters({})).map(({ count }) => count)).toEqual([3_000]);
    const walked: string[] = [];
    for (let next: string | null | undefined; next !== null; ) {
      const stretch = await second.walkLetters({ limit: 1_000, ...(next && { after: next }) });
      walked.push(...stretch.letters.map(({ id }) => id));
      next = stretch.next;
    }
    expect(walked).toEqual(all.map(({ id }) => id));
  });

  it('hand over with their partition what a killed worker had under way, and nothing before the floor', async () => {
    const shape = { topic, partitions: 3, maxMessageBytes: MAX_MESSAGE_BYTES };
    let floor = 0;
    const worker = async (): Promise<KafkaRequests> => {
      const requests = await createKafkaRequests({
        ...(await connect()),
        topic: shape,
        now: Date.now,
        assigned: () => [
          { topic: EVENTS_TOPIC, partition: 1, progress: { watermark: 0, settled: [] }, floor },
        ],
      });
      opened.push(requests);
      return requests;
    };
    const note = (id: number, partition = 1): RequestNote => ({
      id,
      at: NOW,
      endpoint: '/users/track',
      topic: EVENTS_TOPIC,
      partition,
      operations: [{ offset: 7, part: 'event:0' }],
    });
    const end = (id: number) => ({ id, attempts: [], attemptCount: 1, doubtful: false });
    const first = await worker();
    await first.unfinished('a');
    const [one, two, three] = [first.newRequestId(), first.newRequestId(), first.newRequestId()];
    await first.note('a', { begun: [note(one), note(two), note(three, 2)] });
    await first.note('a', { ended: [end(one)] });
    floor = first.floorOf('a', 1);
    expect(floor).toBe(1);
    const second = await worker();
    expect(await second.unfinished('a')).toEqual([note(two)]);
    expect(second.newRequestId()).toBeGreaterThan(three);
    await second.note('a', { ended: [end(two)] });
    expect(await (await worker()).unfinished('a')).toEqual([]);
    expect((await first.requests({ limit: 9 })).map(({ id, end: its }) => [id, its !== null])).toEqual([
      [three, false],
      [two, true],
      [one, true],
    ]);
  });
});
