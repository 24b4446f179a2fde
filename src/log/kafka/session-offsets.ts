/**
 * Asks the cluster where groups stand and where partitions begin and end, over connections of its own; writes the place
 * of a group that nobody reads yet. Each call is one try that either answers for everything asked or rejects.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaClient } from './client.ts';
import { placeKey } from './commits.ts';
import { protocolErrorOf } from './failure.ts';
import type { RawBroker, RawCluster } from './internals.ts';
import { anyNode, gives, listOffsets, offsetOf, partitionsOf } from './session-questions.ts';
import type { PartitionPlace } from './signs.ts';
import { type TopicMark, topicMarksOf } from './topic-marks.ts';

export interface StoredOffset {
  /** Negative: none. */
  readonly offset: number;
  readonly metadata: string | null;
}

export interface PartitionBounds {
  readonly partition: number;
  /** The first offset that is held. */
  readonly first: number;
  /** The last stable offset, exclusive: records of open transactions lie beyond. */
  readonly end: number;
}

export interface GroupOffsets {
  /** By `placeKey`, every place asked for. */
  stored(groupId: string, places: readonly PartitionPlace[]): Promise<ReadonlyMap<string, StoredOffset>>;
  /** Every partition of the topic, by metadata as of now. */
  bounds(topic: string): Promise<readonly PartitionBounds[]>;
  /** The first offset at or after the time, of every partition; its end when there is none. */
  offsetsAt(topic: string, timestampMs: number): Promise<ReadonlyMap<number, number>>;
  /** False when the group has members: they have their places. */
  place(groupId: string, at: readonly (PartitionPlace & { readonly offset: number })[]): Promise<boolean>;
  /** Whether its leader gives anything from the offset on: a record, or a marker that is passed over as one. */
  gives(place: PartitionPlace, from: number): Promise<boolean>;
  topics(): Promise<readonly string[]>;
  /** Which topics the names stand for, as far as the group's coordinator says. */
  marks(groupId: string, topics: readonly string[]): Promise<ReadonlyMap<string, TopicMark>>;
  /** Resolves within a second: kafkajs waits for what it has asked, and brokers may never answer. */
  close(): Promise<void>;
}

interface Coordinator {
  offsetFetch(of: { groupId: string; topics: readonly TopicPartitions[] }): Promise<{
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly offset: string;
        readonly metadata: string | null;
      }[];
    }[];
  }>;
  offsetCommit(of: {
    groupId: string;
    memberId: string;
    groupGenerationId: number;
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  }): Promise<unknown>;
}

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number }[];
}

/** What the coordinator answers to a commit without a member, while the group has some. */
const HAS_MEMBERS = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'];

/** Kafka's ListOffsets: the end, and the first offset that is held. */
const END = -1;
const FIRST = -2;
const CLOSE_MS = 1_000;

export function createGroupOffsets(client: KafkaClient): GroupOffsets {
  return new ClusterOffsets(client);
}

