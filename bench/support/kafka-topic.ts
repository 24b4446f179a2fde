/** A topic full of events on a broker of its own, to be read from its beginning again and again: each time by a group of its own. */
import { Kafka, logLevel } from 'kafkajs';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import { kafkaOptions } from '../../test/support/kafka/options.ts';
import { recordOf } from './records.ts';
import { openRig, type Rig } from './rig.ts';
import { ownCpuMicros } from './usage.ts';

const BATCH = 2_000;

export interface TopicOptions {
  readonly partitions: number;
  readonly events: number;
  readonly people: number;
}

export interface KafkaTopic {
  /** Rigs whose server is a worker that finds the whole topic before it; each has a group of its own. */
  openRig(): Promise<Rig>;
  /** Reads the whole topic by kafkajs alone, and does nothing with it. */
  consume(): Promise<Consumed>;
}

export interface Consumed {
  readonly seconds: number;
  readonly cpuMicros: number;
}

/** By the log's own way of appending. */
export async function fillTopic(
  brokers: string[],
  { partitions, events, people }: TopicOptions,
): Promise<KafkaTopic> {
  const options = kafkaOptions(brokers, { partitions });
  const log = await openKafkaLog(options);
  for (let first = 0; first < events; first += BATCH) {
    const length = Math.min(BATCH, events - first);
    await log.append(
      EVENTS_TOPIC,
      Array.from({ length }, (_, index) => recordOf(first + index, people)),
    );
  }
  await log.close();
  const { topic, deadLetterTopic, requestTopic } = options;
  let groups = 0;
  return {
    async openRig() {
      groups += 1;
      const groupPrefix = `${options.groupPrefix}-${groups}`;
      const names = { topic, deadLetterTopic, requestTopic, groupPrefix };
      return openRig({ more: { log: { kind: 'kafka', brokers, ...names } } });
    },
    consume: () => consume(brokers, topic, events),
  };
}

/** Measured from the first batch on: joining a group takes its time. */
async function consume(brokers: string[], topic: string, events: number): Promise<Consumed> {
  const client = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: `bare-${crypto.randomUUID()}`, maxWaitTimeInMs: 250 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let [seen, from, cpu] = [0, 0, 0];
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    eachBatch: async ({ batch }) => {
      if (seen === 0) [from, cpu] = [performance.now(), ownCpuMicros()];
      seen += batch.messages.length;
      if (seen >= events) resolve();
    },
  });
  await promise;
  const consumed = { seconds: (performance.now() - from) / 1000, cpuMicros: ownCpuMicros() - cpu };
  await consumer.disconnect();
  return consumed;
}
