/** What a connected cluster is asked of a topic, each of the leader that knows it. Each is one try. */
import { type RawCluster, READ_COMMITTED } from './internals.ts';
import type { PartitionPlace } from './signs.ts';

/** Of a fetch that only asks whether there is something; a larger batch comes whole. */
const PEEK_BYTES = 64 * 1024;

/** The id of a broker. */
export async function anyNode(cluster: RawCluster): Promise<string> {
  await cluster.refreshMetadataIfNecessary();
  const [node] = (cluster as unknown as { getNodeIds(): readonly string[] }).getNodeIds();
  if (node === undefined) throw new Error('the cluster names no broker');
  return node;
}

/** By metadata as of now, ascending. */
export async function partitionsOf(cluster: RawCluster, topic: string): Promise<readonly number[]> {
  await cluster.addMultipleTargetTopics([topic]);
  await cluster.refreshMetadata();
  return cluster
    .findTopicPartitionMetadata(topic)
    .map(({ partitionId }) => partitionId)
    .sort((a, b) => a - b);
}

/** By partition; what no leader answers for is left out. */
export async function listOffsets(
  cluster: RawCluster,
  { topic, partitions, timestamp }: { topic: string; partitions: readonly number[]; timestamp: number },
): Promise<ReadonlyMap<number, number>> {
  const leaders = cluster.findLeaderForPartitions(topic, partitions);
  const answers = await Promise.all(
    Object.entries(leaders).map(async ([nodeId, led]) => {
      const broker = await cluster.findBroker({ nodeId });
      const asked = led.map((partition) => ({ partition, timestamp }));
      return broker.listOffsets({
        isolationLevel: READ_COMMITTED,
        topics: [{ topic, partitions: asked }],
      });
    }),
  );
  const all = answers.flatMap(({ responses }) => responses.flatMap((response) => response.partitions));
  return new Map(all.map(({ partition, offset }) => [partition, Number(offset)]));
}

export function offsetOf(offsets: ReadonlyMap<number, number>, partition: number): number {
  const offset = offsets.get(partition);
  if (offset === undefined) throw new Error(`no leader answers for partition ${partition}`);
  return offset;
}

/** Whether the leader gives anything from the offset on: a record, or a marker that is passed over as one. */
export async function gives(
  cluster: RawCluster,
  { topic, partition }: PartitionPlace,
  from: number,
): Promise<boolean> {
  await cluster.addMultipleTargetTopics([topic]);
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) throw new Error(`${topic} has no partition ${partition}`);
  const leader = await cluster.findBroker({ nodeId });
  const { responses } = await leader.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: 0,
    minBytes: 0,
    maxBytes: PEEK_BYTES,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes: PEEK_BYTES }] }],
  });
  return responses.some(({ partitions }) => partitions.some(({ messages }) => messages.length > 0));
}