class ClusterOffsets implements GroupOffsets {
  readonly #client: KafkaClient;
  #cluster: RawCluster | undefined;

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  stored(groupId: string, places: readonly PartitionPlace[]): Promise<ReadonlyMap<string, StoredOffset>> {
    return this.#try(async (cluster) => {
      const coordinator = await coordinatorOf(cluster, groupId);
      const { responses } = await coordinator.offsetFetch({ groupId, topics: byTopic(places) });
      const found = new Map<string, StoredOffset>();
      for (const { topic, partitions } of responses) {
        for (const { partition, offset, metadata } of partitions) {
          found.set(placeKey({ topic, partition }), { offset: Number(offset), metadata });
        }
      }
      const missing = places.find((place) => !found.has(placeKey(place)));
      if (missing) throw new Error(`the coordinator names no offset of ${placeKey(missing)}`);
      return found;
    });
  }

  bounds(topic: string): Promise<readonly PartitionBounds[]> {
    return this.#try(async (cluster) => {
      const partitions = await partitionsOf(cluster, topic);
      const [ends, firsts] = await Promise.all([
        listOffsets(cluster, { topic, partitions, timestamp: END }),
        listOffsets(cluster, { topic, partitions, timestamp: FIRST }),
      ]);
      return partitions.map((partition) => ({
        partition,
        first: offsetOf(firsts, partition),
        end: offsetOf(ends, partition),
      }));
    });
  }

  offsetsAt(topic: string, timestampMs: number): Promise<ReadonlyMap<number, number>> {
    return this.#try(async (cluster) => {
      const partitions = await partitionsOf(cluster, topic);
      const ends = await listOffsets(cluster, { topic, partitions, timestamp: END });
      const at = await listOffsets(cluster, { topic, partitions, timestamp: timestampMs });
      return new Map(
        partitions.map((partition) => {
          const offset = offsetOf(at, partition);
          return [partition, offset < 0 ? offsetOf(ends, partition) : offset];
        }),
      );
    });
  }

  place(groupId: string, at: readonly (PartitionPlace & { readonly offset: number })[]): Promise<boolean> {
    return this.#try(async (cluster) => {
      const coordinator = await coordinatorOf(cluster, groupId);
      const offsets = new Map(at.map((each) => [placeKey(each), String(each.offset)]));
      const topics = byTopic(at).map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({
          partition,
          offset: offsets.get(placeKey({ topic, partition })) ?? '0',
        })),
      }));
      try {
        // Generation −1 without a member: taken only while the group has no members.
        await coordinator.offsetCommit({ groupId, memberId: '', groupGenerationId: -1, topics });
        return true;
      } catch (error) {
        if (HAS_MEMBERS.includes(protocolErrorOf(error) ?? '')) return false;
        throw error;
      }
    });
  }

  gives(place: PartitionPlace, from: number): Promise<boolean> {
    return this.#try((cluster) => gives(cluster, place, from));
  }

  topics(): Promise<readonly string[]> {
    return this.#try(async (cluster) => {
      const broker = (await cluster.findBroker({ nodeId: await anyNode(cluster) })) as unknown as {
        metadata(topics: readonly string[]): Promise<{ topicMetadata: readonly { topic: string }[] }>;
      };
      const { topicMetadata } = await broker.metadata([]);
      return topicMetadata.map(({ topic }) => topic);
    });
  }

  marks(groupId: string, topics: readonly string[]): Promise<ReadonlyMap<string, TopicMark>> {
    // It must answer anyway before anything is read; any other broker may be away.
    return this.#try(async (cluster) => topicMarksOf(await coordinatorOf(cluster, groupId), topics));
  }

  async close(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    const hungUp = cluster?.disconnect().catch(() => undefined);
    await Promise.race([hungUp, sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  /** After a failure with a new cluster: what it knew of brokers and coordinators may be the reason. */
  async #try<T>(ask: (cluster: RawCluster) => Promise<T>): Promise<T> {
    const cluster = this.#cluster ?? this.#client.newCluster();
    this.#cluster = cluster;
    try {
      await cluster.connect();
      return await ask(cluster);
    } catch (error) {
      if (this.#cluster === cluster) this.#cluster = undefined;
      cluster.disconnect().catch(() => undefined);
      throw error;
    }
  }
}

async function coordinatorOf(cluster: RawCluster, groupId: string): Promise<RawBroker & Coordinator> {
  await cluster.refreshMetadataIfNecessary();
  return (await cluster.findGroupCoordinator({ groupId })) as RawBroker & Coordinator;
}

function byTopic(places: readonly PartitionPlace[]): TopicPartitions[] {
  const topics = new Map<string, { readonly partition: number }[]>();
  for (const { topic, partition } of places) {
    topics.set(topic, [...(topics.get(topic) ?? []), { partition }]);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
