/**
 * Which row of the guard may hold an id: an open-addressing set of 32-bit fingerprints that errs only towards "maybe".
 *
 * 6 bytes a slot, in shards that each grow by a quarter: 10 bytes an id. Doubled as a whole, a set of 10,500,000 ids took
 * 400 MB, the half that was outgrown among them; it takes 110 MB, and a lookup a tenth of a µs more (measured).
 */

const SHARDS = 64;
/** The other bits of the fingerprint stand in the slot's word. */
const REST_BITS = 26;
const REST_MASK = 2 ** REST_BITS - 1;
/** Beside them stands a row's place in its stretch, from 1 on, since a word of 0 is a free slot. */
const ROW_BITS = 32 - REST_BITS;
const STRETCH = 2 ** ROW_BITS - 1;
/** As two bytes tell them apart: four million rows. */
const STRETCHES = 2 ** 16;

const LARGEST_LOAD = 0.75;
const GROWTH = 1.25;
const LEAST_SLOTS = 64;

export interface FingerprintSet {
  readonly size: number;
  /** `row` is not below the first; throws a RangeError beyond four million rows. */
  add(fingerprint: number, row: number): void;
  /** Whether `confirm` accepts one of the rows stored with this fingerprint. */
  some(fingerprint: number, confirm: (row: number) => boolean): boolean;
}

interface Shard {
  words: Uint32Array<ArrayBuffer>;
  stretches: Uint16Array<ArrayBuffer>;
  /** Free slots that may still be taken. */
  room: number;
}

/** An empty set for rows from `firstRow` on. */
export function createFingerprintSet(firstRow: number): FingerprintSet {
  const shards = Array.from({ length: SHARDS }, () => emptyShard(LEAST_SLOTS));
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(fingerprint, row) {
      const shard = shardOf(shards, fingerprint);
      const place = row - firstRow;
      const stretch = Math.trunc(place / STRETCH);
      if (stretch >= STRETCHES) throw new RangeError('more rows than a set of fingerprints can name');
      if (shard.room === 0) grow(shard);
      insert(shard, ((fingerprint << ROW_BITS) | (place - stretch * STRETCH + 1)) >>> 0, stretch);
      shard.room -= 1;
      size += 1;
    },
    some(fingerprint, confirm) {
      const { words, stretches } = shardOf(shards, fingerprint);
      const rest = fingerprint & REST_MASK;
      for (let slot = homeOf(rest, words.length); ; slot = after(slot, words.length)) {
        const word = words[slot] ?? 0;
        if (word === 0) return false;
        if (word >>> ROW_BITS === rest && confirm(firstRow + placeOf(word, stretches[slot] ?? 0)))
          return true;
      }
    },
  };
}

function emptyShard(slots: number): Shard {
  return {
    words: new Uint32Array(slots),
    stretches: new Uint16Array(slots),
    room: Math.trunc(slots * LARGEST_LOAD),
  };
}

function shardOf(shards: readonly Shard[], fingerprint: number): Shard {
  const shard = shards[fingerprint >>> REST_BITS];
  if (!shard) throw new RangeError(`${fingerprint} is no fingerprint of 32 bits`);
  return shard;
}

/** In the order of the fingerprints, which are spread evenly: so a shard that grows is read and written from end to end. */
function homeOf(rest: number, slots: number): number {
  return Math.trunc((rest * slots) / 2 ** REST_BITS);
}

function placeOf(word: number, stretch: number): number {
  return stretch * STRETCH + (word & STRETCH) - 1;
}

function after(slot: number, slots: number): number {
  return slot + 1 === slots ? 0 : slot + 1;
}

function insert({ words, stretches }: Shard, word: number, stretch: number): void {
  let slot = homeOf(word >>> ROW_BITS, words.length);
  while (words[slot] !== 0) slot = after(slot, words.length);
  words[slot] = word;
  stretches[slot] = stretch;
}

function grow(shard: Shard): void {
  const { words, stretches } = shard;
  const slots = Math.ceil(words.length * GROWTH);
  Object.assign(shard, emptyShard(slots));
  for (let slot = 0; slot < words.length; slot += 1) {
    const word = words[slot] ?? 0;
    if (word === 0) continue;
    insert(shard, word, stretches[slot] ?? 0);
    shard.room -= 1;
  }
  // Given back at once: a collector that sees little garbage would leave them for long.
  words.buffer.transfer(0);
  stretches.buffer.transfer(0);
}
