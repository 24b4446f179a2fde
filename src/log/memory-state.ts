/** What the log in memory holds, and what can be asked of it without knowing who reads. */
import { EVENTS_TOPIC, type LogRecord } from '../model/record.ts';
import type { AppendRecord, Chunk, GroupStanding, OffsetRange, Progress, ScanRange } from './log.ts';
import { createLetterShelf, type LetterShelf } from './memory-letters.ts';
import { createRequestShelf, type RequestShelf } from './memory-requests.ts';
import { isSettled } from './progress.ts';

/** What survives a restart. */
export interface MemoryState {
  readonly records: LogRecord[];
  readonly progress: Map<string, Progress>;
  /** Groups that have no place. */
  readonly detached: Set<string>;
  readonly letters: LetterShelf;
  readonly requests: RequestShelf;
  /** What was accepted under each guarded id, and when. */
  readonly guarded: Map<string, Accepted[]>;
}

interface Accepted {
  readonly content: number | undefined;
  at: number;
}

/** `conflict`: appended, its id is known with other content. */
export type Admission = 'new' | 'duplicate' | 'conflict';

export interface GuardClock {
  readonly now: () => number;
  readonly guardMs: number;
}

export function createMemoryState(): MemoryState {
  return {
    records: [],
    progress: new Map(),
    detached: new Set(),
    letters: createLetterShelf(),
    requests: createRequestShelf(),
    guarded: new Map(),
  };
}

/** Appends the record, unless it is a duplicate. */
export function admitRecord(state: MemoryState, record: AppendRecord, clock: GuardClock): Admission {
  const { key, value, headers, timestamp } = record;
  const admission = guard(state, record, clock);
  if (admission === 'duplicate') return admission;
  const place = { topic: EVENTS_TOPIC, partition: 0, offset: state.records.length, corrupt: false };
  state.records.push({ key, value: new Uint8Array(value), headers, timestamp, ...place });
  return admission;
}

function guard({ guarded }: MemoryState, record: AppendRecord, { now, guardMs }: GuardClock): Admission {
  const { guardId, guardContent: content } = record;
  if (guardId === undefined) return 'new';
  const known = (guarded.get(guardId) ?? []).filter(({ at }) => at > now() - guardMs);
  const isSame = (each: Accepted) =>
    content === undefined || each.content === undefined || each.content === content;
  if (known.some(isSame)) return 'duplicate';
  guarded.set(guardId, [...known, { content, at: now() }]);
  return known.length > 0 ? 'conflict' : 'new';
}

/** Value bytes that some group has still to settle. */
export function heldBytes({ records, progress }: MemoryState): number {
  const watermarks = [...progress.values()].map(({ watermark }) => watermark);
  const open = records.slice(Math.min(Number.POSITIVE_INFINITY, ...watermarks));
  return open.reduce((sum, { value }) => sum + value.byteLength, 0);
}

/** The next unsettled offsets from `position` on, at most `most` of them; empty at the end. */
export function unsettledRun(
  records: readonly LogRecord[],
  progress: Progress,
  position: number,
  most: number,
): OffsetRange {
  let from = position;
  while (isSettled(progress, from)) from += 1;
  let to = from;
  while (to < records.length && to < from + most && !isSettled(progress, to)) to += 1;
  return { from, to };
}

/** Where every group stands, by name. */
export function standingsOf({ records, progress, detached }: MemoryState): GroupStanding[] {
  const standings = [...progress].map(([group, own]) => {
    const open = records.filter(({ offset }) => !isSettled(own, offset));
    const bytes = open.reduce((sum, { value }) => sum + value.byteLength, 0);
    return { group, detached: false, unsettled: open.length, bytes, oldestAt: open[0]?.timestamp ?? null };
  });
  const without = [...detached].map((group) => ({ group, ...NO_PLACE }));
  return [...standings, ...without].sort((a, b) => (a.group < b.group ? -1 : 1));
}

const NO_PLACE = { detached: true, unsettled: 0, bytes: 0, oldestAt: null };

/** Consecutive records as a chunk. */
export function chunkOf(records: readonly LogRecord[], lost: AbortSignal, resumed: Progress): Chunk {
  return {
    topic: EVENTS_TOPIC,
    partition: 0,
    firstOffset: records[0]?.offset ?? 0,
    count: records.length,
    bytes: records.reduce((sum, { value }) => sum + value.byteLength, 0),
    lost,
    resumed,
    record(index) {
      const record = records[index];
      if (record === undefined) throw new RangeError(`record ${index} of ${records.length}`);
      return { ...record };
    },
  };
}

/** The records accepted in a time, copied, so many at a time. */
export function* piecesOf(
  { records }: MemoryState,
  { from, to, offsets }: ScanRange,
  count: number,
): Generator<LogRecord[]> {
  const first = offsets?.get(0) ?? 0;
  const meant = records.filter(
    ({ offset, timestamp }) => offset >= first && from <= timestamp && timestamp < to,
  );
  for (let start = 0; start < meant.length; start += count) {
    yield meant.slice(start, start + count).map((record) => ({ ...record }));
  }
}
