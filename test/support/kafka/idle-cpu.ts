/**
 * `node test/support/kafka/idle-cpu.ts <host:port> [unpatched]`: the CPU time of an idle producer and consumer, with the
 * patch of kafkajs' timer or without it, as a share of one core.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { patchRequestTimer } from '../../../src/log/kafka/timer-patch.ts';

const SECONDS = 20;

const [brokers = '', mode = 'patched'] = process.argv.slice(2);
if (mode !== 'unpatched') patchRequestTimer();
const kafka = new Kafka({ brokers: brokers.split(','), clientId: 'idle', logLevel: logLevel.NOTHING });
const admin = kafka.admin();
const topic = `idle-${randomUUID()}`;
await admin.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: 4 }], waitForLeaders: true });
const producer = kafka.producer({ createPartitioner: () => () => 0 });
const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 500 });
await Promise.all([producer.connect(), consumer.connect()]);
await producer.send({ topic, messages: [{ value: 'one' }] });
await consumer.subscribe({ topic, fromBeginning: true });
const first = Promise.withResolvers<void>();
await consumer.run({ eachMessage: async () => first.resolve() });
await first.promise;
await delay(2_000);
const before = process.cpuUsage();
await delay(SECONDS * 1_000);
const { user, system } = process.cpuUsage(before);
const percent = (user + system) / (SECONDS * 10_000);
console.log(JSON.stringify({ mode, seconds: SECONDS, percentOfOneCore: Number(percent.toFixed(2)) }));
await Promise.all([producer.disconnect(), consumer.disconnect()]);
await admin.deleteTopics({ topics: [topic] });
await admin.disconnect();
