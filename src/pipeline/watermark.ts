/**
 * Keeps, for one partition, which records have a final outcome.
 *
 * Rules:
 * - the watermark is the first offset read here that has no final outcome; everything below it is done
 * - settled ranges lie above the watermark: sorted, disjoint, not touching
 * - offsets between those read here were settled before (the log skips them)
 * - ranges settled before and not reached yet stay in the progress
 */
import type { OffsetRange, Progress } from '../log/log.ts';

export interface Watermark {
  /** Records `[from, from + count)` were read and are open from now on. Offsets only rise. */
  open(from: number, count: number): void;
  /** The record has its final outcome. Throws when it is not open: a bug, an outcome given twice. */
  settle(offset: number): void;
  progress(): Progress;
  /** Settled ranges above the watermark. */
  readonly rangeCount: number;
}

/** @param resumed the progress that reading began with */
export function createWatermark(resumed: Progress): Watermark {
  // Open ranges, as two sorted lists: what is not open and below `end` is settled.
  const starts: number[] = [];
  const ends: number[] = [];
  let end = resumed.watermark;
  return {
    open(from, count) {
      if (starts.length > 0 && ends.at(-1) === from) ends[ends.length - 1] = from + count;
      else {
        starts.push(from);
        ends.push(from + count);
      }
      end = from + count;
    },
    settle(offset) {
      const at = lastAtOrBelow(starts, offset);
      const from = starts[at];
      const to = ends[at];
      if (from === undefined || to === undefined || offset >= to) {
        throw new Error(`offset ${offset} is settled already or was never read`);
      }
      closeOne({ starts, ends, at }, offset, { from, to });
    },
    progress() {
      const settled = gapsBetween(starts, ends, end);
      for (const range of resumed.settled) {
        if (range.to > end) addTouching(settled, { from: Math.max(range.from, end), to: range.to });
      }
      if (starts[0] !== undefined) return { watermark: starts[0], settled };
      return belowWatermark(end, settled);
    },
    get rangeCount() {
      return starts.length;
    },
  };
}

/** What lies between the open ranges, and between the last of them and `end`. */
function gapsBetween(starts: readonly number[], ends: readonly number[], end: number): OffsetRange[] {
  const gaps: OffsetRange[] = [];
  for (const [index, from] of ends.entries()) {
    const to = starts[index + 1] ?? end;
    if (from < to) gaps.push({ from, to });
  }
  return gaps;
}

function addTouching(ranges: OffsetRange[], next: OffsetRange): void {
  const last = ranges.at(-1);
  if (last?.to === next.from) ranges[ranges.length - 1] = { from: last.from, to: next.to };
  else ranges.push(next);
}

/** Nothing is open: the watermark is `end`, or the end of the settled range that touches it. */
function belowWatermark(end: number, settled: readonly OffsetRange[]): Progress {
  const [first, ...rest] = settled;
  return first?.from === end ? { watermark: first.to, settled: rest } : { watermark: end, settled };
}

interface OpenRanges {
  readonly starts: number[];
  readonly ends: number[];
  readonly at: number;
}

/** Takes one offset out of the open range that holds it. */
function closeOne({ starts, ends, at }: OpenRanges, offset: number, { from, to }: OffsetRange): void {
  if (offset === from && offset + 1 === to) {
    starts.splice(at, 1);
    ends.splice(at, 1);
  } else if (offset === from) starts[at] = offset + 1;
  else if (offset + 1 === to) ends[at] = offset;
  else {
    starts.splice(at + 1, 0, offset + 1);
    ends.splice(at, 0, offset);
  }
}

/** Index of the last element that is at most `value`, or -1. */
function lastAtOrBelow(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
