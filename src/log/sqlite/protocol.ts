/** What the main thread and the log's worker say to each other: one call, one answer, in the order of the calls. */
import type { UndeliveredPart } from '../../model/dead-letter.ts';
import type { LogRecord } from '../../model/record.ts';
import type {
  GroupStanding,
  GroupStart,
  LetterFilter,
  LetterGroup,
  LetterLimits,
  LetterQuery,
  LetterWalk,
  LogErrorCode,
  LogStats,
  Replay,
} from '../log.ts';
import type { NotedQuery } from '../request-note.ts';
import type { CopyResult } from './copy.ts';

/** Records on their way into one segment row. The buffers are transferred, not copied. */
export interface EncodedRecords {
  readonly count: number;
  /** Where each value ends in `data`: one entry per record, ascending. */
  readonly ends: Uint32Array;
  /** JSON of `SegmentMeta`. */
  readonly meta: string;
  readonly data: Uint8Array;
}

/** A dead letter as the `letter` table holds it. */
export interface LetterRow {
  readonly id: string;
  /** '' for a letter of ingest. */
  readonly destination: string;
  readonly at: number;
  readonly position: string | null;
  /** JSON of everything but the value. */
  readonly detail: string;
  readonly value: Uint8Array;
}

export interface LetterRows {
  readonly rows: readonly LetterRow[];
  readonly next: string | null;
}

/** A letter that a record stands in for: gone with it, or left with what is to be kept. */
export interface LetterSwap {
  readonly id: string;
  readonly parts: Replay['parts'];
  readonly keep: readonly UndeliveredPart[];
}

/** What the letters of the store come to. */
export type LetterCounts = Pick<LogStats, 'letters' | 'letterBytes' | 'oldestLetterAt' | 'lettersDropped'>;

export interface AppendPart {
  readonly records: EncodedRecords;
  /** Per record the id to guard; null when no record has one. */
  readonly guardIds: readonly (string | null)[] | null;
  /** Per record 32 bits of its content; null, or absent, where any content is the same. */
  readonly guardContents?: readonly (number | null)[];
  /** Per record the letter that it replaces; null when no record is a replay. */
  readonly replayOf: readonly (LetterSwap | null)[] | null;
  readonly letters: readonly LetterRow[];
}

export interface CommitPart {
  readonly group: string;
  readonly watermark: number;
  readonly settled: Uint8Array;
  readonly letters: readonly LetterRow[];
}

/** A noted request as the `request` table holds it. */
export interface RequestRow {
  readonly id: number;
  readonly group: string;
  readonly at: number;
  /** The lowest and the highest offset of its records. */
  readonly lo: number;
  readonly hi: number;
  /** 1: in doubt. */
  readonly doubt: number;
  /** JSON text. */
  readonly note: string;
  /** JSON text; null while it is under way. */
  readonly end: string | null;
}

export interface RequestEndRow {
  readonly id: number;
  readonly doubt: number;
  readonly end: string;
}

export interface NotesPart {
  readonly begun: readonly RequestRow[];
  readonly ended: readonly RequestEndRow[];
}

/** One transaction. */
export interface WriteBatch {
  readonly at: number;
  readonly append: AppendPart | null;
  readonly commits: readonly CommitPart[];
  readonly notes?: readonly NotesPart[];
}

export interface WriteResult extends LogSize {
  /** Indices of the records left out: duplicates, and replays of letters that are gone. Ascending. */
  readonly dropped: readonly number[];
  /** Indices of the records written although their id was known, with other content. Ascending; absent without any. */
  readonly conflicts?: readonly number[];
  /** `maxBytes` left no room: nothing of the append part was written, the commits were. */
  readonly full: boolean;
}

/** A row of the `segment` table as stored. */
export interface SegmentRow {
  readonly base: number;
  readonly n: number;
  readonly ts: number;
  readonly ends: Uint8Array;
  readonly sums: Uint8Array;
  readonly meta: Uint8Array;
  readonly data: Uint8Array;
}

export interface CursorRow {
  readonly group: string;
  readonly watermark: number;
  readonly settled: Uint8Array;
}

export interface OpenOptions {
  /** The data folder. */
  readonly path: string;
  readonly maxBytes: number;
  readonly retainMs: number;
  readonly guardMs: number;
  readonly letterLimits: LetterLimits;
  readonly at: number;
  /** SQLite's own page limit, to bring about a full disk in tests; 0 leaves SQLite's default. */
  readonly maxPageCount: number;
}

export interface LogSize extends LetterCounts {
  /** The offset after the last durable record. */
  readonly head: number;
  readonly bytes: number;
}

export interface OpenResult extends LogSize {
  /** Of the requests noted by earlier runs. */
  readonly lastRequestId: number;
}

export interface DiscardResult extends LetterCounts {
  readonly discarded: readonly string[];
}

export interface ScanCall {
  readonly offset: number;
  /** When the segment was written, ms since the epoch, half-open. */
  readonly since: number;
  readonly until: number;
}

export interface FetchResult {
  /** Those of the offsets asked for that were looked at. */
  readonly looked: number;
  readonly records: readonly LogRecord[];
}

/** Segments that hold a text, from the newest back. */
export interface SearchCall {
  readonly text: string;
  /** Segments that begin before this offset. */
  readonly before: number;
}

export interface SearchResult {
  readonly rows: readonly SegmentRow[];
  /** Where the search goes on; 0 at its end. */
  readonly before: number;
}

export interface AttachResult {
  readonly cursors: readonly CursorRow[];
  readonly removed: readonly string[];
  /** Of the groups asked for, those that have no place. */
  readonly detached: readonly string[];
}

export interface MaintainResult extends LetterCounts {
  /** Retention has more to delete at once. */
  readonly more: boolean;
  readonly bytes: number;
}

/** Every call the worker answers: its argument and its result. */
export interface StoreCalls {
  open: { arg: OpenOptions; result: OpenResult };
  attach: { arg: readonly GroupStart[]; result: AttachResult };
  detach: { arg: string; result: GroupStanding | undefined };
  readmit: { arg: string; result: boolean };
  groups: { arg: null; result: readonly GroupStanding[] };
  write: { arg: WriteBatch; result: WriteResult };
  read: { arg: number; result: readonly SegmentRow[] };
  letters: { arg: LetterQuery; result: readonly LetterRow[] };
  letter: { arg: string; result: LetterRow | undefined };
  walkLetters: { arg: LetterWalk; result: LetterRows };
  groupLetters: { arg: LetterFilter; result: readonly LetterGroup[] };
  discard: { arg: readonly string[]; result: DiscardResult };
  scan: { arg: ScanCall; result: readonly SegmentRow[] };
  fetch: { arg: readonly number[]; result: FetchResult };
  search: { arg: SearchCall; result: SearchResult };
  unfinished: { arg: string; result: readonly RequestRow[] };
  requests: { arg: NotedQuery; result: readonly RequestRow[] };
  /** Answered when it is done; other calls are answered meanwhile. */
  copy: { arg: string; result: CopyResult };
  stopCopy: { arg: null; result: null };
  ping: { arg: number; result: null };
  maintain: { arg: number; result: MaintainResult };
  close: { arg: null; result: null };
}

export type StoreCall = keyof StoreCalls;

export interface CallMessage {
  readonly id: number;
  readonly call: StoreCall;
  readonly arg: unknown;
}

export type AnswerMessage =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly code: LogErrorCode; readonly message: string };
