/**
 * The log in memory: the reference the others are compared with, and a log for tests. What would be durable lives in
 * a `MemoryState`; handing that to a second log models a restart.
 */
import type { DeadLetter } from '../model/dead-letter.ts';
import { EVENTS_TOPIC, type LogRecord } from '../model/record.ts';
import {
  type AppendRecord,
  type AppendResult,
  type Chunk,
  type EventLog,
  type GroupStart,
  type LetterFilter,
  type LetterGroup,
  type LetterLimits,
  type LetterQuery,
  type LetterStretch,
  type LetterWalk,
  LogError,
  type LogStats,
  type Progress,
  type Replay,
  type ScanRange,
} from './log.ts';
import {
  admitRecord,
  chunkOf,
  createMemoryState,
  type GuardClock,
  heldBytes,
  isSettled,
  type MemoryState,
} from './memory-state.ts';
import { createWaiters } from './waiters.ts';

export interface MemoryLogOptions {
  readonly state?: MemoryState;
  /** Cap of the value bytes that some group has still to settle. Default: none. */
  readonly maxBytes?: number;
  /** Default 24 hours. */
  readonly guardMs?: number;
  readonly now?: () => number;
  /** Default: every letter stays. */
  readonly letters?: LetterLimits;
}

/** What a group has been handed in this process, and the progress it began with. */
interface Reading {
  readonly before: Progress;
  readonly lost: AbortController;
  readTo: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const CHUNK_RECORDS = 5000;
const EVERY_LETTER: LetterLimits = { retainMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

export function createMemoryLog(options: MemoryLogOptions = {}): EventLog {
  return new MemoryLog(options);
}

class MemoryLog implements EventLog {
  readonly #state: MemoryState;
  readonly #maxBytes: number;
  readonly #clock: GuardClock;
  readonly #letterLimits: LetterLimits;
  readonly #readings = new Map<string, Reading>();
  readonly #waiters = createWaiters();
  #closed = false;

  constructor({
    state = createMemoryState(),
    maxBytes = Infinity,
    guardMs = DAY_MS,
    now = Date.now,
    letters = EVERY_LETTER,
  }: MemoryLogOptions) {
    this.#state = state;
    this.#maxBytes = maxBytes;
    this.#clock = { now, guardMs };
    this.#letterLimits = letters;
  }

  async append(
    topic: string,
    records: readonly AppendRecord[],
    letters: readonly DeadLetter[] = [],
  ): Promise<AppendResult> {
    this.#check(topic, 0);
    this.#checkRoom(records);
    const duplicates = records.flatMap((record, index) =>
      admitRecord(this.#state, record, this.#clock) ? [] : [index],
    );
    this.#put(letters);
    this.#waiters.wake();
    return { duplicates };
  }

  async attach(groups: readonly GroupStart[]): Promise<readonly string[]> {
    const { progress, records } = this.#state;
    const removed = [...progress.keys()].filter((name) => !groups.some(({ group }) => group === name));
    for (const group of removed) {
      progress.delete(group);
      this.#readings.get(group)?.lost.abort();
      this.#readings.delete(group);
    }
    for (const { group, start } of groups) {
      const before = progress.get(group) ?? { watermark: start === 'end' ? records.length : 0, settled: [] };
      progress.set(group, before);
      if (this.#readings.has(group)) continue;
      this.#readings.set(group, { before, lost: new AbortController(), readTo: before.watermark });
    }
    this.#waiters.wake();
    return removed.sort();
  }

  read(group: string, topics: readonly string[], signal: AbortSignal): AsyncIterable<Chunk> {
    for (const topic of topics) this.#check(topic, 0);
    const reading = this.#readings.get(group);
    const progress = this.#state.progress.get(group);
    if (reading === undefined || progress === undefined) throw new Error(`group ${group} is not attached`);
    return this.#chunks(reading, progress, signal);
  }

  async *#chunks(reading: Reading, progress: Progress, signal: AbortSignal): AsyncGenerator<Chunk, void> {
    const { records } = this.#state;
    const lost = reading.lost.signal;
    let position = progress.watermark;
    while (!signal.aborted && !lost.aborted && !this.#closed) {
      while (isSettled(progress, position)) position += 1;
      let end = position;
      while (end < records.length && end < position + CHUNK_RECORDS && !isSettled(progress, end)) end += 1;
      if (end === position) {
        await this.#waiters.wait([signal]);
        continue;
      }
      reading.readTo = Math.max(reading.readTo, end);
      yield chunkOf(records.slice(position, end), lost, progress);
      position = end;
    }
  }

  async commit(...[group, topic, partition, progress, letters = []]: Parameters<EventLog['commit']>) {
    this.#check(topic, partition);
    if (!this.#readings.has(group)) return;
    this.#state.progress.set(group, { watermark: progress.watermark, settled: [...progress.settled] });
    this.#put(letters);
  }

  backlog(group: string): number {
    const reading = this.#readings.get(group);
    if (reading === undefined) return 0;
    const unread = this.#state.records.slice(reading.readTo);
    return unread.filter(({ offset }) => !isSettled(reading.before, offset)).length;
  }

  stats(): LogStats {
    const { letters } = this.#state;
    return {
      bytes: heldBytes(this.#state),
      maxBytes: this.#maxBytes,
      letters: letters.counts(),
      letterBytes: letters.bytes(),
      oldestLetterAt: letters.oldestAt(),
      lettersDropped: letters.dropped(),
    };
  }

  async letters(query: LetterQuery): Promise<readonly DeadLetter[]> {
    return this.#state.letters.list(query);
  }

  async letter(id: string): Promise<DeadLetter | undefined> {
    return this.#state.letters.get(id);
  }

  async walkLetters(walk: LetterWalk): Promise<LetterStretch> {
    return this.#state.letters.walk(walk);
  }

  async groupLetters(filter: LetterFilter): Promise<readonly LetterGroup[]> {
    return this.#state.letters.group(filter);
  }

  async discard(ids: readonly string[]): Promise<readonly string[]> {
    this.#check(EVENTS_TOPIC, 0);
    return ids.filter((id) => this.#state.letters.remove(id));
  }

  async *scan(
    topic: string,
    { from, to, offset = 0 }: ScanRange,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogRecord[], void> {
    this.#check(topic, 0);
    const meant = this.#state.records.filter(
      (record) => record.offset >= offset && from <= record.timestamp && record.timestamp < to,
    );
    for (let start = 0; start < meant.length && !signal.aborted && !this.#closed; start += CHUNK_RECORDS) {
      yield meant.slice(start, start + CHUNK_RECORDS).map((record) => ({ ...record }));
    }
  }

  async replay(topic: string, replays: readonly Replay[]): Promise<readonly string[]> {
    this.#check(topic, 0);
    this.#checkRoom(replays.map(({ record }) => record));
    const done: string[] = [];
    for (const replay of replays) {
      if (!this.#state.letters.replace(replay)) continue;
      admitRecord(this.#state, replay.record, this.#clock);
      done.push(replay.letterId);
    }
    this.#waiters.wake();
    return done;
  }

  async ping(): Promise<void> {
    this.#check(EVENTS_TOPIC, 0);
    this.#checkRoom([]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiters.wake();
  }

  #put(letters: readonly DeadLetter[]): void {
    this.#state.letters.put(letters);
    this.#state.letters.trim(this.#letterLimits, this.#clock.now());
  }

  #check(topic: string, partition: number): void {
    if (this.#closed) throw new LogError('log_closing', 'the log is closing');
    if (topic !== EVENTS_TOPIC || partition !== 0)
      throw new Error(`there is only ${EVENTS_TOPIC}/0, not ${topic}/${partition}`);
  }

  #checkRoom(records: readonly { readonly value: Uint8Array }[]): void {
    const bytes = records.reduce((sum, { value }) => sum + value.byteLength, heldBytes(this.#state));
    if (bytes > this.#maxBytes) throw new LogError('log_full', `the log holds its ${this.#maxBytes} bytes`);
  }
}
