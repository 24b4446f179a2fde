/** Whether a topic's records can be read: asked before reading begins, since kafkajs gives up a whole fetch over one batch. */
import kafkajs, { type Admin } from 'kafkajs';
import { LogError } from '../log-error.ts';
import type { KafkaClient } from './client.ts';
import { logErrorOf, protocolErrorOf } from './failure.ts';
import { type RawCluster, READ_COMMITTED } from './internals.ts';

const { ConfigResourceTypes } = kafkajs;

/** Of one batch: the brokers send a whole one, however large, when a single partition is asked for. */
const FETCH_BYTES = 1_024;

/** The topic's settings by Kafka's names, of these alone; null when this user may not read them. */
export async function topicSettings(
  admin: Admin,
  topic: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string> | null> {
  try {
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: [...names] };
    const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
    const entries = resources.flatMap(({ configEntries }) => configEntries);
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  } catch (error) {
    if (protocolErrorOf(error) === 'TOPIC_AUTHORIZATION_FAILED') return null;
    throw error;
  }
}

/** `LogError` `log_unusable` for a topic whose brokers compress what they are sent as we cannot read. */
export function checkCodecSetting(topic: string, settings: ReadonlyMap<string, string> | null): void {
  const codec = settings?.get('compression.type') ?? '';
  if (codec !== 'snappy' && codec !== 'lz4') return;
  throw new LogError(
    'log_unusable',
    `topic ${topic} has compression.type=${codec}, which cannot be read here: set it to producer, zstd, gzip or uncompressed`,
  );
}

/**
 * Rejects with a `LogError` that names the topic: `log_unusable` when its setting or the newest batch of a partition is
 * Snappy or LZ4; as `logErrorOf` has it for what else goes wrong. For topics that others write, at start and after a crash.
 */
export async function checkReadable(client: KafkaClient, topics: readonly string[]): Promise<void> {
  const admin = client.kafka.admin();
  const cluster = client.newCluster();
  try {
    await Promise.all([admin.connect(), cluster.connect()]);
    for (const topic of topics) {
      checkCodecSetting(topic, await topicSettings(admin, topic, ['compression.type']));
      await readNewest(cluster, topic);
    }
  } catch (error) {
    throw logErrorOf(error, `checking the topics ${topics.join(', ')}`);
  } finally {
    await Promise.allSettled([admin.disconnect(), cluster.disconnect()]);
  }
}

async function readNewest(cluster: RawCluster, topic: string): Promise<void> {
  try {
    await cluster.addMultipleTargetTopics([topic]);
    for (const { partitionId } of cluster.findTopicPartitionMetadata(topic)) {
      await readNewestOf(cluster, topic, partitionId);
    }
  } catch (error) {
    throw logErrorOf(error, `reading topic ${topic}`);
  }
}

async function readNewestOf(cluster: RawCluster, topic: string, partition: number): Promise<void> {
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) return;
  const broker = await cluster.findBroker({ nodeId });
  const isolationLevel = READ_COMMITTED;
  const boundAt = async (timestamp: number) => {
    const topics = [{ topic, partitions: [{ partition, timestamp }] }];
    const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel, topics });
    return Number(responses[0]?.partitions[0]?.offset ?? 0);
  };
  const [first, end] = [await boundAt(-2), await boundAt(-1)];
  if (end <= first) return;
  const newest = { partition, fetchOffset: String(end - 1), maxBytes: FETCH_BYTES };
  await broker.fetch({
    replicaId: -1,
    isolationLevel,
    maxWaitTime: 0,
    minBytes: 0,
    maxBytes: FETCH_BYTES,
    topics: [{ topic, partitions: [newest] }],
  });
}
