/** What the log in memory holds, and what can be asked of it without knowing who reads. */
import { EVENTS_TOPIC, type LogRecord } from '../model/record.ts';
import type { AppendRecord, Chunk, Progress } from './log.ts';
import { createLetterShelf, type LetterShelf } from './memory-letters.ts';

/** What survives a restart. */
export interface MemoryState {
  readonly records: LogRecord[];
  readonly progress: Map<string, Progress>;
  readonly letters: LetterShelf;
  /** Guarded ids and when they were accepted. */
  readonly guarded: Map<string, number>;
}

export interface GuardClock {
  readonly now: () => number;
  readonly guardMs: number;
}

export function createMemoryState(): MemoryState {
  return { records: [], progress: new Map(), letters: createLetterShelf(), guarded: new Map() };
}

/** Appends the record; false, and nothing appended, when its id is known. */
export function admitRecord(state: MemoryState, record: AppendRecord, { now, guardMs }: GuardClock): boolean {
  const { guardId, key, value, headers, timestamp } = record;
  if (guardId !== undefined) {
    const known = state.guarded.get(guardId);
    if (known !== undefined && known > now() - guardMs) return false;
    state.guarded.set(guardId, now());
  }
  const place = { topic: EVENTS_TOPIC, partition: 0, offset: state.records.length, corrupt: false };
  state.records.push({ key, value: new Uint8Array(value), headers, timestamp, ...place });
  return true;
}

/** Value bytes that some group has still to settle. */
export function heldBytes({ records, progress }: MemoryState): number {
  const watermarks = [...progress.values()].map(({ watermark }) => watermark);
  const open = records.slice(Math.min(Number.POSITIVE_INFINITY, ...watermarks));
  return open.reduce((sum, { value }) => sum + value.byteLength, 0);
}

/** Whether the offset is done with for a group of this progress. */
export function isSettled({ watermark, settled }: Progress, offset: number): boolean {
  return offset < watermark || settled.some(({ from, to }) => from <= offset && offset < to);
}

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
