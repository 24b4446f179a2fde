/** What kafkajs fetched, in the session's own terms: numbers, and where the next fetch of the partition begins. */
import type { Batch } from 'kafkajs';
import type { FetchedBatch } from './buffers.ts';
import type { RawRecord } from './internals.ts';
import { offsetOf } from './range-records.ts';
import type { PartitionPlace } from './signs.ts';

/** Markers and aborted records, which no batch is made of. */
export interface PassedOver extends PartitionPlace {
  /** Undefined: nothing at or above the offset that was asked for. */
  readonly firstOffset: number | undefined;
  readonly lastOffset: number;
  readonly highWatermark: number;
}

/** What kafkajs tells before it handles a batch. */
export interface BatchStart extends PartitionPlace {
  readonly batchSize: number;
  readonly firstOffset: string | null;
  readonly lastOffset: string;
  readonly highWatermark: string;
}

export function passedOver({
  topic,
  partition,
  firstOffset,
  lastOffset,
  highWatermark,
}: BatchStart): PassedOver {
  return {
    topic,
    partition,
    firstOffset: firstOffset === null ? undefined : offsetOf(firstOffset),
    lastOffset: offsetOf(lastOffset),
    highWatermark: offsetOf(highWatermark),
  };
}

/** Members of kafkajs' batch that its types leave out. */
export type RawBatch = Batch & {
  readonly fetchedOffset: string;
  readonly messages: readonly RawRecord[];
  readonly rawMessages: readonly RawRecord[];
};

export function fetchedFrom(batch: RawBatch): FetchedBatch {
  const last = batch.rawMessages.at(-1)?.batchContext;
  // Compaction may have taken the last records of the producer's batch: its own end is the one that counts.
  const endOfLast = last === undefined ? 0 : Number(last.firstOffset) + last.lastOffsetDelta;
  return {
    fetchedOffset: offsetOf(batch.fetchedOffset),
    messages: batch.messages,
    lastOffset: Math.max(offsetOf(batch.lastOffset()), endOfLast),
    highWatermark: offsetOf(batch.highWatermark),
  };
}
