/**
 * Group commit: while one write is with the worker, what arrives forms the next. Appends never wait for a timer.
 * A caller is answered in the tick in which the write's answer arrived.
 */
import type { Transferable } from 'node:worker_threads';
import { type AppendRecord, LogError } from '../log.ts';
import type {
  AppendPart,
  CommitPart,
  LetterRow,
  LetterSwap,
  NotesPart,
  WriteBatch,
  WriteResult,
} from './protocol.ts';
import { encodeRecords } from './segment.ts';

/** A write takes appends up to these sizes (one larger append goes alone), so that segments stay readable in one piece. */
const GROUP_BYTES = 4 * 1024 * 1024;
const GROUP_RECORDS = 5000;

/** Progress alone may wait this long: back-to-back commits of nothing else would burn a core. */
const PROGRESS_WAIT_MS = 5;

export interface AppendItem {
  readonly records: readonly AppendRecord[];
  /** Per record the letter it replaces; null for an ordinary append. */
  readonly replayOf: readonly LetterSwap[] | null;
  readonly letters: readonly LetterRow[];
  /** Called when durable, with the indices of the records left out, and of those that conflict with what is known. */
  resolve(dropped: readonly number[], conflicts: readonly number[]): void;
  reject(error: LogError): void;
}

/** Progress, or notes of requests; nothing of it fails for want of room as an append does. */
export interface CommitItem {
  readonly part: CommitPart | NotesPart;
  /** Somebody waits for it before a request leaves. */
  readonly urgent?: boolean;
  resolve(): void;
  reject(error: LogError): void;
}

export interface WriterOptions {
  readonly send: (batch: WriteBatch, transfer: Transferable[]) => Promise<WriteResult>;
  readonly now: () => number;
  /** Before the callers of the write are answered. */
  readonly onWritten: (result: WriteResult) => void;
  /** A write failed in a way that ends the log; called once. */
  readonly onFailed: (error: LogError) => void;
  /** The error for appends that `maxBytes` leaves no room for. */
  readonly fullError: () => LogError;
}

export interface Writer {
  append(item: AppendItem): void;
  commit(item: CommitItem): void;
  /** Rejects what waits and all that comes. */
  fail(error: LogError): void;
  /** Writes what waits and takes nothing more. */
  close(): Promise<void>;
}

export function createWriter(options: WriterOptions): Writer {
  const appends: AppendItem[] = [];
  const commits: CommitItem[] = [];
  let refused: LogError | undefined;
  let running: Promise<void> | undefined;
  let hurry: () => void = () => {};

  function admits(item: AppendItem | CommitItem): boolean {
    if (refused !== undefined) item.reject(refused);
    return refused === undefined;
  }

  /** What is enqueued in the same tick goes along. */
  function wake(): void {
    running ??= Promise.resolve().then(run);
  }

  async function run(): Promise<void> {
    while (appends.length + commits.length > 0) {
      if (appends.length === 0 && refused === undefined && !commits.some(hurries)) await pause();
      await write(takeAppends(appends), commits.splice(0));
    }
    running = undefined;
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PROGRESS_WAIT_MS);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function write(taken: readonly AppendItem[], moves: readonly CommitItem[]): Promise<void> {
    if (taken.length + moves.length === 0) return;
    const append = taken.length > 0 ? joinAppends(taken) : null;
    const batch = { at: options.now(), append, ...sorted(moves) };
    try {
      const result = await options.send(batch, append === null ? [] : buffersOf(append));
      options.onWritten(result);
      answer(taken, result, options.fullError);
      for (const { resolve } of moves) resolve();
    } catch (error) {
      await refuse(error as LogError, taken, moves);
    }
  }

  /** On a full disk progress may still fit where records did not: delivery goes on, and makes room. */
  async function refuse(error: LogError, taken: readonly AppendItem[], moves: readonly CommitItem[]) {
    for (const { reject } of taken) reject(error);
    if (error.code === 'disk_full' && taken.length > 0) return write([], moves);
    for (const { reject } of moves) reject(error);
    if (error.code !== 'disk_full') fail(error);
  }

  function fail(error: LogError): void {
    if (refused?.code === 'log_failing') return;
    refused = error;
    for (const { reject } of [...appends.splice(0), ...commits.splice(0)]) reject(error);
    options.onFailed(error);
  }

  return {
    append(item) {
      if (!admits(item)) return;
      appends.push(item);
      hurry();
      wake();
    },
    commit(item) {
      if (!admits(item)) return;
      commits.push(item);
      if (hurries(item)) hurry();
      wake();
    },
    fail,
    async close() {
      refused ??= new LogError('log_closing', 'the log is closing');
      hurry();
      await running;
    },
  };
}

function sorted(moves: readonly CommitItem[]): Required<Pick<WriteBatch, 'commits' | 'notes'>> {
  const commits: CommitPart[] = [];
  const notes: NotesPart[] = [];
  for (const { part } of moves) {
    if (isCommit(part)) commits.push(part);
    else notes.push(part);
  }
  return { commits, notes };
}

function isCommit(part: CommitPart | NotesPart): part is CommitPart {
  return 'watermark' in part;
}

function hurries({ part, urgent = false }: CommitItem): boolean {
  return urgent || (isCommit(part) && part.letters.length > 0);
}

/** Takes from the front as many appends as make a group. */
function takeAppends(queue: AppendItem[]): AppendItem[] {
  let bytes = 0;
  let records = 0;
  const over = queue.findIndex((item, index) => {
    bytes += item.records.reduce((sum, { value }) => sum + value.byteLength, 0);
    records += item.records.length;
    return index > 0 && (bytes > GROUP_BYTES || records > GROUP_RECORDS);
  });
  return queue.splice(0, over < 0 ? queue.length : over);
}

function joinAppends(items: readonly AppendItem[]): AppendPart {
  const records = items.flatMap((item) => item.records);
  const guarded = records.some(({ guardId }) => guardId !== undefined);
  const replays = items.some(({ replayOf }) => replayOf !== null);
  return {
    records: encodeRecords(records),
    guardIds: guarded ? records.map(({ guardId }) => guardId ?? null) : null,
    ...(guarded && { guardContents: records.map(({ guardContent }) => guardContent ?? null) }),
    replayOf: replays
      ? items.flatMap((item): readonly (LetterSwap | null)[] => item.replayOf ?? item.records.map(() => null))
      : null,
    letters: items.flatMap(({ letters }) => letters),
  };
}

function buffersOf({ records }: AppendPart): Transferable[] {
  return [records.ends.buffer as ArrayBuffer, records.data.buffer as ArrayBuffer];
}

/** Gives each caller the indices of its own records that were left out. */
function answer(
  items: readonly AppendItem[],
  { full, dropped, conflicts = [] }: WriteResult,
  fullError: () => LogError,
): void {
  let start = 0;
  const takeDropped = taker(dropped);
  const takeConflicts = taker(conflicts);
  for (const { records, resolve, reject } of items) {
    const end = start + records.length;
    const own = takeDropped(start, end);
    const disputed = takeConflicts(start, end);
    if (full) reject(fullError());
    else resolve(own, disputed);
    start = end;
  }
}

/** Hands out ascending indices of the whole, one stretch after the other, as indices within the stretch. */
function taker(indices: readonly number[]): (start: number, end: number) => number[] {
  let next = 0;
  return (start, end) => {
    const own: number[] = [];
    for (; next < indices.length && (indices[next] ?? end) < end; next += 1) {
      own.push((indices[next] ?? 0) - start);
    }
    return own;
  };
}
