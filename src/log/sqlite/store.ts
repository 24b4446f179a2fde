/**
 * The embedded log's file as the worker's calls see it, synchronous, in the worker's thread (or in a test's): here what
 * is written, each call in one transaction; what only reads stands in store-reads.ts.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { GroupStanding, GroupStart } from '../log.ts';
import { type Copier, type CopyResult, createCopier } from './copy.ts';
import { fullError, runningError } from './errors.ts';
import type { Admitted, AfterCommit } from './guard.ts';
import type {
  AppendPart,
  AttachResult,
  DiscardResult,
  LogSize,
  MaintainResult,
  OpenResult,
  StoreCall,
  StoreCalls,
  WriteBatch,
  WriteResult,
} from './protocol.ts';
import type { RetentionState } from './retention.ts';
import { dropRecords, segmentRow } from './segment.ts';
import { standingsOf } from './standings.ts';
import { StoreReads } from './store-reads.ts';
import { openTables, type TableOptions, type Tables } from './tables.ts';
import { createTransact, type Transact } from './transaction.ts';

/** Settled segments deleted along with a write: more than a write adds, so that retention keeps up. */
const ROWS_PER_WRITE = 2;

type StoreMethods = {
  readonly [K in Exclude<StoreCall, 'open' | 'copy'>]: (arg: StoreCalls[K]['arg']) => StoreCalls[K]['result'];
} & { copy(folder: string, between: () => void): Promise<CopyResult> };

/** Each method answers the call of its name: its result, or a thrown `LogError`. */
export class Store extends StoreReads implements StoreMethods {
  readonly #db: DatabaseSync;
  readonly #maxBytes: number;
  readonly #tables: Tables;
  readonly #transaction: Transact;
  readonly #mark: StatementSync;
  readonly #copier: Copier = createCopier();
  #head: number;

