/** Asks a cluster whether the log could run on it as it is, and changes nothing there: every fault at once. */
import type { Admin, PartitionMetadata } from 'kafkajs';
import { LogError } from '../log-error.ts';
import { createKafkaClient } from './client.ts';
import { topicSettings } from './codec-check.ts';
import { logErrorOf, protocolErrorOf } from './failure.ts';
import type { KafkaLogOptions } from './options.ts';
import { CHECKED_SETTINGS, checkUsable, type FoundTopic, warningsAbout } from './topic-checks.ts';
import { settingsText, type WantedTopic, wantedTopics } from './topic-settings.ts';

/** A line each, for people. */
export interface KafkaVerdict {
  /** With any of these it cannot run. */
  readonly faults: readonly string[];
  /** With these it runs, and could lose what was acknowledged. */
  readonly warnings: readonly string[];
  /** What was found good, and what the start would do. */
  readonly notes: readonly string[];
}

type Found = { readonly [Kind in keyof KafkaVerdict]: string[] };

interface Asked {
  readonly admin: Admin;
  readonly options: KafkaLogOptions;
  readonly found: Found;
}

/** @param subscribed names of topics that are to be read beside the log's own. Resolves always. */
export async function checkKafka(
  options: KafkaLogOptions,
  subscribed: readonly string[] = [],
): Promise<KafkaVerdict> {
  const found: Found = { faults: [], warnings: [], notes: [] };
  const admin = createKafkaClient(options.connection, () => undefined).kafka.admin();
  const where = options.connection.brokers.join(', ');
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    found.notes.push(`${where}: a cluster of ${counted(brokers.length, 'broker')}`);
    await checkOwn({ admin, options, found }, brokers.length);
    for (const topic of subscribed) await checkSubscribed({ admin, options, found }, topic);
  } catch (error) {
    found.faults.push(logErrorOf(error, `connecting to Kafka at ${where}`).message);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
  return found;
}

async function checkOwn(asked: Asked, brokers: number): Promise<void> {
  const partitions = new Map<WantedTopic['use'], number>();
  for (const wanted of wantedTopics(asked.options, brokers)) {
    const metadata = await partitionsOf(asked.admin, wanted.topic);
    if (metadata === null) tellMissing(asked, wanted, brokers);
    else await checkTopic(asked, wanted, metadata);
    partitions.set(wanted.use, metadata?.length ?? 0);
  }
  const [events = 0, requests = 0] = [partitions.get('events'), partitions.get('requests')];
  if (requests > 0 && requests < events) {
    const { topic, requestTopic } = asked.options;
    asked.found.faults.push(
      `topic ${requestTopic} has ${requests} partitions and ${topic} has ${events}: give it as many (kafka-topics --alter --topic ${requestTopic} --partitions ${events})`,
    );
  }
}

function tellMissing({ options, found }: Asked, wanted: WantedTopic, brokers: number): void {
  const { topic, partitions, replicationFactor } = wanted;
  if (!options.createTopics) {
    found.faults.push(
      `topic ${topic} is missing and log.createTopics is false: create it with kafka-topics --create ${settingsText(wanted)}`,
    );
  } else if (replicationFactor > brokers) {
    found.faults.push(
      `topic ${topic} is missing and cannot be created: log.replicationFactor is ${replicationFactor} and the cluster has ${counted(brokers, 'broker')}`,
    );
  } else {
    found.notes.push(
      `topic ${topic} is missing: the start creates it with ${counted(partitions, 'partition')}, ${counted(replicationFactor, 'replica')} of each`,
    );
  }
}

async function checkTopic(
  { admin, found }: Asked,
  wanted: WantedTopic,
  metadata: readonly PartitionMetadata[],
): Promise<void> {
  const { topic } = wanted;
  const replicas = Math.min(...metadata.map((each) => each.replicas.length));
  const config = await topicSettings(admin, topic, CHECKED_SETTINGS);
  const described: FoundTopic = { topic, partitions: metadata.length, replicas, config };
  const faults = [...faultsIn(() => checkUsable(described, wanted)), ...syncFaults(described, metadata)];
  found.faults.push(...faults);
  found.warnings.push(...warningsAbout(described, wanted));
  if (faults.length === 0) found.notes.push(`topic ${topic} has ${counted(metadata.length, 'partition')}`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function faultsIn(check: () => void): string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof LogError) return [error.message];
    throw error;
  }
}

/** What a healthy cluster does not show: brokers that are away now. */
function syncFaults(
  { topic, config, replicas }: FoundTopic,
  metadata: readonly PartitionMetadata[],
): string[] {
  const wanted = Number(config?.get('min.insync.replicas') ?? 1);
  const inSync = Math.min(...metadata.map(({ isr }) => isr.length));
  if (wanted > replicas || inSync >= wanted) return [];
  return [
    `topic ${topic} takes no records now: ${counted(inSync, 'replica')} in sync, and min.insync.replicas=${wanted}; bring the missing brokers back`,
  ];
}

async function checkSubscribed({ admin, found }: Asked, topic: string): Promise<void> {
  const metadata = await partitionsOf(admin, topic);
  if (metadata === null)
    found.faults.push(`topic ${topic} of subscriptions is missing: create it, or mend its name`);
  else found.notes.push(`topic ${topic} of subscriptions has ${counted(metadata.length, 'partition')}`);
}

/** null: there is no such topic. */
async function partitionsOf(admin: Admin, topic: string): Promise<readonly PartitionMetadata[] | null> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics.find(({ name }) => name === topic)?.partitions ?? null;
  } catch (error) {
    if (protocolErrorOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return null;
    throw error;
  }
}
