/**
 * Where each living letter stands in its topic, and what letters are looked for by; never their values. About 250 bytes
 * a letter: what is alike about letters is held once, and a person is held as a hash.
 */
import { hash } from 'node:crypto';
import type { LetterFilter, LetterGroup } from '../letter-log.ts';
import type { LetterDetail } from './letter-codec.ts';
import { byTime, createLetterOrder, firstAfter, type Ordered } from './letters-order.ts';
import { createShared, type Shared } from './letters-shared.ts';

/** What many letters have in common. */
export interface LetterKin {
  /** '' for those that ingest turned away. */
  readonly destination: string;
  readonly kind: string;
  readonly code: string;
  readonly source: string;
}

export interface LetterEntry extends Ordered {
  readonly id: string;
  readonly kin: LetterKin;
  /** `partsText` of the letter. */
  readonly parts: string | null;
  readonly person: number;
  readonly bytes: number;
  /** `split`: the value stands in messages of its own. */
  state: 'whole' | 'split' | 'gone';
}

/** A letter as it was read or written. */
export interface PlacedLetter {
  readonly id: string;
  readonly detail: LetterDetail;
  readonly partition: number;
  readonly offset: number;
  readonly bytes: number;
  readonly isSplit: boolean;
}

export interface LetterIndex {
  get(id: string): LetterEntry | undefined;
  /** In the place of the one with its id. */
  put(letter: PlacedLetter): void;
  remove(id: string): boolean;
  /** Oldest first, those after the place; what the filter means as far as a hash can tell. To be used up at once. */
  ascending(filter: LetterFilter, after: Ordered | undefined): Generator<LetterEntry, void>;
  /** Newest first, those before the place. To be used up at once. */
  descending(filter: LetterFilter, before: Ordered | undefined): Generator<LetterEntry, void>;
  group(filter: LetterFilter): LetterGroup[];
  oldest(): LetterEntry | undefined;
  /** Those of a partition below an offset. */
  below(partition: number, offset: number): LetterEntry[];
  /** The largest `seq` there ever was; 0 without any. */
  lastSeq(): number;
  bytes(): number;
  /** By destination. */
  counts(): ReadonlyMap<string, number>;
}

export function createLetterIndex(): LetterIndex {
  const living = new Map<string, LetterEntry>();
  const order = createLetterOrder<LetterEntry>(({ state }) => state !== 'gone');
  const counts = new Map<string, number>();
  const kins = createShared<LetterKin>();
  const texts = createShared<string>();
  let bytes = 0;
  let lastSeq = 0;

  function remove(id: string): boolean {
    const entry = living.get(id);
    if (entry === undefined) return false;
    living.delete(id);
    count(counts, entry.kin.destination, -1);
    bytes -= entry.bytes;
    kins.drop(nameOf(entry.kin));
    if (entry.parts !== null) texts.drop(entry.parts);
    entry.state = 'gone';
    order.lost();
    return true;
  }

  const meant = ({ persons, from = Number.NEGATIVE_INFINITY, to, ...like }: LetterFilter) => {
    const alike = new Set([...kins.values()].filter((kin) => isAlike(kin, like)));
    const people = persons && new Set(persons.map(personHash));
    const until = to ?? Number.POSITIVE_INFINITY;
    return ({ kin, person, at, state }: LetterEntry): boolean =>
      state !== 'gone' && alike.has(kin) && from <= at && at < until && (people?.has(person) ?? true);
  };

  return {
    get: (id) => living.get(id),
    put(letter) {
      remove(letter.id);
      const entry = entryOf(letter, kins, texts);
      living.set(entry.id, entry);
      order.add(entry);
      count(counts, entry.kin.destination, 1);
      bytes += entry.bytes;
      lastSeq = Math.max(lastSeq, entry.seq);
    },
    remove,
    *ascending(filter, after) {
      const isMeant = meant(filter);
      const entries = order.all();
      for (let i = after === undefined ? 0 : firstAfter(entries, after); i < entries.length; i += 1) {
        const entry = entries[i];
        if (entry !== undefined && isMeant(entry)) yield entry;
      }
    },
    *descending(filter, before) {
      const isMeant = meant(filter);
      const entries = order.all();
      for (let i = before === undefined ? entries.length : firstAfter(entries, before); i > 0; i -= 1) {
        const entry = entries[i - 1];
        const isEarlier = entry !== undefined && (before === undefined || byTime(entry, before) < 0);
        if (isEarlier && isMeant(entry)) yield entry;
      }
    },
    group(filter) {
      return grouped(living.values().filter(meant(filter)));
    },
    oldest: order.first,
    below: (partition, offset) =>
      [...living.values()].filter((entry) => entry.partition === partition && entry.offset < offset),
    lastSeq: () => lastSeq,
    bytes: () => bytes,
    counts: () => new Map(counts),
  };
}

/** What makes a replay's parts and a letter's the same. */
export function partsText(parts: readonly string[] | null): string | null {
  return parts === null ? null : JSON.stringify(parts);
}

function entryOf(
  { id, detail, partition, offset, bytes, isSplit }: PlacedLetter,
  kins: Shared<LetterKin>,
  texts: Shared<string>,
): LetterEntry {
  const { destination, outcome, record, undelivered, at, seq } = detail;
  const { kind, code } = outcome;
  const kin = { destination: destination ?? '', kind, code, source: record.headers.source };
  const parts = partsText(undelivered?.map(({ part }) => part) ?? null);
  return {
    id,
    kin: kins.take(nameOf(kin), kin),
    parts: parts === null ? null : texts.take(parts, parts),
    person: personHash(record.key),
    at,
    seq,
    partition,
    offset,
    bytes,
    state: isSplit ? 'split' : 'whole',
  };
}

function nameOf({ destination, kind, code, source }: LetterKin): string {
  return JSON.stringify([destination, kind, code, source]);
}

/** 48 bits: of a million persons some two share one by a chance of 1 in 560. */
function personHash(key: string): number {
  return hash('sha1', key, 'buffer').readUIntBE(0, 6);
}

function once<Value>(known: Map<string, Value>, name: string, value: Value): Value {
  const first = known.get(name);
  if (first !== undefined) return first;
  known.set(name, value);
  return value;
}

function count(counts: Map<string, number>, name: string, change: number): void {
  const n = (counts.get(name) ?? 0) + change;
  if (n > 0) counts.set(name, n);
  else counts.delete(name);
}

function isAlike(kin: LetterKin, { destination, kind, code, source }: Partial<LetterKin>): boolean {
  return (
    (destination ?? kin.destination) === kin.destination &&
    (kind ?? kin.kind) === kin.kind &&
    (code ?? kin.code) === kin.code &&
    (source ?? kin.source) === kin.source
  );
}

/** Letters of one destination and code may come from several sources. */
function grouped(entries: Iterable<LetterEntry>): LetterGroup[] {
  const groups = new Map<string, { kin: LetterKin; count: number; firstAt: number; lastAt: number }>();
  const named = ({ destination, kind, code }: LetterKin) => JSON.stringify([destination, kind, code]);
  const names = new Map<LetterKin, string>();
  for (const { kin, at } of entries) {
    const name = names.get(kin) ?? named(kin);
    names.set(kin, name);
    const group = once(groups, name, { kin, count: 0, firstAt: at, lastAt: at });
    group.count += 1;
    group.firstAt = Math.min(group.firstAt, at);
    group.lastAt = Math.max(group.lastAt, at);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { kin, ...times }]) => ({
      destination: kin.destination === '' ? null : kin.destination,
      kind: kin.kind,
      code: kin.code,
      ...times,
    }));
}
