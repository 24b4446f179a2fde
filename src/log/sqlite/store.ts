/**
 * The embedded log's file: every statement of the hot path, synchronous, in the worker's thread (or in a test's).
 * A write is one transaction; what it changes in memory happens only after it is durable.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  GroupStanding,
  GroupStart,
  LetterFilter,
  LetterGroup,
  LetterQuery,
  LetterWalk,
  LogError,
} from '../log.ts';
import type { NotedQuery } from '../request-note.ts';
import { type CursorTable, createCursorTable } from './cursor-table.ts';
import { failing, fullError, runningError } from './errors.ts';
import { fetchRecords } from './fetch.ts';
import { type AfterCommit, createGuard, type Guard } from './guard.ts';
import { createLetterTable, type LetterTable } from './letters.ts';
import type {
  AppendPart,
  AttachResult,
  DiscardResult,
  FetchResult,
  LetterRow,
  LetterRows,
  MaintainResult,
  OpenOptions,
  OpenResult,
  RequestRow,
  ScanCall,
  SearchCall,
  SearchResult,
  SegmentRow,
  StoreCall,
  StoreCalls,
  WriteBatch,
  WriteResult,
} from './protocol.ts';
import { createRequestTable, type RequestTable } from './request-table.ts';
import { createRetention, type Retention, type RetentionState } from './retention.ts';
import { dropRecords, segmentRow } from './segment.ts';
import { createSegmentTable, type SegmentTable } from './segment-table.ts';
import { standingsOf } from './standings.ts';

/** Settled segments deleted along with a write: more than a write adds, so that retention keeps up. */
const ROWS_PER_WRITE = 2;

/** What noted requests may hold: a tenth of the log, and no more than a few hours at full speed need. */
const MAX_REQUEST_BYTES = 256 * 1024 * 1024;
const REQUEST_SHARE = 0.1;

type StoreMethods = {
  readonly [K in Exclude<StoreCall, 'open'>]: (arg: StoreCalls[K]['arg']) => StoreCalls[K]['result'];
};

/** Each method answers the call of its name: its result, or a thrown `LogError`. */
export class Store implements StoreMethods {
  readonly #db: DatabaseSync;
  readonly #maxBytes: number;
  readonly #segments: SegmentTable;
  readonly #cursors: CursorTable;
  readonly #letters: LetterTable;
  readonly #requests: RequestTable;
  readonly #guard: Guard;
  readonly #retention: Retention;
  readonly #mark: StatementSync;
  #head: number;
  #broken: LogError | undefined;

