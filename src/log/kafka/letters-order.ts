/** Letters in the order in which they were written; those that are gone are passed over, and swept out now and then. */

export interface Ordered {
  /** When the letter was written, ms since the epoch. */
  readonly at: number;
  readonly seq: number;
  readonly partition: number;
  readonly offset: number;
}

export interface LetterOrder<Entry extends Ordered> {
  add(entry: Entry): void;
  /** An entry that was added is gone. */
  lost(): void;
  /** Oldest first; with entries that are gone among them. Valid until the next call of anything here. */
  all(): readonly Entry[];
  first(): Entry | undefined;
}

/** Several writers' letters arrive nearly in order: a late one is put into its place when that is so near to the end. */
const NEAR = 64;

/** Entries that are gone take 8 bytes each until they are swept. */
const SWEEP_AT_LEAST = 1_000;

export function byTime(a: Ordered, b: Ordered): number {
  return a.at - b.at || a.seq - b.seq || a.partition - b.partition || a.offset - b.offset;
}

export function createLetterOrder<Entry extends Ordered>(
  isLiving: (entry: Entry) => boolean,
): LetterOrder<Entry> {
  let entries: Entry[] = [];
  let isSorted = true;
  let gone = 0;
  /** Everything before it is gone. */
  let head = 0;

  /** At 500,000 letters read from several partitions one sort costs less than a second, 500,000 insertions minutes. */
  function tidy(): void {
    const isCrowded = gone > SWEEP_AT_LEAST && gone * 2 > entries.length;
    if (isSorted && !isCrowded) return;
    entries = entries.filter(isLiving);
    if (!isSorted) entries.sort(byTime);
    isSorted = true;
    gone = 0;
    head = 0;
  }

  return {
    add(entry) {
      let at = entries.length;
      const nearest = Math.max(0, at - NEAR);
      while (at > nearest && isBefore(entry, entries[at - 1])) at -= 1;
      if (at === nearest && isBefore(entry, entries[at - 1])) isSorted = false;
      if (at === entries.length) entries.push(entry);
      else entries.splice(at, 0, entry);
      head = Math.min(head, at);
    },
    lost() {
      gone += 1;
    },
    all() {
      tidy();
      return entries;
    },
    first() {
      tidy();
      for (let entry = entries[head]; entry !== undefined; entry = entries[head]) {
        if (isLiving(entry)) return entry;
        head += 1;
      }
      return undefined;
    },
  };
}

function isBefore(entry: Ordered, other: Ordered | undefined): boolean {
  return other !== undefined && byTime(entry, other) < 0;
}

/** The index of the first of `entries` (sorted) that comes after the place. */
export function firstAfter(entries: readonly Ordered[], place: Ordered): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && byTime(entry, place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
