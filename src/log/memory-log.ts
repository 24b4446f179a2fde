/**
 * The log in memory: the reference the others are compared with, and a log for tests. What would be durable lives in
 * a `MemoryState`; handing that to a second log models a restart.
 */
import type { DeadLetter } from '../model/dead-letter.ts';
import { EVENTS_TOPIC } from '../model/record.ts';
import {
  type AppendRecord,
  type AppendResult,
  type Chunk,
  type EventLog,
  type GroupStart,
  type LetterQuery,
  LogError,
  type LogStats,
  type Progress,
  type Replay,
} from './log.ts';
import {
  admitRecord,
  chunkOf,
  countLetters,
  createMemoryState,
  type GuardClock,
  heldBytes,
  isSettled,
  listLetters,
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
}

/** What a group has been handed in this process, and the progress it began with. */
interface Reading {
  readonly before: Progress;
  readonly lost: AbortController;
  readTo: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const CHUNK_RECORDS = 5000;

export function createMemoryLog(options: MemoryLogOptions = {}): EventLog {
  return new MemoryLog(options);
}

class MemoryLog implements EventLog {
  readonly #state: MemoryState;
  readonly #maxBytes: number;
  readonly #clock: GuardClock;
  readonly #readings = new Map<string, Reading>();
  readonly #waiters = createWaiters();
  #closed = false;

  constructor({
    state = createMemoryState(),
    maxBytes = Infinity,
    guardMs = DAY_MS,
    now = Date.now,
  }: MemoryLogOptions) {
    this.#state = state;
    this.#maxBytes = maxBytes;
    this.#clock = { now, guardMs };
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
    for (const letter of letters) this.#state.letters.set(letter.id, letter);
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
    for (const letter of letters) this.#state.letters.set(letter.id, letter);
  }

  backlog(group: string): number {
    const reading = this.#readings.get(group);
    if (reading === undefined) return 0;
    const unread = this.#state.records.slice(reading.readTo);
    return unread.filter(({ offset }) => !isSettled(reading.before, offset)).length;
  }

  stats(): LogStats {
    return { bytes: heldBytes(this.#state), maxBytes: this.#maxBytes, letters: countLetters(this.#state) };
  }

  async letters(query: LetterQuery): Promise<readonly DeadLetter[]> {
    return listLetters(this.#state, query);
  }

  async letter(id: string): Promise<DeadLetter | undefined> {
    return this.#state.letters.get(id);
  }

  async replay(topic: string, replays: readonly Replay[]): Promise<readonly string[]> {
    this.#check(topic, 0);
    this.#checkRoom(replays.map(({ record }) => record));
    const done: string[] = [];
    for (const { letterId, record } of replays) {
      if (!this.#state.letters.delete(letterId)) continue;
      admitRecord(this.#state, record, this.#clock);
      done.push(letterId);
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
