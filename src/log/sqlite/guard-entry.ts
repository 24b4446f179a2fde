/**
 * What the guard holds of an id, and what a known one says about the next. 16 bytes: 12 of the id's hash, then the 4 of
 * the content; where any content is the same, 4 more of the id's hash, as older versions wrote it.
 */
import { digestOf } from '../guard-id.ts';
import type { FingerprintSet } from './fingerprint-set.ts';

export const ENTRY_BYTES = 16;
const ID_BYTES = 12;

/** An id and its content, as they are looked for and stored. */
export interface WantedEntry {
  readonly entry: Buffer;
  /** The first bytes of the id's hash, as text. */
  readonly name: string;
  /** What stands behind them where any content is the same. */
  readonly anyTail: number;
  /** Any content of a known id is the same as this one. */
  readonly isAny: boolean;
}

export function entryOf(id: string, content: number | null): WantedEntry {
  const digest = digestOf(id).slice(0, ENTRY_BYTES);
  const entry = Buffer.from(digest, 'binary');
  const anyTail = entry.readUInt32LE(ID_BYTES);
  if (content !== null) entry.writeUInt32LE(content, ID_BYTES);
  return { entry, name: digest.slice(0, ID_BYTES), anyTail, isAny: content === null };
}

/** The id is not known, or with the same content, or with others alone. */
export type Match = 'none' | 'same' | 'other';

/** Of the id with this content in a known entry. */
function compare(tail: number, { entry, anyTail, isAny }: WantedEntry): Match {
  return isAny || tail === anyTail || tail === entry.readUInt32LE(ID_BYTES) ? 'same' : 'other';
}

/** What stands in the list before; each asked for joins it. */
export function createSeen(): (wanted: WantedEntry) => Match {
  const tails = new Map<string, number[]>();
  return (wanted) => {
    const before = tails.get(wanted.name) ?? [];
    const matches = before.map((tail) => compare(tail, wanted));
    tails.set(wanted.name, [...before, wanted.entry.readUInt32LE(ID_BYTES)]);
    return closest(matches);
  };
}

export function closest(matches: readonly Match[]): Match {
  if (matches.includes('same')) return 'same';
  return matches.includes('other') ? 'other' : 'none';
}

/** A fingerprint match is confirmed against the row's entries; rows are read once per write. */
export function createMatcher(readRow: (row: number) => Uint8Array | undefined) {
  const rows = new Map<number, Buffer>();
  const entriesOf = (row: number): Buffer => {
    const cached = rows.get(row) ?? Buffer.from(readRow(row) ?? new Uint8Array(0));
    rows.set(row, cached);
    return cached;
  };
  return (set: FingerprintSet, wanted: WantedEntry): Match => {
    let match: Match = 'none';
    set.some(wanted.entry.readUInt32LE(0), (row) => {
      match = closest([match, matchIn(entriesOf(row), wanted)]);
      return match === 'same';
    });
    return match;
  };
}

function matchIn(entries: Buffer, wanted: WantedEntry): Match {
  const id = wanted.entry.subarray(0, ID_BYTES);
  let match: Match = 'none';
  for (let at = entries.indexOf(id); at >= 0 && match !== 'same'; at = entries.indexOf(id, at + 1)) {
    if (at % ENTRY_BYTES === 0) match = compare(entries.readUInt32LE(at + ID_BYTES), wanted);
  }
  return match;
}
