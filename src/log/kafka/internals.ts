/**
 * The parts of kafkajs 2.2.4 that its own types leave out, as far as this log uses them: one view of each, taken by deep
 * import. The package has no `exports` map and the version is pinned exactly, so that the paths hold.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Kafka, PartitionMetadata } from 'kafkajs';

const requireKafkajs = createRequire(import.meta.url);

/** A record as it comes off the wire: numbers of 64 bits are strings. */
export interface RawRecord {
  readonly offset: string;
  /** ms since the epoch. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A header name that occurs more than once has an array. */
  readonly headers: Readonly<Record<string, Buffer | Buffer[] | undefined>>;
  /** The end marker of a transaction, not a record of anybody's. */
  readonly isControlRecord: boolean;
  /** Of the batch that the record came in: the last offset of the batch may lie above its last record, after compaction. */
  readonly batchContext?: {
    readonly firstOffset: string;
    readonly lastOffsetDelta: number;
    readonly producerId: string;
    readonly inTransaction: boolean;
  };
}

/** One partition of a fetch's answer; its offsets may begin below what was asked for and have gaps. */
export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  /** The first offset that belongs to an open transaction, or the high watermark. */
  readonly lastStableOffset: string;
  /** The first offset that the partition still holds. Named so in kafkajs. */
  readonly lastStartOffset?: string;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
  readonly messages: readonly RawRecord[];
}

export interface FetchRequest {
  /** -1: a client. */
  readonly replicaId?: number;
  /** 1: read committed. */
  readonly isolationLevel: number;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly fetchOffset: string;
      readonly maxBytes: number;
    }[];
  }[];
}

export interface OffsetsAnswer {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly timestamp?: string;
      readonly offset: string;
    }[];
  }[];
}

export interface RawBroker {
  readonly nodeId: number;
  isConnected(): boolean;
  /** Rejects with the protocol's error when a partition of the answer has one. */
  fetch(request: FetchRequest): Promise<{
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly FetchedPartition[];
    }[];
  }>;
  /** `timestamp`: ms since the epoch, -1 the end (read committed: the last stable offset), -2 the first offset held. */
  listOffsets(request: {
    readonly replicaId?: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number | string }[];
    }[];
  }): Promise<OffsetsAnswer>;
}

/** What every fetch goes through, a consumer's too: what the patch of aborted records touches. */
export const Broker = requireKafkajs('kafkajs/src/broker') as { readonly prototype: RawBroker };

/** kafkajs' own view of a cluster: connections of its own, metadata, leaders. */
export interface RawCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  /** Adds to what metadata is asked about; asks at once for what is new. */
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  /** Node id → partitions; what it does not know is left out. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, number[]>>;
  /** Connects when it must; refreshes the metadata before it rejects. */
  findBroker(of: { readonly nodeId: string | number }): Promise<RawBroker>;
  findGroupCoordinator(of: { readonly groupId: string }): Promise<RawBroker>;
  /** Asks one broker after the other, up to nine times each. `coordinatorType`: 0 a group's. */
  findGroupCoordinatorMetadata(of: {
    readonly groupId: string;
    readonly coordinatorType: 0;
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>;
}

/** Of the connection's queue of requests: what the patch of its timer touches. */
export interface RawRequestQueue {
  /** ms since the epoch; -1: never throttled. */
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

export const RequestQueue = requireKafkajs('kafkajs/src/network/requestQueue') as {
  readonly prototype: RawRequestQueue;
};

/** Of a connection to a broker: what the patch of its connecting touches. The object lives on when the socket is gone. */
export interface RawConnection {
  /** Received, and not yet a whole response. */
  chunks: Buffer[];
  bytesBuffered: number;
  /** How many make the next step possible; the length of a response takes 4. */
  bytesNeeded: number;
  readonly socket?: Socket;
  isConnected(): boolean;
  connect(): Promise<unknown>;
}

export const Connection = requireKafkajs('kafkajs/src/network/connection') as {
  readonly prototype: RawConnection;
};

/** Of a consumer's membership: what the patches of its join and its commits touch. */
export interface RawConsumerGroup {
  readonly groupId: string;
  readonly assigners: readonly object[];
  /** Null before the first join. */
  memberId: string | null;
  readonly cluster: RawCluster;
  /** A broker as it was when the group was joined; null before. */
  coordinator: RawBroker | null;
  /** Commits by the same broker, until it is another's connection. Null before the first join. */
  readonly offsetManager: { coordinator: RawBroker | null } | null;
  joinAndSync(): Promise<void>;
  commitOffsets(offsets: unknown): Promise<void>;
  /** @param terms.interval ms since the last one that was answered, before which none is sent */
  heartbeat(terms: { readonly interval: number }): Promise<void>;
}

export const ConsumerGroup = requireKafkajs('kafkajs/src/consumer/consumerGroup') as {
  readonly prototype: RawConsumerGroup;
};

/** The version that is installed. */
export const { version: KAFKAJS_VERSION } = requireKafkajs('kafkajs/package.json') as {
  readonly version: string;
};

/** kafkajs' `isolationLevel` for records of committed transactions only. */
export const READ_COMMITTED = 1;

type ClusterMaker = (options: {
  readonly metadataMaxAge: number;
  readonly allowAutoTopicCreation: boolean;
  readonly isolationLevel: number;
}) => RawCluster;

const CREATE_CLUSTER = 'private:Kafka:createCluster';

/** How old metadata gets before it is asked for again: kafkajs' own default, 5 minutes. */
const METADATA_MAX_AGE_MS = 300_000;

/** A cluster with connections of its own, reading committed records, that never creates a topic; to be connected. */
export function newRawCluster(kafka: Kafka): RawCluster {
  const key = Object.getOwnPropertySymbols(kafka).find((symbol) => symbol.description === CREATE_CLUSTER);
  if (key === undefined) throw new Error(`kafkajs ${KAFKAJS_VERSION} has no ${CREATE_CLUSTER}`);
  const create = (kafka as unknown as Record<symbol, ClusterMaker>)[key];
  if (create === undefined) throw new Error(`kafkajs ${KAFKAJS_VERSION} has no ${CREATE_CLUSTER}`);
  return create({
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    isolationLevel: READ_COMMITTED,
  });
}
