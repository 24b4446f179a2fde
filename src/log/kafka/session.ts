/**
 * One group's reading in this process, from joining to leaving: what is fetched is read and committed only while the
 * partitions are this member's, and before they are dealt anew the member ends what is under way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chunk, Progress } from '../log.ts';
import { createWaiters, type Waiters } from '../waiters.ts';
import { type CommitOutcome, placeKey } from './commits.ts';
import { createEpochs, type Epochs } from './epoch.ts';
import { isCoordinatorAway, logErrorOf } from './failure.ts';
import { createGroupConsumer, type GroupConsumer } from './session-consumer.ts';
import { createIntake, type Intake } from './session-intake.ts';
import { boundsOf, partsOf } from './session-join.ts';
import { createGroupOffsets, type GroupOffsets } from './session-offsets.ts';
import type { SessionParts } from './session-parts.ts';
import { createReader, type SessionReader } from './session-reader.ts';
import { createSubscription, type Subscription } from './session-start.ts';
import { createSessionTasks } from './session-tasks.ts';
import { createSessionWatch, type SessionWatch } from './session-watch.ts';
import type { PartitionPlace } from './signs.ts';
import { createWatchdog } from './watchdog.ts';

/** Where the group stands in a partition that this process reads. */
export interface AssignedPartition extends PartitionPlace {
  /** Durable. */
  readonly progress: Progress;
  /** Offset in the requests partition below which the group has no open note; durable. */
  readonly floor: number;
  /** The partition's end as last heard of, exclusive. */
  readonly highWatermark: number;
  /** The next offset to fetch. */
  readonly position: number;
}

export interface GroupSession {
  /**
   * The chunks of the present assignment, or of the next one when there is none; ends when it is lost. Called again
   * within it, it begins at what is committed by then.
   */
  read(signal: AbortSignal): AsyncIterable<Chunk>;
  /** Resolves when this progress or a later one is durable, or when the partition is not this member's. Never rejects. */
  commit(topic: string, partition: number, progress: Progress, floor: number): Promise<void>;
  /** Leaves the group, so that its partitions are free; resolves after 10 s whatever the brokers do. Never rejects. */
  leave(): Promise<void>;
  assigned(): readonly AssignedPartition[];
}

const STUCK_MS = 120_000;
const LEAVE_MS = 10_000;

/** Joins at once and goes on by itself; `member` is told what to do. */
export function startSession(parts: SessionParts): GroupSession {
  return new KafkaSession(parts);
}

