/** Which offsets of a partition the guard has seen: a few ranges, that of each reader growing as it reads. */
import type { OffsetRange } from '../log.ts';

export interface Coverage {
  /** What of the range was not seen. */
  missing(range: OffsetRange): OffsetRange[];
  add(range: OffsetRange): void;
  /** A reader that came up to here saw this offset: what lies between belongs to nobody. */
  reach(offset: number): void;
  /** What was seen at the offset and before it, in one go, is not known any more. */
  forget(offset: number): void;
}

/** Readers that stand far apart, in one process; beyond them the lowest range is forgotten. */
const MAX_RANGES = 16;

export function createCoverage(): Coverage {
  /** Ascending, not touching one another. */
  let ranges: { from: number; to: number }[] = [];

  function add(range: OffsetRange): void {
    if (range.to <= range.from) return;
    const apart = ranges.filter(({ from, to }) => to < range.from || range.to < from);
    const joined = ranges.filter((each) => !apart.includes(each));
    const from = Math.min(range.from, ...joined.map((each) => each.from));
    const to = Math.max(range.to, ...joined.map((each) => each.to));
    ranges = [...apart, { from, to }].sort((a, b) => a.from - b.from).slice(-MAX_RANGES);
  }

  return {
    add,
    missing({ from, to }) {
      const gaps: OffsetRange[] = [];
      let at = from;
      for (const range of ranges) {
        if (range.from > at && at < to) gaps.push({ from: at, to: Math.min(range.from, to) });
        at = Math.max(at, range.to);
      }
      return at < to ? [...gaps, { from: at, to }] : gaps;
    },
    reach(offset) {
      const index = ranges.findLastIndex(({ from }) => from <= offset);
      const reader = ranges[index];
      if (reader === undefined) add({ from: offset, to: offset + 1 });
      else if (reader.to <= offset) {
        reader.to = offset + 1;
        const next = ranges[index + 1];
        if (next && next.from <= reader.to) add({ from: reader.from, to: reader.to });
      }
    },
    forget(offset) {
      const range = ranges.find(({ from, to }) => from <= offset && offset < to);
      if (range) range.from = offset + 1;
      ranges = ranges.filter(({ from, to }) => from < to);
    },
  };
}