  /** `db` is open and migrated; a test may bring its own. */
  constructor(db: DatabaseSync, options: TableOptions) {
    const tables = openTables(db, options);
    super(tables);
    this.#db = db;
    this.#maxBytes = options.maxBytes;
    this.#tables = tables;
    this.#transaction = createTransact(db, () => {
      tables.retention.forget();
      tables.letters.forget();
    });
    this.#mark = db.prepare(
      `INSERT INTO state VALUES('ping', ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value`,
    );
    this.#head = tables.segments.head();
  }

  opened(): OpenResult {
    return { ...this.#size(), lastRequestId: this.#tables.requests.lastId() };
  }

  /** On a full disk what only retention keeps gives way first: keeping it is a courtesy, accepting is the promise. */
  write(batch: WriteBatch): WriteResult {
    try {
      return this.#write(batch);
    } catch (error) {
      const { at, append } = batch;
      if (append === null || runningError(error).code !== 'disk_full') throw error;
      const bytes = sizeOf(append);
      if (!this.#transaction(() => this.#tables.retention.release(bytes, this.#state(at)))) throw error;
      return this.#write(batch);
    }
  }

  #write({ at, append, commits, notes = [] }: WriteBatch): WriteResult {
    const result = this.#transaction((after) => {
      const full = append !== null && !this.#tables.retention.makeRoom(sizeOf(append), this.#state(at));
      const left = append === null || full ? { dropped: [] } : this.#append(append, at, after);
      for (const commit of commits) {
        if (this.#tables.cursors.move(commit, after)) this.#tables.letters.put(commit.letters, after);
      }
      for (const { begun, ended } of notes) {
        this.#tables.requests.begin(begun, after);
        this.#tables.requests.end(ended, after);
      }
      if (notes.length > 0) this.#tables.requests.trim(after);
      if (this.#tables.letters.crowded(at)) this.#tables.letters.trim(at, after);
      this.#tables.retention.expire(this.#state(at), ROWS_PER_WRITE);
      return { full, ...left };
    });
    return { ...result, ...this.#size() };
  }

  attach(groups: readonly GroupStart[]): AttachResult {
    const head = this.#head;
    return this.#transaction((after) =>
      this.#tables.cursors.attach(groups, { head, first: this.#tables.segments.first() ?? head }, after),
    );
  }

  detach(group: string): GroupStanding | undefined {
    const standing = this.groups().find((each) => each.group === group && !each.detached);
    if (standing) this.#transaction((after) => this.#tables.cursors.detach(group, this.#head, after));
    return standing;
  }

  readmit(group: string): boolean {
    return this.#transaction((after) => this.#tables.cursors.readmit(group, this.#head, after));
  }

  groups(): GroupStanding[] {
    const bytes = this.#tables.retention.used() - this.#tables.letters.counts().letterBytes;
    return standingsOf(this.#tables.cursors, this.#tables.segments, { head: this.#head, bytes });
  }

  discard(ids: readonly string[]): DiscardResult {
    const discarded = this.#transaction((after) =>
      ids.filter((id) => this.#tables.letters.remove(id, after)),
    );
    return { discarded, ...this.#tables.letters.counts() };
  }

  /** A real write: nothing less tells that the disk takes one. */
  ping(at: number): null {
    const roomy = this.#transaction(() => {
      this.#mark.run(at);
      return this.#tables.retention.makeRoom(0, this.#state(at));
    });
    if (!roomy) throw fullError(this.#maxBytes);
    return null;
  }

  maintain(at: number): MaintainResult {
    if (this.#due(at)) {
      this.#transaction((after) => {
        this.#tables.retention.expire(this.#state(at));
        if (this.#tables.guard.prunable()) this.#tables.guard.prune();
        if (this.#tables.letters.crowded(at)) this.#tables.letters.trim(at, after);
      });
    }
    const vacuuming = this.#tables.retention.vacuum();
    return {
      more: vacuuming || this.#due(at),
      bytes: this.#tables.retention.used(),
      ...this.#tables.letters.counts(),
    };
  }

  copy(folder: string, between: () => void): Promise<CopyResult> {
    return this.#copier.copy(this.#db, folder, between);
  }

  stopCopy(): null {
    this.#copier.stop();
    return null;
  }

  close(): null {
    this.#db.close();
    return null;
  }

  #due(at: number): boolean {
    return (
      this.#tables.retention.due(this.#state(at)) ||
      this.#tables.guard.prunable() ||
      this.#tables.letters.crowded(at)
    );
  }

  #size(): LogSize {
    const { retention, letters } = this.#tables;
    return { head: this.#head, bytes: retention.used(), ...letters.counts() };
  }

  #state(at: number): RetentionState {
    return { at, head: this.#head, watermark: this.#tables.cursors.lowest() };
  }

  #append(part: AppendPart, at: number, after: AfterCommit): Pick<WriteResult, 'dropped' | 'conflicts'> {
    const { duplicates, conflicts } = this.#guarded(part, at, after);
    const gone = (part.replayOf ?? []).flatMap((swap, index) =>
      swap !== null && !this.#tables.letters.swap(swap, after) ? [index] : [],
    );
    const dropped = [...duplicates, ...gone].sort((a, b) => a - b);
    this.#tables.letters.put(part.letters, after);
    const records = dropRecords(part.records, dropped);
    const left = conflicts.length > 0 ? { dropped, conflicts } : { dropped };
    if (records.count === 0) return left;
    this.#tables.segments.insert(segmentRow(records, this.#head, at));
    after.push(() => {
      this.#head += records.count;
      this.#tables.retention.forget();
    });
    return left;
  }

  #guarded({ guardIds, guardContents = [] }: AppendPart, at: number, after: AfterCommit): Admitted {
    if (guardIds === null) return { duplicates: [], conflicts: [] };
    return this.#tables.guard.admit(guardIds, at, after, guardContents);
  }
}

function sizeOf({ records, letters }: AppendPart): number {
  const ofLetters = letters.reduce((sum, { value, detail }) => sum + value.byteLength + detail.length, 0);
  return records.data.byteLength + records.meta.length + records.count * 8 + ofLetters;
}
