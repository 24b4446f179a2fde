/** The broker that the suites of a run share, and topics and groups of a test's own on it. */
import { randomUUID } from 'node:crypto';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { beforeAll, describe, inject, test, vi } from 'vitest';
import { patchRequestTimer } from '../../../src/log/kafka/timer-patch.ts';
import type { SharedKafka } from './global-setup.ts';

const { brokers: given, starter } = inject('kafka');

/** There is a broker, or one can be started. */
export const hasKafka = given !== null || starter !== null;

/** The first start on a machine fetches 50 MB of jars. */
const START_WITHIN_MS = 300_000;

const MISSING = 'no Kafka: neither KAFKA_BROKERS is set nor are java and mvn on the PATH';

/**
 * A `describe` whose tests need a broker. Without one they are skipped, loudly; under `CI=true` that is a failure.
 * @param uses `shared`: whichever there is; `started`: the one that is started for the run, whatever else is offered;
 * `own`: the suite starts a cluster by itself
 */
export function describeKafka(
  name: string,
  suite: () => void,
  uses: 'shared' | 'started' | 'own' = 'shared',
): void {
  if (uses === 'shared' ? hasKafka : starter !== null) {
    describe(name, () => {
      if (uses !== 'own')
        beforeAll(
          () => (uses === 'shared' ? kafkaBrokers() : startedKafka()).then(() => undefined),
          START_WITHIN_MS,
        );
      suite();
    });
  } else if (process.env.CI === 'true') {
    test(name, () => {
      throw new Error(MISSING);
    });
  } else {
    console.warn(`SKIPPED: ${name} (${MISSING})`);
    describe.skipIf(true)(name, suite);
  }
}

/** The broker that is started for the run; the first call starts it. */
export async function startedKafka(): Promise<SharedKafka> {
  if (!starter) throw new Error(MISSING);
  const reply = await fetch(starter);
  if (!reply.ok) throw new Error(`the shared broker did not start: ${await reply.text()}`);
  return (await reply.json()) as SharedKafka;
}

/** Addresses of the shared broker; the first call of a run starts it, if nobody else's is offered. */
export async function kafkaBrokers(): Promise<string[]> {
  return given ?? (await startedKafka()).brokers;
}

export interface TopicSettings {
  /** Default 1. */
  readonly partitions?: number;
  readonly replicationFactor?: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** Names that no other test has, and an admin's connection that takes away again what was made with it. */
export interface KafkaScratch {
  readonly brokers: string[];
  readonly admin: Admin;
  /** A plain kafkajs client that logs nothing. */
  readonly kafka: Kafka;
  /** A name, remembered to be deleted. */
  topicName(label?: string): string;
  /** A topic that is there. */
  topic(settings?: TopicSettings): Promise<string>;
  groupId(label?: string): string;
  close(): Promise<void>;
}

/** Resolves when its partitions have their leaders. */
export async function createTopic(
  admin: Admin,
  topic: string,
  { partitions = 1, replicationFactor = 1, config = {} }: TopicSettings = {},
): Promise<void> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  const wanted = { topic, numPartitions: partitions, replicationFactor, configEntries };
  // Asked right away, a busy broker may not know it yet: kafkajs' own waiting for leaders ends with that error.
  await admin.createTopics({ topics: [wanted], waitForLeaders: false });
  // Its offsets are answered by each partition's leader: all of them are there by then.
  await vi.waitFor(() => admin.fetchTopicOffsets(topic), { timeout: 60_000, interval: 100 });
}

/** @param brokers default: the shared broker's */
export async function openScratch(brokers?: string[]): Promise<KafkaScratch> {
  const addresses = brokers ?? (await kafkaBrokers());
  patchRequestTimer();
  const kafka = new Kafka({ brokers: addresses, clientId: 'scratch', logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = new Set<string>();
  const groups = new Set<string>();
  const remember = (names: Set<string>, label: string) => {
    const name = `${label}-${randomUUID().slice(0, 13)}`;
    names.add(name);
    return name;
  };
  const topicName = (label = 'topic') => remember(topics, label);
  return {
    brokers: addresses,
    admin,
    kafka,
    topicName,
    async topic(settings) {
      const topic = topicName();
      await createTopic(admin, topic, settings);
      return topic;
    },
    groupId: (label = 'group') => remember(groups, label),
    async close() {
      const there = new Set(await admin.listTopics());
      const mine = [...topics].filter((topic) => there.has(topic));
      if (mine.length > 0) await admin.deleteTopics({ topics: mine });
      // A group that never joined, or has members yet, stays: nobody else has its name.
      await admin.deleteGroups([...groups]).catch(() => undefined);
      await admin.disconnect();
    },
  };
}
