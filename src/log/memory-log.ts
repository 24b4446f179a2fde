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
  type GroupStanding,
  type GroupStart,
  type LetterFilter,
  type LetterGroup,
  type LetterLimits,
  type LetterQuery,
  type LetterStretch,
  type LetterWalk,
  LogError,
  type LogStats,
  type Member,
  type Membership,
  type Replay,
  type ScanRange,
} from './log.ts';
import { CHUNK_RECORDS, createMemoryGroups, type MemoryGroups } from './memory-groups.ts';
import {
  type Admission,
  admitRecord,
  createMemoryState,
  type GuardClock,
  heldBytes,
  type MemoryState,
  piecesOf,
  standingsOf,
} from './memory-state.ts';
import { carries } from './message-of.ts';
import { missingOf, withoutSettled } from './progress.ts';
import type { NotedQuery, NotedRequest, RequestNote, RequestNotes } from './request-note.ts';
import { joinAlone, MAX_RANGES_ALONE } from './sole-member.ts';
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

const DAY_MS = 24 * 60 * 60 * 1000;
const EVERY_LETTER: LetterLimits = { retainMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

export function createMemoryLog(options: MemoryLogOptions = {}): EventLog {
  return new MemoryLog(options);
}

class MemoryLog implements EventLog {
  readonly maxValueBytes = Number.POSITIVE_INFINITY;
  readonly maxRanges = MAX_RANGES_ALONE;
  readonly detaches = true;
  readonly #state: MemoryState;
  readonly #maxBytes: number;
  readonly #clock: GuardClock;
  readonly #letterLimits: LetterLimits;
  readonly #groups: MemoryGroups;
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
    this.#groups = createMemoryGroups({ state, waiters: this.#waiters, closed: () => this.#closed });
  }

  async append(
    topic: string,
    records: readonly AppendRecord[],
    letters: readonly DeadLetter[] = [],
  ): Promise<AppendResult> {
    this.#check(topic, 0);
    this.#checkRoom(records);
    const admissions = records.map((record) => admitRecord(this.#state, record, this.#clock));
    const indicesOf = (wanted: Admission) =>
      admissions.flatMap((each, index) => (each === wanted ? [index] : []));
    const duplicates = indicesOf('duplicate');
    const conflicts = indicesOf('conflict');
    this.#put(letters);
    this.#waiters.wake();
    return conflicts.length > 0 ? { duplicates, conflicts } : { duplicates };
  }

  async attach(groups: readonly GroupStart[]): Promise<readonly string[]> {
    return this.#groups.attach(groups);
  }

  async detach(group: string): Promise<GroupStanding | undefined> {
    this.#check(EVENTS_TOPIC, 0);
    return this.#groups.detach(group);
  }

  async readmit(group: string): Promise<boolean> {
    this.#check(EVENTS_TOPIC, 0);
    return this.#groups.readmit(group);
  }

  async groups(): Promise<readonly GroupStanding[]> {
    this.#check(EVENTS_TOPIC, 0);
    return standingsOf(this.#state);
  }

  join(_group: string, member: Member): Membership {
    return joinAlone(member);
  }

  read(group: string, topics: readonly string[], signal: AbortSignal): AsyncIterable<Chunk> {
    for (const topic of topics) this.#check(topic, 0);
    return this.#groups.read(group, signal);
  }

  async commit(...[group, topic, partition, progress, letters = []]: Parameters<EventLog['commit']>) {
    this.#check(topic, partition);
    if (!this.#groups.has(group)) return;
    this.#state.progress.set(group, { watermark: progress.watermark, settled: [...progress.settled] });
    this.#put(letters);
  }

  backlog(group: string): number {
    return this.#groups.backlog(group);
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

  scan(topic: string, range: ScanRange, signal: AbortSignal): AsyncIterable<readonly LogRecord[]> {
    this.#check(topic, 0);
    // At once: what is appended from here on is not in it.
    return this.#inTurn([...piecesOf(this.#state, range, CHUNK_RECORDS)], signal);
  }

  async *#inTurn<Piece>(pieces: readonly Piece[], signal: AbortSignal): AsyncGenerator<Piece, void> {
    for (const piece of pieces) {
      if (signal.aborted || this.#closed) return;
      yield piece;
    }
  }

  async fetch(topic: string, partition: number, offsets: readonly number[]): Promise<readonly LogRecord[]> {
    this.#check(topic, partition);
    return offsets.flatMap((offset) => this.#state.records[offset] ?? []).map((record) => ({ ...record }));
  }

  async gone(topic: string, partition: number, offsets: readonly number[]): Promise<readonly number[]> {
    return missingOf(offsets, await this.fetch(topic, partition, offsets));
  }

  async find(topic: string, messageId: string): Promise<readonly LogRecord[]> {
    this.#check(topic, 0);
    return this.#state.records.filter((record) => carries(record, messageId)).toReversed();
  }

  newRequestId(): number {
    return this.#state.requests.newId();
  }

  async note(group: string, notes: RequestNotes): Promise<void> {
    this.#check(EVENTS_TOPIC, 0);
    this.#state.requests.take(group, notes);
  }

  async unfinished(group: string): Promise<readonly RequestNote[]> {
    const progress = this.#state.progress.get(group);
    return this.#state.requests.unfinished(group).map((note) => withoutSettled(note, progress));
  }

  async requests(query: NotedQuery): Promise<readonly NotedRequest[]> {
    return this.#state.requests.list(query);
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
