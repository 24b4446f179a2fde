/** Measures appending to Kafka, from records to their acknowledgement by a real broker, against a bare kafkajs producer. */
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { createAppend } from '../src/log/kafka/append.ts';
import { createKafkaClient } from '../src/log/kafka/client.ts';
import { createOutbox } from '../src/log/kafka/outbox.ts';
import { NO_SIGNS } from '../src/log/kafka/signs.ts';
import type { AppendRecord } from '../src/log/log.ts';
import { EVENTS_TOPIC } from '../src/model/record.ts';
import { startKafka } from '../test/support/kafka/broker.ts';

const SECONDS = Number(process.argv[2] ?? 4);
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
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  const end = begun + SECONDS * 1_000;
  const caller = async () => {
    for (let at = performance.now(); at < end; at = performance.now()) {
      await append(recordsOf(records));
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const count = latencies.length * records;
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  const ms = (share: number) => Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1));
  return {
    'records/s': Math.round((count / (performance.now() - begun)) * 1_000),
    'p50 ms': ms(0.5),
    'p99 ms': ms(0.99),
    'CPU µs/record': Number(((user + system) / count).toFixed(1)),
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
const table: Record<string, unknown> = {};
for (const each of CASES) {
  for (const [name, way] of Object.entries(ways)) {
    table[`${each.callers} × ${each.records}, ${name}`] = await measure(way, each);
  }
}
console.table(table);
await outbox.close();
await producer.disconnect();
await admin.deleteTopics({ topics: [topic] });
await admin.disconnect();
await cluster?.stop();
process.exit();