class KafkaSession implements GroupSession {
  readonly #parts: SessionParts;
  readonly #left = new AbortController();
  readonly #waiters: Waiters = createWaiters();
  readonly #offsets: GroupOffsets;
  readonly #epochs: Epochs;
  readonly #consumer: GroupConsumer;
  readonly #intake: Intake;
  readonly #reader: SessionReader;
  readonly #subscription: Subscription;
  readonly #watch: SessionWatch;
  /** Joins, commits, what was fetched. */
  #steps = 0;
  #leaving: Promise<void> | undefined;
  #isFatal = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#offsets = createGroupOffsets(parts.client);
    this.#epochs = createEpochs({
      member: parts.member,
      revokeMs: parts.revokeMs,
      onEnding: ({ places }) => this.#intake.hold(places),
      onFault: (error) => this.#fatal(error),
    });
    this.#consumer = createGroupConsumer(parts, {
      beforeJoin: () => this.#beforeJoin(),
      joined: (places) => this.#joined(places),
      batch: (place, batch, resolve) => this.#intake.batch(place, batch, resolve),
      passedOver: (records) => this.#intake.passedOver(records),
      fetching: (nodeId) => this.#intake.fetching(nodeId),
      crashed: (error, restart) => this.#crashed(error, restart),
      disowned: () => this.#cut(),
      fatal: (error) => this.#fatal(error),
    });
    this.#intake = createIntake({
      ...parts,
      consumer: this.#consumer,
      epochs: this.#epochs,
      boundsOf: (place, { lost }) => boundsOf(place, this.#offsets, lost, parts.onWarning),
      onProgress: () => this.#moved(),
      onBeyond: () => this.#subscription.again().catch((error) => this.#fatal(error)),
    });
    this.#reader = createReader({
      epochs: this.#epochs,
      waiters: this.#waiters,
      closed: this.#left.signal,
      decode: parts.decode,
      onTaken: (buffer) => this.#intake.taken(buffer),
      onRestart: (buffer, progress) => this.#intake.restart(buffer, progress),
    });
    this.#subscription = createSubscription({
      ...parts,
      wanted: parts.topics,
      consumer: this.#consumer,
      offsets: this.#offsets,
      closed: this.#left.signal,
      beforeStop: () => this.#epochs.end(),
      onFatal: (error) => this.#fatal(error),
    });
    this.#watch = createSessionWatch({
      ...parts,
      epochs: this.#epochs,
      offsets: this.#offsets,
      intake: this.#intake,
      watchdog: this.#createWatchdog(),
      subscription: this.#subscription,
      onFault: (error) => this.#fatal(error),
    });
    this.#subscription.start();
  }

  #createWatchdog() {
    const { now, groupId, stuckMs = STUCK_MS, prepared = () => 0 } = this.#parts;
    return createWatchdog({
      now,
      limitMs: stuckMs,
      tasks: createSessionTasks({
        groupId,
        epochs: this.#epochs,
        offsets: this.#offsets,
        topics: () => this.#subscription.topics,
        steps: () => this.#steps,
        prepared,
      }),
      onStuck: (why, quietMs) =>
        this.#fatal(new Error(`${groupId} has not got on for ${Math.round(quietMs / 1000)} s: ${why}`)),
    });
  }

  read(signal: AbortSignal): AsyncIterable<Chunk> {
    return this.#reader.read(signal);
  }

  async commit(topic: string, partition: number, progress: Progress, floor: number): Promise<void> {
    const epoch = this.#epochs.current;
    const place = { topic, partition };
    const buffer = epoch?.buffers.get(placeKey(place));
    if (!epoch?.commits || !buffer) {
      this.#parts.signs.committed(this.#parts.group, 'lost');
      return;
    }
    await epoch.commits.commit(place, buffer.overGaps(progress), floor);
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  assigned(): readonly AssignedPartition[] {
    const epoch = this.#epochs.current;
    // What ends beyond its grace is still current, and nothing of it is this member's.
    if (epoch === undefined || epoch.lost.aborted) return [];
    return [...epoch.buffers.values()].flatMap((buffer) => {
      const { topic, partition, highWatermark, position } = buffer;
      const known = epoch.commits?.committed(buffer);
      return known ? [{ topic, partition, ...known, highWatermark, position }] : [];
    });
  }

  #beforeJoin(): Promise<void> {
    const { current } = this.#epochs;
    if (current !== undefined) this.#parts.signs.rebalanced(this.#parts.group);
    return this.#epochs.end();
  }

  #joined(places: readonly PartitionPlace[]): void {
    this.#intake.hold(places);
    this.#begin(places).catch((error) => this.#fatal(error));
  }

  async #begin(places: readonly PartitionPlace[]): Promise<void> {
    const { signs, group } = this.#parts;
    const epoch = await this.#epochs.begin(places);
    this.#moved();
    if (epoch === undefined) return;
    if (places.length === 0) {
      signs.assigned(group, []);
      return;
    }
    const parts = await partsOf(epoch, {
      ...this.#parts,
      topics: () => this.#subscription.topics,
      offsets: this.#offsets,
      send: (entries) => this.#send(entries),
    });
    if (parts === undefined) return;
    this.#watch.reads(parts.marks);
    this.#intake.open(parts.buffers.values());
    signs.assigned(group, places);
    this.#epochs.read(epoch, parts);
    this.#moved();
  }

  async #send(entries: Parameters<GroupConsumer['commit']>[0]): Promise<CommitOutcome> {
    const outcome = await this.#consumer.commit(entries);
    if (outcome.status === 'ok') this.#steps += 1;
    return outcome;
  }

  #crashed(error: Error, restart: boolean): void {
    const { signs, group, groupId, onWarning } = this.#parts;
    const isPassing = restart || isCoordinatorAway(error);
    signs.crashed(group, isPassing);
    signs.assigned(group, []);
    this.#cut();
    this.#intake.forget();
    const failure = logErrorOf(error, `${groupId} stopped reading`);
    if (!isPassing) {
      this.#fatal(failure);
      return;
    }
    onWarning(`${failure.message}. It joins again`);
    if (!restart) this.#subscription.again().catch((fault) => this.#fatal(fault));
  }

  #cut(): void {
    this.#epochs.cut().then(() => this.#waiters.wake());
  }

  #moved(): void {
    this.#steps += 1;
    this.#waiters.wake();
  }

  async #leave(): Promise<void> {
    this.#watch.close();
    this.#left.abort();
    this.#epochs.dismiss();
    const ended = this.#consumer.close().then(() => this.#offsets.close());
    this.#epochs.cut();
    this.#waiters.wake();
    await Promise.race([ended.catch(() => undefined), sleep(LEAVE_MS, undefined, { ref: false })]);
  }

  #fatal(error: unknown): void {
    if (this.#isFatal || this.#left.signal.aborted) return;
    this.#isFatal = true;
    this.#cut();
    this.#parts.onFatal(error instanceof Error ? error : new Error(String(error)));
  }
}
