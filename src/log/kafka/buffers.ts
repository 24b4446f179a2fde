/**
 * What was fetched of one partition and not read yet: a bounded queue that takes batches only where they join the one
 * before, and gives runs of consecutive records that the group has not settled.
 */

import type { OffsetRange, Progress } from '../log.ts';
import { isSettled } from '../progress.ts';
import type { RawRecord } from './internals.ts';
import { raised } from './session-places.ts';

/** One fetch's answer for a partition. */
export interface FetchedBatch {
  /** The offset that was asked for. */
  readonly fetchedOffset: number;
  readonly messages: readonly RawRecord[];
  /** Of the answer, what was left out of it (aborted records, markers) included. */
  readonly lastOffset: number;
  readonly highWatermark: number;
}

export interface BufferLimits {
  readonly records: number;
  /** Of values. */
  readonly bytes: number;
}

/** Consecutive records, none of them settled. */
export interface Run {
  readonly firstOffset: number;
  readonly messages: readonly RawRecord[];
  /** Of values. */
  readonly bytes: number;
}

export interface PartitionBuffer {
  readonly topic: string;
  readonly partition: number;
  /** The progress that reading of this partition began with. */
  readonly resumed: Progress;
  /** The next offset to fetch. */
  readonly position: number;
  /** The partition's end as it was last heard of, exclusive. */
  readonly highWatermark: number;
  /** Nothing was fetched that was not taken. */
  readonly isEmpty: boolean;
  /** At or above the limits: nothing more is to be fetched until `hasRoom`. */
  readonly isFull: boolean;
  /** Below half of the limits. */
  readonly hasRoom: boolean;
  /** False, and nothing taken: the batch does not begin at `position`, it belongs to an earlier reading. */
  offer(batch: FetchedBatch): boolean;
  /** Nothing but markers and aborted records up to `lastOffset`. */
  passOver(lastOffset: number, highWatermark: number): void;
  /** The next run; undefined while nothing unsettled is at hand. Settled records on the way go to `onSkipped`. */
  take(onSkipped: (message: RawRecord) => void): Run | undefined;
  /** The partition's end, asked for elsewhere. */
  heard(highWatermark: number): void;
  /** The partition begins at `first` now: what lay between is gone. What is at hand stays. */
  jump(first: number): void;
  /** Goes on from another place, with nothing at hand. */
  restart(resumed: Progress): void;
  /**
   * The progress with its watermark moved over what lies between the records read and the next one that can be: gaps,
   * which nobody settles.
   */
  overGaps(progress: Progress): Progress;
}

/** Of a run: as much as is decoded and queued in a few ms. */
export const MAX_RUN = { records: 5_000, bytes: 1024 * 1024 };

export interface BufferStart {
  readonly topic: string;
  readonly partition: number;
  readonly resumed: Progress;
  readonly highWatermark: number;
}

export function createBuffer(start: BufferStart, limits: BufferLimits): PartitionBuffer {
  return new FetchedBuffer(start, limits);
}

class FetchedBuffer implements PartitionBuffer {
  readonly topic: string;
  readonly partition: number;
  resumed: Progress;
  position: number;
  highWatermark: number;
  readonly #limits: BufferLimits;
  #messages: RawRecord[] = [];
  #offsets: number[] = [];
  #bytes = 0;
  /** Where the last run ended; what lies between here and the first message is a gap or settled. */
  #takenTo: number;
  /** The last one that was found behind a run. */
  #gap: OffsetRange = { from: 0, to: 0 };

  constructor({ topic, partition, resumed, highWatermark }: BufferStart, limits: BufferLimits) {
    this.topic = topic;
    this.partition = partition;
    this.resumed = resumed;
    this.position = resumed.watermark;
    this.#takenTo = resumed.watermark;
    this.highWatermark = highWatermark;
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  get isFull(): boolean {
    return this.#messages.length >= this.#limits.records || this.#bytes >= this.#limits.bytes;
  }

  get hasRoom(): boolean {
    return this.#messages.length * 2 < this.#limits.records && this.#bytes * 2 < this.#limits.bytes;
  }

  offer({ fetchedOffset, messages, lastOffset, highWatermark }: FetchedBatch): boolean {
    if (fetchedOffset !== this.position) return false;
    for (const message of messages) {
      this.#messages.push(message);
      this.#offsets.push(Number(message.offset));
      this.#bytes += sizeOf(message);
    }
    this.passOver(lastOffset, highWatermark);
    return true;
  }

  passOver(lastOffset: number, highWatermark: number): void {
    this.position = Math.max(this.position, lastOffset + 1);
    this.heard(highWatermark);
  }

  heard(highWatermark: number): void {
    this.highWatermark = Math.max(this.highWatermark, highWatermark);
  }

  take(onSkipped: (message: RawRecord) => void): Run | undefined {
    this.#skipSettled(onSkipped);
    const firstOffset = this.#offsets[0];
    if (firstOffset === undefined) return undefined;
    const count = this.#runLength(firstOffset);
    const messages = this.#messages.splice(0, count);
    this.#offsets.splice(0, count);
    const bytes = messages.reduce((sum, message) => sum + sizeOf(message), 0);
    this.#bytes -= bytes;
    this.#takenTo = firstOffset + count;
    return { firstOffset, messages, bytes };
  }

  jump(first: number): void {
    this.position = Math.max(this.position, first);
  }

  restart(resumed: Progress): void {
    this.resumed = resumed;
    this.position = resumed.watermark;
    this.#takenTo = resumed.watermark;
    [this.#messages, this.#offsets, this.#bytes] = [[], [], 0];
    this.#gap = { from: 0, to: 0 };
  }

  overGaps(progress: Progress): Progress {
    const { watermark } = progress;
    // Known before the next run was taken: whoever settles may not have heard of that yet.
    const isInGap = this.#gap.from <= watermark && watermark < this.#gap.to;
    if (isInGap) return raised(progress, this.#gap.to);
    if (watermark < this.#takenTo) return progress;
    const next = this.#offsets.find((offset) => !isSettled(this.resumed, offset)) ?? this.position;
    if (next <= watermark) return progress;
    this.#gap = { from: this.#takenTo, to: next };
    return raised(progress, next);
  }

  #skipSettled(onSkipped: (message: RawRecord) => void): void {
    const { settled } = this.resumed;
    if (settled.length === 0 || (this.#offsets[0] ?? 0) >= (settled.at(-1)?.to ?? 0)) return;
    const end = this.#offsets.findIndex((offset) => !isSettled(this.resumed, offset));
    const count = end === -1 ? this.#offsets.length : end;
    this.#offsets.splice(0, count);
    for (const message of this.#messages.splice(0, count)) {
      this.#bytes -= sizeOf(message);
      onSkipped(message);
    }
  }

  #runLength(firstOffset: number): number {
    const limit =
      this.resumed.settled.find((range) => range.from > firstOffset)?.from ?? Number.POSITIVE_INFINITY;
    const most = Math.min(MAX_RUN.records, this.#messages.length, limit - firstOffset);
    let bytes = 0;
    for (let index = 0; index < most; index += 1) {
      bytes += sizeOf(this.#messages[index]);
      if (this.#offsets[index] !== firstOffset + index) return index;
      if (index > 0 && bytes > MAX_RUN.bytes) return index;
    }
    return most;
  }
}

function sizeOf(message: RawRecord | undefined): number {
  return message?.value?.byteLength ?? 0;
}
