/** Where a group goes on in a partition: by what it committed, as far as the partition still holds it. */
import type { OffsetRange, Progress } from '../log.ts';
import { decodeProgress } from './progress-codec.ts';
import type { PartitionBounds, StoredOffset } from './session-offsets.ts';
import { isAnother, type TopicMark } from './topic-marks.ts';

export interface Place {
  readonly progress: Progress;
  /** Offset in the requests partition below which the group has no open note. */
  readonly floor: number;
  /** The partition's end, exclusive. */
  readonly end: number;
  /** Records that the group had not settled and that are gone; undefined: none. `null`: how many is not known. */
  readonly lost: number | null | undefined;
  /** What is committed, or a settled record above it, lies beyond the partition's end. */
  readonly isBeyond: boolean;
  /** In plain words, for whoever operates it. */
  readonly warning: string | undefined;
}

/** kafkajs commits this where a position is not held any more: "the first that is held". */
const RESET = -2;

/** @param mark which topic it is now; null: not known */
export function placeOf(
  { offset, metadata }: StoredOffset,
  { first, end }: PartitionBounds,
  mark: TopicMark | null = null,
): Place {
  const fresh = { progress: { watermark: first, settled: [] }, floor: 0, end, isBeyond: offset > end };
  if (offset === RESET) {
    const warning = `its reader stood outside of what the partition holds: records were deleted before they were read, or the topic was made anew. Reading begins at ${first}`;
    return { ...fresh, lost: null, warning };
  }
  if (offset < 0) return { ...fresh, lost: undefined, warning: undefined };
  const { progress: stored, floor, mark: committed, fault } = decodeProgress(offset, metadata);
  if (isAnother(committed, mark)) {
    const warning = `offset ${offset} was committed for a topic of this name that was deleted, and this one was made anew: what its readers had not delivered is lost. Reading begins at ${first}`;
    return { ...fresh, isBeyond: false, lost: null, warning };
  }
  if (offset > end) {
    const warning = `offset ${offset} was committed and the partition ends at ${end}: the topic was made anew, or brokers lost records. Reading begins at ${first}`;
    return { ...fresh, lost: null, warning };
  }
  const progress = cutAt(stored, end);
  const isBeyond = (stored.settled.at(-1)?.to ?? 0) > end;
  if (offset >= first) {
    const damaged = fault === null ? undefined : `the progress beside its offset is left aside: ${fault}`;
    const warning = isBeyond
      ? `records above the partition's end, ${end}, were settled: brokers lost records. What is written there anew is delivered`
      : damaged;
    return { ...fresh, isBeyond, progress, floor, lost: undefined, warning };
  }
  const lost = unsettledBelow(progress, first);
  const warning = `offset ${offset} was committed and the partition begins at ${first}: ${lost} records were deleted before they were delivered. Keep records longer (retention.ms), or find out what held the group back`;
  return {
    ...fresh,
    isBeyond,
    progress: raised(progress, first),
    floor,
    lost,
    warning: lost > 0 ? warning : undefined,
  };
}

/** What comes to stand at the end and above it is other records: none of them is settled. */
function cutAt({ watermark, settled }: Progress, end: number): Progress {
  const within = settled.filter(({ from }) => from < end);
  return { watermark, settled: within.map(({ from, to }) => ({ from, to: Math.min(to, end) })) };
}

/** Offsets below `offset` that the progress does not name as settled. */
export function unsettledBelow({ watermark, settled }: Progress, offset: number): number {
  const within = settled.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, offset) - from), 0);
  return Math.max(0, offset - watermark - within);
}

/** The progress with its watermark at `watermark` or above: a settled range that holds or touches it is below it too. */
export function raised({ settled }: Progress, watermark: number): Progress {
  const above: readonly OffsetRange[] = settled.filter((range) => range.to > watermark);
  const [first, ...rest] = above;
  return first !== undefined && first.from <= watermark
    ? { watermark: first.to, settled: rest }
    : { watermark, settled: above };
}
