/**
 * Brings what kafkajs fetches into the buffers of the present epoch, in order and without a hole that nobody knows of,
 * and tells kafkajs which partitions to fetch and from where.
 */

import type { Progress } from '../log.ts';
import type { FetchedBatch, PartitionBuffer } from './buffers.ts';
import { placeKey } from './commits.ts';
import type { Epoch, Epochs } from './epoch.ts';
import type { PassedOver } from './session-batches.ts';
import type { GroupConsumer } from './session-consumer.ts';
import type { PartitionBounds } from './session-offsets.ts';
import { raised, unsettledBelow } from './session-places.ts';
import type { KafkaSigns, PartitionPlace } from './signs.ts';

export interface Intake {
  /** A deal has been made: nothing is fetched until `open`. */
  hold(places: readonly PartitionPlace[]): void;
  /** Fetches from each buffer's position on. */
  open(buffers: Iterable<PartitionBuffer>): void;
  batch(place: PartitionPlace, batch: FetchedBatch, resolve: () => void): void;
  passedOver(records: PassedOver): void;
  fetching(nodeId: string): void;
  /** Something was taken from the buffer. */
  taken(buffer: PartitionBuffer): void;
  /** Reads the partition again, from this progress on. */
  restart(buffer: PartitionBuffer, progress: Progress): void;
  /** To be called now and then: what kafkajs has passed over too early is fetched again. */
  look(): void;
  /** All that was being fetched has ended, as after a crash. */
  forget(): void;
}

export interface IntakeOptions {
  readonly group: string;
  readonly consumer: Pick<GroupConsumer, 'pause' | 'resume' | 'seek'>;
  readonly epochs: Pick<Epochs, 'current'>;
  readonly signs: Pick<KafkaSigns, 'fetched' | 'recordsLost'>;
  /** Tries until it has an answer, or until the epoch is lost: undefined. */
  boundsOf(place: PartitionPlace, epoch: Epoch): Promise<PartitionBounds | undefined>;
  now(): number;
  /** Something has come. */
  onProgress(): void;
  /** A partition ends below where it was read: nothing more of this epoch is right. Its position is looked into at the join. */
  onBeyond(): void;
  onWarning(message: string): void;
}

/** Twice what a fetch may take with its connection and its login: whoever was not asked for so long has left the cluster. */
const GONE_MS = 60_000;

/** When a node was last asked for records. */
interface LastFetch {
  /** Its number. */
  readonly fetch: number;
  readonly at: number;
}

/** What is known of a partition's fetching beside its buffer. */
interface Flow {
  isPaused: boolean;
  /** Its position is being looked into: nothing is taken meanwhile. */
  isHeld: boolean;
  /** The count of fetches when its position was last set. */
  soughtAt: number;
  /** kafkajs has passed over what does not count yet: at the end of a partition nothing would bring it back. */
  isOvertaken: boolean;
}

export function createIntake(options: IntakeOptions): Intake {
  return new GroupIntake(options);
}

