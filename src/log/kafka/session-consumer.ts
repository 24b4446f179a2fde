/**
 * The kafkajs consumer of one group, as a session wants it: nothing is committed or resolved by itself, the join waits for
 * a hook, its events come without kafkajs' types, and no listener of ours can throw into it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { FetchedBatch } from './buffers.ts';
import type { KafkaClient } from './client.ts';
import type { CommitEntry, CommitOutcome } from './commits.ts';
import { isCoordinatorAway, logErrorOf, protocolErrorOf } from './failure.ts';
import { withJoinHook } from './join-patch.ts';
import {
  type BatchStart,
  fetchedFrom,
  type PassedOver,
  passedOver,
  type RawBatch,
} from './session-batches.ts';
import type { PartitionPlace } from './signs.ts';

export interface ConsumerHooks {
  /** Before a join; the join waits for it. */
  beforeJoin(): Promise<void>;
  joined(places: readonly PartitionPlace[]): void;
  /** `resolve` moves kafkajs' own position behind the batch; without it the batch comes again. */
  batch(place: PartitionPlace, batch: FetchedBatch, resolve: () => void): void;
  passedOver(records: PassedOver): void;
  /** A node is asked for records, from the positions as of now. */
  fetching(nodeId: string): void;
  /** `restart`: it joins again by itself. If not, it may be started again. */
  crashed(error: Error, restart: boolean): void;
  /** A commit was refused: the partitions are another's. */
  disowned(): void;
  /** Reading has ended and will not go on. */
  fatal(error: Error): void;
}

export interface GroupConsumer {
  /** Resolves when it runs or has crashed. Rejects when it cannot subscribe, or has crashed without a coordinator. */
  start(topics: readonly string[]): Promise<void>;
  /** Leaves the group; may be started again. */
  stop(): Promise<void>;
  pause(places: readonly PartitionPlace[]): void;
  resume(places: readonly PartitionPlace[]): void;
  seek(place: PartitionPlace, offset: number): void;
  /** Never rejects. */
  commit(entries: readonly CommitEntry[]): Promise<CommitOutcome>;
  /** Leaves the group and disconnects. Never rejects; may take as long as the brokers do. */
  close(): Promise<void>;
}

/** Long enough for a broker's restart, short enough that a dead process is noticed. */
const SESSION_MS = 45_000;
/** Kafka's own default, and kafkajs'. */
const HEARTBEAT_MS = 3_000;
/** What a rebalance leaves for joining after the members' grace. */
const JOIN_MS = 30_000;
/** How long an idle fetch waits, and so at most until a resumed partition is fetched again: kafkajs sleeps as long. */
const MAX_WAIT_MS = 250;
/** Of one partition in one fetch: Kafka's default. A single larger batch is given whole. */
const MAX_PARTITION_BYTES = 1024 * 1024;
const MAX_FETCH_BYTES = 10 * 1024 * 1024;
const METADATA_MS = 30_000;
/** The handler takes no time: more at once would win nothing. */
const CONCURRENT_BATCHES = 16;
const JOIN_LOOK_MS = 20;
/** Ten seconds. */
const MAX_JOIN_LOOKS = 500;
/** With the client's waits: some ten seconds, as long as brokers take to give up one that was killed. Then it crashes and joins anew. */
const RETRIES = 8;

export interface GroupConsumerOptions {
  readonly client: KafkaClient;
  readonly groupId: string;
  /** The members' grace. */
  readonly revokeMs: number;
  /** Default: 45 s. */
  readonly sessionTimeoutMs?: number | undefined;
  /** New partitions are found within it. Default: 30 s. */
  readonly metadataMs?: number | undefined;
}

export function createGroupConsumer(options: GroupConsumerOptions, hooks: ConsumerHooks): GroupConsumer {
  return new KafkajsConsumer(options, hooks);
}

/** kafkajs must not try again what this ends. */
class Leaving extends Error {
  readonly retriable = false;
}

class KafkajsConsumer implements GroupConsumer {
  readonly #hooks: ConsumerHooks;
  readonly #consumer: Consumer;
  readonly #groupId: string;
  #isLeaving = false;
  /** kafkajs forgets a runner that is stopped while it joins, and it would run on: it is not stopped then. */
  #isJoining = false;
  /** The broker has taken the commit under way: kafkajs also resolves when it is not running. */
  #isCommitted = false;
  /** kafkajs resolves its start though this has ended it. */
  #withoutCoordinator: Error | undefined;

  constructor(options: GroupConsumerOptions, hooks: ConsumerHooks) {
    const { client, groupId, revokeMs } = options;
    const { sessionTimeoutMs = SESSION_MS, metadataMs = METADATA_MS } = options;
    this.#hooks = hooks;
    this.#groupId = groupId;
    this.#consumer = client.kafka.consumer({
      groupId,
      partitionAssigners: [withJoinHook(() => this.#beforeJoin())],
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.min(HEARTBEAT_MS, sessionTimeoutMs / 3),
      rebalanceTimeout: revokeMs + JOIN_MS,
      maxWaitTimeInMs: MAX_WAIT_MS,
      maxBytesPerPartition: MAX_PARTITION_BYTES,
      maxBytes: MAX_FETCH_BYTES,
      metadataMaxAge: metadataMs,
      allowAutoTopicCreation: false,
      retry: { retries: RETRIES },
    });
    this.#listen();
  }

