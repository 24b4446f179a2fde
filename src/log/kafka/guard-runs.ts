/**
 * The memory of the guard: runs of records that say the same, in typed arrays, found by 64 bits of their id's hash. Bounded:
 * the run that was noted first is dropped first. 36 bytes a run and two slots or more of 4: about 45.
 */
import { createSlots, type Slots } from './guard-slots.ts';

/** What is looked up and noted of a record. */
export interface GuardRecord {
  /** Number of the partition, below 2^31: the same id elsewhere is another. */
  readonly place: number;
  /** 64 bits of the id's hash. */
  readonly high: number;
  readonly low: number;
  /** 32 bits of what it says; null: whatever has the id says the same. */
  readonly content: number | null;
  readonly offset: number;
  /** ms since the epoch. */
  readonly timestamp: number;
}

/** The first record that said it, the last one known, and the last one's time. */
export interface Run {
  readonly first: number;
  readonly last: number;
  readonly lastAt: number;
  /** It says what the record says. */
  readonly isSame: boolean;
}

export interface Dropped {
  readonly place: number;
  readonly offset: number;
}

export interface Runs {
  readonly size: number;
  /** A run of one record; another may be dropped for it. */
  add(record: GuardRecord): void;
  /** The runs of the record's id, whatever they say. */
  visit(record: GuardRecord, visit: (run: Run, at: number) => void): void;
  /** The record becomes the last one of the run that `visit` gave at `at`. */
  extend(at: number, record: GuardRecord): void;
}

const FIRST_CAPACITY = 4096;
/** Flag beside a place: whatever has the id says the same. */
const ANY_CONTENT = 0x8000_0000;
const PLACE = 0x7fff_ffff;
const LONGEST_SPAN = 2 ** 32 - 1;

interface Columns {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly content: Uint32Array;
  /** Last offset − first. */
  readonly span: Uint32Array;
  readonly place: Uint32Array;
  readonly first: Float64Array;
  readonly lastAt: Float64Array;
}

function allocate(capacity: number): Columns {
  return {
    high: new Uint32Array(capacity),
    low: new Uint32Array(capacity),
    content: new Uint32Array(capacity),
    span: new Uint32Array(capacity),
    place: new Uint32Array(capacity),
    first: new Float64Array(capacity),
    lastAt: new Float64Array(capacity),
  };
}

function grown(columns: Columns, capacity: number): Columns {
  const larger = allocate(capacity);
  for (const name of Object.keys(columns) as (keyof Columns)[]) larger[name].set(columns[name]);
  return larger;
}

export function createRuns(maxRuns: number, onDropped: (dropped: Dropped) => void): Runs {
  let capacity = Math.min(FIRST_CAPACITY, maxRuns);
  let columns = allocate(capacity);
  let size = 0;
  /** Once it is full: the next to be dropped. */
  let oldest = 0;
  let slots = indexed();

  function indexed(): Slots {
    const index = createSlots(capacity, (at) => columns.low[at] ?? 0);
    for (let at = 0; at < size; at += 1) index.add(at);
    return index;
  }

  function drop(): number {
    const at = oldest;
    oldest = (oldest + 1) % maxRuns;
    slots.remove(at);
    onDropped({ place: (columns.place[at] ?? 0) & PLACE, offset: columns.first[at] ?? 0 });
    return at;
  }

  /** Where the next run goes. */
  function room(): number {
    if (size === maxRuns) return drop();
    if (size === capacity) {
      capacity = Math.min(capacity * 2, maxRuns);
      columns = grown(columns, capacity);
      slots = indexed();
    }
    size += 1;
    return size - 1;
  }

  return {
    get size() {
      return size;
    },
    add({ high, low, place, content, offset, timestamp }) {
      const at = room();
      columns.high[at] = high;
      columns.low[at] = low;
      columns.content[at] = content ?? 0;
      columns.span[at] = 0;
      columns.place[at] = content === null ? place | ANY_CONTENT : place;
      columns.first[at] = offset;
      columns.lastAt[at] = timestamp;
      slots.add(at);
    },
    visit({ high, low, place, content }, visit) {
      slots.visit(low, (at) => {
        const flagged = columns.place[at] ?? 0;
        if (columns.low[at] !== low || columns.high[at] !== high || (flagged & PLACE) !== place) return;
        const first = columns.first[at] ?? 0;
        const isSame = content === null || flagged >= ANY_CONTENT || columns.content[at] === content;
        visit({ first, last: first + (columns.span[at] ?? 0), lastAt: columns.lastAt[at] ?? 0, isSame }, at);
      });
    },
    extend(at, { offset, timestamp }) {
      const span = offset - (columns.first[at] ?? 0);
      if (span > LONGEST_SPAN) return;
      columns.span[at] = span;
      columns.lastAt[at] = timestamp;
    },
  };
}
