/** What somebody else does to the events' topic: records are deleted, the topic is made anew, anything at all is written to it. */
import { randomBytes, randomUUID } from 'node:crypto';
import kafkajs, { type IHeaders } from 'kafkajs';
import { beforeAll, expect, it, vi } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { messageOf } from '../../src/log/kafka/record-codec.ts';
import { type Harness, underFire } from '../support/harness.ts';
import { asking, logOn, post } from '../support/kafka/faults.ts';
import { plainConnection } from '../support/kafka/options.ts';
import { describeKafka, kafkaBrokers } from '../support/kafka/shared.ts';
import { withWorkers } from '../support/kafka/workers.ts';

const { CompressionTypes } = kafkajs;

const ROW_WITHIN_MS = 240_000;
const WITHIN = { timeout: 60_000, interval: 100 };
const load = { lanes: 2, peoplePerLane: 10, eventsPerBatch: 10, batchesPerLane: 8 };

let brokers: string[];
beforeAll(async () => {
  brokers = await kafkaBrokers();
});

const PEOPLE = Array.from({ length: 30 }, (_, n) => `late-${n}`);

describeKafka('records that go', () => {
  it('row 21: deleted before they were read, they are counted and told of, and reading begins at the first that is left', {
    timeout: ROW_WITHIN_MS,
  }, async () => {
    const DELETED = 40;
    await withWorkers({ load, workers: 1, log: { partitions: 3 } }, async (workforce) => {
      const { topic, ingest, producer, workers } = workforce;
      await producer.done;
      await workforce.drained();
      await workers[0]?.end('SIGTERM');
      const posted = Array.from({ length: DELETED }, (_, n) =>
        post(ingest.http, { type: 'track', event: 'Gone', userId: `gone-${n}`, messageId: randomUUID() }),
      );
      for (const { status } of await Promise.all(posted)) expect(status).toBe(200);
      await asking(brokers, async (admin) => {
        const ends = await admin.fetchTopicOffsets(topic);
        const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
        await admin.deleteTopicRecords({ topic, partitions });
      });
      await producer.produce(PEOPLE);
      const worker = await workforce.hire();
      await workforce.drained();
      expect(await worker.metric('brazier_kafka_records_lost_total')).toBe(DELETED);
      expect(worker.process.stderr()).toMatch(
        /offset \d+ was committed and the partition begins at \d+: \d+ records were/,
      );
    });
  });

  it('row 21: a topic that is made anew while it is read is read from its beginning', {
    timeout: ROW_WITHIN_MS,
  }, async () => {
    const log = logOn(brokers, { replicationFactor: 1 });
    await underFire({ log, load }, async ({ producer, drained, produceFor, metric, server }) => {
      await drained();
      // kafkajs asks for its metadata afterwards, and is told that it is not there.
      await asking(brokers, (admin) => admin.deleteTopics({ topics: [log.topic] })).catch(() => undefined);
      const again = { topic: log.topic, numPartitions: log.partitions, replicationFactor: 1 };
      await vi.waitFor(
        () => asking(brokers, (admin) => admin.createTopics({ topics: [again], waitForLeaders: false })),
        WITHIN,
      );
      await produceFor(PEOPLE);
      await drained();
      expect(producer.acknowledged.size).toBeGreaterThan(PEOPLE.length);
      // Told of where the group stood behind the new end. Brokers that forgot its offsets with the topic leave nothing to tell.
      const told = await metric('brazier_kafka_records_lost_total', log.topic);
      const line = /the topic was made anew[^"]*\. Reading begins at 0"/;
      expect(line.test(server.stderr())).toBe(told > 0);
    });
  });
});

/** What may stand in the topic, and the code under which it is found again; null: in no dead letter. */
interface Oddity {
  readonly value: Buffer | null;
  readonly headers?: IHeaders;
  readonly code: string | null;
}

const event = (over: object) =>
  JSON.stringify({ type: 'track', event: 'Odd', userId: 'odd', messageId: randomUUID(), ...over });

/** As the log itself writes it, whatever the value is. */
function headersFor(value: string | Buffer): IHeaders {
  const headers = { source: 'shop', receivedAt: new Date().toISOString() };
  return { ...messageOf({ key: 'odd', value: Buffer.from(value), timestamp: Date.now(), headers }).headers };
}

function oddities(): readonly Oddity[] {
  const large = event({ properties: { text: 'x'.repeat(3 * 1024 * 1024) } });
  const versioned = String(headersFor(event({})).brazier).replace('"v":1', '"v":99');
  const written = (value: string, code: string) => ({
    value: Buffer.from(value),
    headers: headersFor(value),
    code,
  });
  return [
    { value: null, code: null },
    { value: randomBytes(500), code: 'unknown_schema' },
    { value: Buffer.from(event({})), headers: { brazier: versioned }, code: 'unknown_schema' },
    { value: Buffer.from(event({})), headers: { brazier: randomBytes(20) }, code: 'unknown_schema' },
    {
      value: Buffer.from(event({})),
      headers: { 'content-type': 'x', traceparent: 'y' },
      code: 'unknown_schema',
    },
    { value: Buffer.from(event({})), headers: headersFor('another value'), code: 'corrupt_record' },
    written('{"type":', 'invalid_json'),
    written('[]', 'not_an_object'),
    written('{"userId":"odd"}', 'missing_type'),
    written(large, 'object_too_large'),
    { value: Buffer.alloc(3 * 1024 * 1024, 'y'), code: 'unknown_schema' },
  ];
}

/** Codes of all dead letters, sorted. */
async function codesOf({ admin }: Pick<Harness, 'admin'>): Promise<string[]> {
  const { letters } = await admin<{ letters: { code: string }[] }>('/dead-letters?limit=1000');
  return letters.map(({ code }) => code).sort();
}

describeKafka('records that are none', () => {
  it('row 22: without a value, garbage, of another version, with the headers of others, too large: dead letters that say why, and reading goes on', {
    timeout: ROW_WITHIN_MS,
  }, async () => {
    const log = logOn(brokers, { replicationFactor: 1, partitions: 1 });
    const all = oddities();
    await underFire({ log, load, notJudged: ['Odd'] }, async (harness) => {
      const producer = createKafkaClient(plainConnection(brokers), () => undefined).kafka.producer();
      await producer.connect();
      for (const { value, headers = {} } of all) {
        const messages = [{ key: 'odd', value, headers, partition: 0 }];
        await producer.send({ topic: log.topic, messages, compression: CompressionTypes.GZIP });
      }
      await producer.disconnect();
      await harness.produceFor(PEOPLE);
      await harness.drained();
      expect(await codesOf(harness)).toEqual(all.flatMap(({ code }) => code ?? []).sort());
      expect(await harness.metric('brazier_events_filtered_total', 'tombstone')).toBe(1);
      const [place] = await asking(brokers, (admin) =>
        admin.fetchOffsets({
          groupId: `${log.groupPrefix}.braze`,
          topics: [log.topic],
        }),
      );
      const [end] = await asking(brokers, (admin) => admin.fetchTopicOffsets(log.topic));
      expect(place?.partitions[0]?.offset, 'the watermark').toBe(end?.high);
    });
  });
});

describeKafka('an event that is larger than the topic takes', () => {
  it('is refused with 413 alone, reported in the answer to its batch, and stored nowhere', {
    timeout: ROW_WITHIN_MS,
  }, async () => {
    const log = logOn(brokers, { replicationFactor: 1, partitions: 1 });
    const configEntries = [{ name: 'max.message.bytes', value: '70000' }];
    const small = { topic: log.topic, numPartitions: 1, configEntries };
    await asking(brokers, (admin) => admin.createTopics({ topics: [small], waitForLeaders: false }));
    const stored = async () => {
      const [end] = await asking(brokers, (admin) => admin.fetchTopicOffsets(log.topic));
      return Number(end?.high);
    };
    const large = () => ({
      type: 'track',
      event: 'Odd',
      userId: 'odd',
      properties: { text: 'x'.repeat(60_000) },
    });
    await underFire({ log, load: false, notJudged: ['Odd'] }, async ({ ready }) => {
      const before = await stored();
      expect(await post(ready.http, large())).toMatchObject({ status: 413 });
      expect(await stored()).toBe(before);
      const batch = { batch: [JSON.parse(event({})), large(), JSON.parse(event({}))] };
      const answer = await post(ready.http, batch, 'batch');
      expect(answer.status).toBe(200);
      const rejected = [{ index: 1, code: 'event_too_large' }];
      expect(JSON.parse(answer.text)).toMatchObject({ accepted: 2, rejected });
      expect(await stored()).toBe(before + 2);
    });
  });
});
