/**
 * Appending to Kafka, from records to their acknowledgement by a real broker, against a bare kafkajs producer.
 *
 * `npm run bench -- kafka-produce [--seconds 4]`
 */
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { createAppend } from '../src/log/kafka/append.ts';
import { createKafkaClient } from '../src/log/kafka/client.ts';
import { createOutbox } from '../src/log/kafka/outbox.ts';
import { NO_SIGNS } from '../src/log/kafka/signs.ts';
import type { AppendRecord } from '../src/log/log.ts';
import { EVENTS_TOPIC } from '../src/model/record.ts';
import { startKafka } from '../test/support/kafka/broker.ts';
import { numbersOf } from './support/options.ts';
import { type Row, report } from './support/report.ts';
import { quantile } from './support/statistics.ts';
import { ownCpuMicros } from './support/usage.ts';

const { seconds: SECONDS } = numbersOf({ seconds: 4 });
const PARTITIONS = 4;
const MAX_MESSAGE_BYTES = 1_048_588;
const VALUE = Buffer.alloc(1_000, 'abcdefghijklmnopqrstuvwxyz');
const HEADERS = { source: 'web', receivedAt: '2026-11-22T00:00:00.000Z', sentAt: '2026-11-22T00:00:00.000Z' };

/** Callers, each of which waits for its own records, and how many those are. */
const CASES = [
  { callers: 1, records: 1 },
  { callers: 100, records: 1 },
  { callers: 32, records: 10 },
  { callers: 8, records: 100 },
  { callers: 4, records: 1_000 },
];

type Append = (records: readonly AppendRecord[]) => Promise<unknown>;

let made = 0;
function recordsOf(count: number): readonly AppendRecord[] {
  return Array.from({ length: count }, () => {
    made += 1;
    const timestamp = Date.now();
    return {
      key: `user-${made % 5_000}`,
      value: VALUE,
      headers: HEADERS,
      timestamp,
      guardId: `web\0${made}`,
      guardContent: made,
    };
  });
}

async function measure(append: Append, { callers, records }: (typeof CASES)[number]) {
  await append(recordsOf(records));
  const latencies: number[] = [];
  const [begun, cpu] = [performance.now(), ownCpuMicros()];
  const end = begun + SECONDS * 1_000;
  const caller = async () => {
    for (let at = performance.now(); at < end; at = performance.now()) {
      await append(recordsOf(records));
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const count = latencies.length * records;
  const micros = (ownCpuMicros() - cpu) / count;
  latencies.sort((a, b) => a - b);
  return {
    'records/s': (count / (performance.now() - begun)) * 1_000,
    'p50 ms': quantile(latencies, 0.5),
    'p99 ms': quantile(latencies, 0.99),
    'CPU µs/record': micros,
  };
}

const given = process.env.KAFKA_BROKERS?.split(',');
const cluster = given ? null : await startKafka({ brokers: 1 });
const brokers = given ?? cluster?.brokers ?? [];
const topic = `bench-${randomUUID()}`;
const client = createKafkaClient({ brokers, clientId: 'bench', ssl: null, sasl: null }, () => undefined);
const bare = new Kafka({ brokers, clientId: 'bare', logLevel: logLevel.NOTHING });
const admin = bare.admin();
await admin.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true });
const events = { topic, partitions: PARTITIONS, maxMessageBytes: MAX_MESSAGE_BYTES };
const outbox = await createOutbox(client, {
  compression: 'none',
  signs: NO_SIGNS,
  giveUpMs: 7_000,
  topics: [events],
});
const append = createAppend({ outbox, events, putLetters: () => Promise.resolve() });
const producer = bare.producer();
await producer.connect();

const ways: Readonly<Record<string, Append>> = {
  'bare kafkajs': (records) =>
    producer.send({
      topic,
      messages: records.map(({ key, timestamp }) => ({ key, value: VALUE, timestamp: String(timestamp) })),
    }),
  Brazier: (records) => append(EVENTS_TOPIC, records),
};
const rows: Row[] = [];
for (const each of CASES) {
  for (const [name, way] of Object.entries(ways)) {
    rows.push({ what: `${each.callers} × ${each.records}, ${name}`, figures: await measure(way, each) });
  }
}
report({
  name: 'kafka-produce',
  setting: `callers × records of each call, 1 KB, ${PARTITIONS} partitions; ${SECONDS} s each`,
  reference: 'a bare kafkajs producer that writes no headers',
  rows,
});
await outbox.close();
await producer.disconnect();
await admin.deleteTopics({ topics: [topic] });
await admin.disconnect();
await cluster?.stop();
process.exit();