  /** `db` is open and migrated; a test may bring its own. */
  constructor(db: DatabaseSync, options: Omit<OpenOptions, 'path' | 'maxPageCount'>) {
    this.#db = db;
    this.#maxBytes = options.maxBytes;
    this.#segments = createSegmentTable(db);
    this.#cursors = createCursorTable(db);
    this.#letters = createLetterTable(db, options.letterLimits);
    this.#requests = createRequestTable(db, Math.min(MAX_REQUEST_BYTES, options.maxBytes * REQUEST_SHARE));
    this.#guard = createGuard(db, options.guardMs, options.at);
    this.#retention = createRetention(db, options);
    this.#mark = db.prepare(
      `INSERT INTO state VALUES('ping', ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value`,
    );
    this.#head = this.#segments.head();
  }

  opened(): OpenResult {
    return { head: this.#head, bytes: this.#retention.used(), ...this.#letters.counts() };
  }

  /** On a full disk what only retention keeps gives way first: keeping it is a courtesy, accepting is the promise. */
  write(batch: WriteBatch): WriteResult {
    try {
      return this.#write(batch);
    } catch (error) {
      const { at, append } = batch;
      if (append === null || runningError(error).code !== 'disk_full') throw error;
      const bytes = sizeOf(append);
      if (!this.#transaction(() => this.#retention.release(bytes, this.#state(at)))) throw error;
      return this.#write(batch);
    }
  }

  #write({ at, append, commits, notes = [] }: WriteBatch): WriteResult {
    const result = this.#transaction((after) => {
      const full = append !== null && !this.#retention.makeRoom(sizeOf(append), this.#state(at));
      const dropped = append === null || full ? [] : this.#append(append, at, after);
      for (const commit of commits) {
        if (this.#cursors.move(commit, after)) this.#letters.put(commit.letters, after);
      }
      for (const { begun, ended } of notes) {
        this.#requests.begin(begun, after);
        this.#requests.end(ended, after);
      }
      if (notes.length > 0) this.#requests.trim(after);
      if (this.#letters.crowded(at)) this.#letters.trim(at, after);
      this.#retention.expire(this.#state(at), ROWS_PER_WRITE);
      return { full, dropped };
    });
    return { ...result, ...this.opened() };
  }

  attach(groups: readonly GroupStart[]): AttachResult {
    const head = this.#head;
    return this.#transaction((after) =>
      this.#cursors.attach(groups, { head, first: this.#segments.first() ?? head }, after),
    );
  }

  detach(group: string): GroupStanding | undefined {
    const standing = this.groups().find((each) => each.group === group && !each.detached);
    if (standing) this.#transaction((after) => this.#cursors.detach(group, this.#head, after));
    return standing;
  }

  readmit(group: string): boolean {
    return this.#transaction((after) => this.#cursors.readmit(group, this.#head, after));
  }

  groups(): GroupStanding[] {
    const bytes = this.#retention.used() - this.#letters.counts().letterBytes;
    return standingsOf(this.#cursors, this.#segments, { head: this.#head, bytes });
  }

  read(from: number): SegmentRow[] {
    return this.#segments.read(from);
  }

  letters(query: LetterQuery): LetterRow[] {
    return this.#letters.list(query);
  }

  letter(id: string): LetterRow | undefined {
    return this.#letters.get(id);
  }

  walkLetters(walk: LetterWalk): LetterRows {
    return this.#letters.walk(walk);
  }

  groupLetters(filter: LetterFilter): LetterGroup[] {
    return this.#letters.group(filter);
  }

  discard(ids: readonly string[]): DiscardResult {
    const discarded = this.#transaction((after) => ids.filter((id) => this.#letters.remove(id, after)));
    return { discarded, ...this.#letters.counts() };
  }

  scan(call: ScanCall): SegmentRow[] {
    return this.#segments.scan(call);
  }

  fetch(offsets: readonly number[]): FetchResult {
    return fetchRecords(this.#segments, offsets);
  }

  search(call: SearchCall): SearchResult {
    return this.#segments.search(call);
  }

  unfinished(group: string): RequestRow[] {
    return this.#requests.open(group);
  }

  requests(query: NotedQuery): RequestRow[] {
    return this.#requests.list(query);
  }

  /** A real write: nothing less tells that the disk takes one. */
  ping(at: number): null {
    const roomy = this.#transaction(() => {
      this.#mark.run(at);
      return this.#retention.makeRoom(0, this.#state(at));
    });
    if (!roomy) throw fullError(this.#maxBytes);
    return null;
  }

  maintain(at: number): MaintainResult {
    if (this.#due(at)) {
      this.#transaction((after) => {
        this.#retention.expire(this.#state(at));
        if (this.#guard.prunable()) this.#guard.prune();
        if (this.#letters.crowded(at)) this.#letters.trim(at, after);
      });
    }
    const vacuuming = this.#retention.vacuum();
    return { more: vacuuming || this.#due(at), bytes: this.#retention.used(), ...this.#letters.counts() };
  }

  close(): null {
    this.#db.close();
    return null;
  }

  #due(at: number): boolean {
    return this.#retention.due(this.#state(at)) || this.#guard.prunable() || this.#letters.crowded(at);
  }

  #state(at: number): RetentionState {
    return { at, head: this.#head, watermark: this.#cursors.lowest() };
  }

  /** Returns the indices left out: duplicates, and replays of letters that are gone. */
  #append(part: AppendPart, at: number, after: AfterCommit): readonly number[] {
    const duplicates = part.guardIds === null ? [] : this.#guard.admit(part.guardIds, at, after);
    const gone = (part.replayOf ?? []).flatMap((swap, index) =>
      swap !== null && !this.#letters.swap(swap, after) ? [index] : [],
    );
    const dropped = [...duplicates, ...gone].sort((a, b) => a - b);
    this.#letters.put(part.letters, after);
    const records = dropRecords(part.records, dropped);
    if (records.count === 0) return dropped;
    this.#segments.insert(segmentRow(records, this.#head, at));
    after.push(() => {
      this.#head += records.count;
      this.#retention.forget();
    });
    return dropped;
  }

  /** After a failed write SQLite would take the next commit on the same handle and call it durable: not here. */
  #transaction<T>(work: (after: AfterCommit) => T): T {
    if (this.#broken !== undefined) throw this.#broken;
    const after: AfterCommit = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const result = work(after);
      this.#db.exec('COMMIT');
      for (const effect of after) effect();
      return result;
    } catch (error) {
      const problem = runningError(error);
      if (problem.code === 'log_failing') this.#broken = problem;
      this.#rollBack();
      throw problem;
    }
  }

  #rollBack(): void {
    this.#retention.forget();
    this.#letters.forget();
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch (error) {
      this.#broken ??= failing('a failed write could not be rolled back', error);
    }
  }
}

function sizeOf({ records, letters }: AppendPart): number {
  const ofLetters = letters.reduce((sum, { value, detail }) => sum + value.byteLength + detail.length, 0);
  return records.data.byteLength + records.meta.length + records.count * 8 + ofLetters;
}