class GroupIntake implements Intake {
  readonly #options: IntakeOptions;
  readonly #flows = new WeakMap<PartitionBuffer, Flow>();
  #fetches = 0;
  /** By node. */
  readonly #lastFetch = new Map<string, LastFetch>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  hold(places: readonly PartitionPlace[]): void {
    if (places.length > 0) this.#options.consumer.pause(places);
  }

  open(buffers: Iterable<PartitionBuffer>): void {
    for (const buffer of buffers) {
      this.#flows.set(buffer, { isPaused: true, isHeld: false, soughtAt: 0, isOvertaken: false });
      this.#seek(buffer);
      this.#resume(buffer);
    }
  }

  batch(place: PartitionPlace, batch: FetchedBatch, resolve: () => void): void {
    const { epochs, signs, group, onProgress } = this.#options;
    const [epoch, buffer] = [epochs.current, this.#bufferOf(place)];
    if (!epoch || !buffer || this.#flowOf(buffer).isHeld) return;
    if (!buffer.offer(batch)) {
      this.#lookInto(epoch, buffer);
      return;
    }
    resolve();
    signs.fetched(group, batch.messages.length);
    if (buffer.isFull) this.#pause(buffer);
    onProgress();
  }

  /** An earlier epoch's may come late, and would make a hole: only what was surely fetched from this position counts. */
  passedOver(records: PassedOver): void {
    const { epochs, onProgress } = this.#options;
    const [epoch, buffer] = [epochs.current, this.#bufferOf(records)];
    if (!epoch || !buffer || this.#flowOf(buffer).isHeld) return;
    if (records.lastOffset < buffer.position) return;
    const flow = this.#flowOf(buffer);
    flow.isOvertaken = !this.#isFetchedSince(flow.soughtAt);
    if (flow.isOvertaken) return;
    if ((records.firstOffset ?? records.lastOffset) > buffer.position) {
      this.#lookInto(epoch, buffer, records);
      return;
    }
    buffer.passOver(records.lastOffset, records.highWatermark);
    onProgress();
  }

  fetching(nodeId: string): void {
    this.#fetches += 1;
    this.#lastFetch.set(nodeId, { fetch: this.#fetches, at: this.#options.now() });
  }

  taken(buffer: PartitionBuffer): void {
    const { isPaused, isHeld } = this.#flowOf(buffer);
    if (isPaused && !isHeld && buffer.hasRoom) this.#resume(buffer);
  }

  restart(buffer: PartitionBuffer, progress: Progress): void {
    buffer.restart(progress);
    this.#seek(buffer);
    this.taken(buffer);
  }

  look(): void {
    const { epochs, consumer } = this.#options;
    for (const buffer of epochs.current?.buffers.values() ?? []) {
      const flow = this.#flowOf(buffer);
      // The position is the same: what was fetched from it since it was set still counts.
      if (flow.isOvertaken) consumer.seek(buffer, buffer.position);
      flow.isOvertaken = false;
    }
  }

  forget(): void {
    this.#lastFetch.clear();
  }

  /** A batch that does not join on: an earlier position's, or the partition has lost its beginning, or is another. */
  async #lookInto(epoch: Epoch, buffer: PartitionBuffer, passed?: PassedOver): Promise<void> {
    const flow = this.#flowOf(buffer);
    flow.isHeld = true;
    this.#pause(buffer);
    const bounds = await this.#options.boundsOf(buffer, epoch);
    if (bounds === undefined || epoch.lost.aborted) return;
    // Made anew, or brokers lost records. Held until the epoch has ended: what comes is none of this partition's.
    if (bounds.end < buffer.position) return this.#options.onBeyond();
    flow.isHeld = false;
    if (bounds.first > buffer.position) this.#lose(epoch, buffer, bounds.first);
    else if (passed) buffer.passOver(passed.lastOffset, passed.highWatermark);
    this.#seek(buffer);
    this.taken(buffer);
  }

  #lose(epoch: Epoch, buffer: PartitionBuffer, first: number): void {
    const { signs, group, onWarning } = this.#options;
    const { topic, partition, position, resumed } = buffer;
    const count = unsettledBelow(raised(resumed, position), first);
    buffer.jump(first);
    signs.recordsLost(group, topic, partition, count);
    onWarning(
      `${group}, ${topic}/${partition}: reading stood at offset ${position} and the partition begins at ${first} now: ${count} records were deleted before they were delivered. Keep records longer (retention.ms), or find out what holds the group back`,
    );
    // kafkajs has overwritten the group's offset and its progress meanwhile.
    const known = epoch.commits?.committed(buffer);
    if (known) epoch.commits?.commit(buffer, known.progress, known.floor);
  }

  #bufferOf(place: PartitionPlace): PartitionBuffer | undefined {
    const epoch = this.#options.epochs.current;
    return epoch?.stage === 'reading' ? epoch.buffers.get(placeKey(place)) : undefined;
  }

  #flowOf(buffer: PartitionBuffer): Flow {
    const flow = this.#flows.get(buffer);
    if (flow === undefined) throw new Error(`${placeKey(buffer)} was never opened`);
    return flow;
  }

  /** Every node has been asked anew: what comes now was fetched from the positions set then. */
  #isFetchedSince(fetch: number): boolean {
    const from = this.#options.now() - GONE_MS;
    for (const [nodeId, { at }] of this.#lastFetch) if (at < from) this.#lastFetch.delete(nodeId);
    return this.#lastFetch.size > 0 && [...this.#lastFetch.values()].every((last) => last.fetch > fetch);
  }

  #seek(buffer: PartitionBuffer): void {
    this.#flowOf(buffer).soughtAt = this.#fetches;
    this.#options.consumer.seek(buffer, buffer.position);
  }

  #pause(buffer: PartitionBuffer): void {
    const flow = this.#flowOf(buffer);
    if (!flow.isPaused) this.#options.consumer.pause([buffer]);
    flow.isPaused = true;
  }

  #resume(buffer: PartitionBuffer): void {
    this.#flowOf(buffer).isPaused = false;
    this.#options.consumer.resume([buffer]);
  }
}
