/**
 * How fast one worker brings a full topic to Braze: the same records read by a bare kafkajs consumer that does nothing with
 * them, then by `serve --role worker` with a sandbox that answers in 100 ms. A broker of its own on this machine, whose CPU
 * counts too; at last what a worker uses when nothing happens.
 *
 * `npm run bench -- kafka [--events 200000] [--partitions 12] [--idle 30]`
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { openKafkaLog } from '../src/log/kafka/kafka-log.ts';
import { EVENTS_TOPIC } from '../src/model/record.ts';
import { startKafka } from '../test/support/kafka/broker.ts';
import { kafkaOptions } from '../test/support/kafka/options.ts';
import { makeFolder, startProcess } from '../test/support/server-process.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    partitions: { type: 'string', default: '12' },
    idle: { type: 'string', default: '30' },
  },
});
const EVENTS = Number(values.events);
const PARTITIONS = Number(values.partitions);
const IDLE_SECONDS = Number(values.idle);
const LATENCY_MS = 100;
const PEOPLE = 200_000;
const BATCH = 2_000;

const sink = ['--port', '0', '--keep', '0', '--no-profiles', '--rate-limit', '1000000'];
const sandbox = startProcess(['sandbox', '--latency-ms', String(LATENCY_MS), ...sink]);
const { url } = (await sandbox.ready) as unknown as { url: string };
const kafka = await startKafka({ brokers: 1 });
const options = kafkaOptions(kafka.brokers, { partitions: PARTITIONS });
try {
  const bytes = await fill();
  const bare = await consume();
  const worker = await deliver();
  console.log(
    `kafka, ${EVENTS} events of ${Math.round(bytes / EVENTS)} bytes, ${PARTITIONS} partitions, ${cpus().length} cores, Braze in ${LATENCY_MS} ms\n`,
  );
  console.log('| who | events/s | CPU µs/event |\n|---|---|---|');
  console.log(`| bare kafkajs consumer | ${Math.round(bare.rate)} | ${bare.cpuMicros.toFixed(1)} |`);
  console.log(
    `| worker, to Braze and committed | ${Math.round(worker.rate)} | ${worker.cpuMicros.toFixed(1)} |`,
  );
  console.log(
    `\nworker / bare: ${(worker.rate / bare.rate).toFixed(2)}; a worker at rest: ${worker.idlePercent.toFixed(1)} % of a core`,
  );
} finally {
  sandbox.kill('SIGTERM');
  await sandbox.exited;
  await kafka.stop();
}

/** @returns bytes of all values */
async function fill(): Promise<number> {
  const log = await openKafkaLog(options);
  const headers = { source: 'shop', receivedAt: new Date().toISOString() };
  let bytes = 0;
  for (let first = 0; first < EVENTS; first += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, EVENTS - first) }, (_, index) => {
      const person = `user-${(first + index) % PEOPLE}`;
      const value = Buffer.from(textOf(first + index, person));
      bytes += value.byteLength;
      return {
        key: `external_id:${person}`,
        value,
        headers,
        timestamp: Date.now(),
        guardId: `shop\0m-${first + index}`,
      };
    });
    await log.append(EVENTS_TOPIC, records);
  }
  await log.close();
  return bytes;
}

/** About 1 KB. */
function textOf(index: number, userId: string): string {
  const properties = { id: index, text: 'a text of some length '.repeat(36) };
  return JSON.stringify({ type: 'track', userId, event: 'Step', messageId: `m-${index}`, properties });
}

interface Run {
  readonly rate: number;
  readonly cpuMicros: number;
}

async function consume(): Promise<Run> {
  const client = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: 'bare', maxWaitTimeInMs: 250 });
  await consumer.connect();
  await consumer.subscribe({ topics: [options.topic], fromBeginning: true });
  let [seen, from, cpu] = [0, 0, process.cpuUsage()];
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    eachBatch: async ({ batch }) => {
      if (seen === 0) [from, cpu] = [performance.now(), process.cpuUsage()];
      seen += batch.messages.length;
      if (seen >= EVENTS) resolve();
    },
  });
  await promise;
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await consumer.disconnect();
  return { rate: EVENTS / seconds, cpuMicros: (user + system) / EVENTS };
}

async function deliver(): Promise<Run & { readonly idlePercent: number }> {
  const { topic, deadLetterTopic, requestTopic, groupPrefix } = options;
  const log = { kind: 'kafka', brokers: kafka.brokers, topic, deadLetterTopic, requestTopic, groupPrefix };
  const destination = {
    restEndpoint: url,
    start: 'beginning',
    rateLimit: { requests: 100_000, perSeconds: 3 },
  };
  const folder = makeFolder(
    url,
    {},
    { log, destinations: [{ id: 'braze', restApiKey: 'k-of-the-bench', ...destination }] },
  );
  const server = startProcess(['serve', '--role', 'worker', '--config', folder.configFile]);
  try {
    const { admin, pid } = await server.ready;
    while ((await delivered(admin)) === 0) await wait(20);
    const [begun, from, cpu] = [await delivered(admin), performance.now(), cpuMicrosOf(pid)];
    let count = begun;
    for (; count < EVENTS; count = await delivered(admin)) await wait(50);
    const seconds = (performance.now() - from) / 1000;
    const used = cpuMicrosOf(pid) - cpu;
    const rest = cpuMicrosOf(pid);
    await wait(IDLE_SECONDS * 1000);
    const idlePercent = (cpuMicrosOf(pid) - rest) / (IDLE_SECONDS * 10_000);
    return { rate: (count - begun) / seconds, cpuMicros: used / (count - begun), idlePercent };
  } finally {
    server.kill('SIGTERM');
    await server.exited;
    folder.remove();
  }
}

async function delivered(admin: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return Number(/^brazier_events_total{[^}]*outcome="delivered"} (\d+)/m.exec(text)?.[1] ?? 0);
}

/** User and system time; Linux counts them in hundredths of a second. */
function cpuMicrosOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