  async start(topics: readonly string[]): Promise<void> {
    this.#withoutCoordinator = undefined;
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENT_BATCHES,
      eachBatch: async (payload) => this.#guarded(() => this.#take(payload)),
    });
    if (this.#withoutCoordinator) throw this.#withoutCoordinator;
  }

  async stop(): Promise<void> {
    await this.#afterJoin();
    await this.#consumer.stop();
  }

  pause(places: readonly PartitionPlace[]): void {
    this.#unlessStopped(() => this.#consumer.pause(places.map(listed)));
  }

  resume(places: readonly PartitionPlace[]): void {
    this.#unlessStopped(() => this.#consumer.resume(places.map(listed)));
  }

  seek({ topic, partition }: PartitionPlace, offset: number): void {
    this.#unlessStopped(() => this.#consumer.seek({ topic, partition, offset: String(offset) }));
  }

  async commit(entries: readonly CommitEntry[]): Promise<CommitOutcome> {
    this.#isCommitted = false;
    try {
      await this.#consumer.commitOffsets(entries.map((each) => ({ ...each, offset: String(each.offset) })));
      return this.#isCommitted
        ? { status: 'ok' }
        : { status: 'again', reason: 'the consumer is not running' };
    } catch (error) {
      return this.#refusal(error);
    }
  }

  async close(): Promise<void> {
    this.#isLeaving = true;
    try {
      await this.#afterJoin();
      await this.#consumer.disconnect();
    } catch {
      // Brokers that do not answer find out by themselves, when the session ends.
    }
  }

  async #afterJoin(): Promise<void> {
    for (let looks = 0; this.#isJoining && looks < MAX_JOIN_LOOKS; looks += 1) await sleep(JOIN_LOOK_MS);
  }

  #refusal(error: unknown): CommitOutcome {
    const type = protocolErrorOf(error);
    if (type === 'OFFSET_METADATA_TOO_LARGE') return { status: 'too-large' };
    if (type === 'REBALANCE_IN_PROGRESS') return { status: 'lost' };
    if (type !== undefined && DISOWNED.includes(type)) {
      this.#guarded(() => this.#hooks.disowned());
      return { status: 'lost' };
    }
    return { status: 'again', reason: logErrorOf(error, `commit of ${this.#groupId}`).message };
  }

  async #beforeJoin(): Promise<void> {
    if (this.#isLeaving) throw new Leaving('the group is being left');
    this.#isJoining = true;
    await this.#hooks.beforeJoin();
  }

  #listen(): void {
    const { events } = this.#consumer;
    const on = (name: string, listener: (payload: never) => void): void => {
      this.#consumer.on(name as typeof events.FETCH, ({ payload }) =>
        this.#guarded(() => listener(payload as never)),
      );
    };
    on(events.GROUP_JOIN, ({ memberAssignment }: { memberAssignment: Record<string, number[]> }) => {
      this.#isJoining = false;
      const dealt = Object.entries(memberAssignment);
      this.#hooks.joined(
        dealt.flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition }))),
      );
    });
    on(events.CRASH, ({ error, restart }: { error: Error; restart: boolean }) => {
      this.#isJoining = false;
      if (!restart && isCoordinatorAway(error)) this.#withoutCoordinator = error;
      if (!this.#isLeaving) this.#hooks.crashed(error, restart);
    });
    on(events.COMMIT_OFFSETS, () => {
      this.#isCommitted = true;
    });
    on(events.FETCH_START, ({ nodeId }: { nodeId: string }) => this.#hooks.fetching(String(nodeId)));
    // kafkajs moves over such batches by itself, before our handler: this is the only word of them.
    on(events.START_BATCH_PROCESS, (started: BatchStart) => {
      if (started.batchSize === 0) this.#hooks.passedOver(passedOver(started));
    });
  }

  #take({ batch, resolveOffset, isStale, isRunning }: EachBatchPayload): void {
    if (isStale() || !isRunning()) return;
    const { topic, partition } = batch;
    const fetched = fetchedFrom(batch as RawBatch);
    const resolve = () => resolveOffset(String(fetched.lastOffset));
    this.#hooks.batch({ topic, partition }, fetched, resolve);
  }

  /** Whatever got out of here would stop kafkajs, and the process would live on without reading. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#hooks.fatal(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** kafkajs throws while it has no group: it has none of our partitions then either. */
  #unlessStopped(run: () => void): void {
    try {
      run();
    } catch {
      // The next join begins with all of this anew.
    }
  }
}

/** The commit's member or generation is not the group's any more. */
const DISOWNED = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'];

const listed = ({ topic, partition }: PartitionPlace) => ({ topic, partitions: [partition] });
