/**
 * The embedded log: one SQLite file in the data folder, written and read by one worker thread.
 * Counts move only together with what callers see of them: `head` in the tick in which appends resolve, a group's
 * position in the tick in which its chunk is handed over. So a caller that counts right after its `await` finds
 * accepted + backlog at the start = read + backlog now at every later macrotask.
 */

import type { DeadLetter } from '../../model/dead-letter.ts';
import type { LogRecord } from '../../model/record.ts';
import {
  type AppendRecord,
  type Chunk,
  type EventLog,
  type GroupStanding,
  type GroupStart,
  LogError,
  type LogStats,
  type Member,
  type Membership,
  type Replay,
  type RequestNote,
  type RequestNotes,
  type ScanRange,
} from '../log.ts';
import { withoutSettled } from '../progress.ts';
import { joinAlone, MAX_RANGES_ALONE } from '../sole-member.ts';
import { createWaiters } from '../waiters.ts';
import { type Backup, createBackup } from './backup.ts';
import { type StoreClient, startStoreWorker } from './client.ts';
import { fullError } from './errors.ts';
import { findRecords } from './find.ts';
import { createLogGroups, type LogGroups } from './groups.ts';
import { encodeLetter } from './letter-codec.ts';
import { checkPlace, LogReads } from './log-reads.ts';
import { type Maintenance, startMaintenance } from './maintenance.ts';
import { openOptions, type SqliteLogOptions } from './options.ts';
import { encodeSettled } from './progress-codec.ts';
import type { LetterCounts, OpenResult, WriteResult } from './protocol.ts';
import { type ReadSource, readChunks } from './reader.ts';
import { decodeRequest, encodeEnd, encodeNote } from './request-codec.ts';
import { scanRecords } from './scan.ts';
import { type AppendItem, createWriter, type Writer } from './writer.ts';

/** Opens the folder's log. Rejects with `LogError` log_locked or log_unusable, whose message says what to do. */
export async function openSqliteLog(options: SqliteLogOptions): Promise<SqliteLog> {
  const client = startStoreWorker();
  try {
    return new SqliteLog(client, await client.call('open', openOptions(options)), options);
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** The log over an opened store: apart from `openSqliteLog` so that a test can bring a store of its own. */
export class SqliteLog extends LogReads implements EventLog {
  readonly maxValueBytes = Number.POSITIVE_INFINITY;
  readonly maxRanges = MAX_RANGES_ALONE;
  readonly detaches = true;
  readonly backup: Backup;
  readonly #client: StoreClient;
  readonly #now: () => number;
  readonly #groups: LogGroups;
  readonly #waiters = createWaiters();
  readonly #writer: Writer;
  readonly #maintenance: Maintenance;
  readonly #source: ReadSource;
  #head: number;
  #lastRequestId: number;
  readonly #stats: { -readonly [K in keyof LogStats]: LogStats[K] };
  #closed: Promise<void> | undefined;

  constructor(client: StoreClient, opened: OpenResult, options: SqliteLogOptions) {
    super(client);
    const { maxBytes, now } = options;
    this.#client = client;
    this.backup = createBackup(client, options.path);
    this.#now = now;
    this.#head = opened.head;
    this.#lastRequestId = opened.lastRequestId;
    this.#groups = createLogGroups(client, () => this.#head);
    this.#stats = { bytes: opened.bytes, maxBytes, ...lettersOf(opened) };
    this.#writer = createWriter({
      send: (batch, transfer) => client.call('write', batch, transfer),
      now,
      onWritten: (result) => this.#written(result),
      onFailed: options.onFatal,
      fullError: () => fullError(maxBytes),
    });
    this.#maintenance = startMaintenance(client, now, {
      onDone: (result) => Object.assign(this.#stats, { bytes: result.bytes, ...lettersOf(result) }),
      onFailed: this.#writer.fail,
    });
    this.#source = {
      client,
      head: () => this.#head,
      closing: () => this.#closed !== undefined,
      moved: this.#waiters.wait,
      onWarning: options.onWarning ?? (() => {}),
      onFailed: this.#writer.fail,
    };
  }

  async append(topic: string, records: readonly AppendRecord[], letters: readonly DeadLetter[] = []) {
    checkPlace(topic);
    const rows = letters.map(encodeLetter);
    const { dropped: duplicates, conflicts } = await this.#append({ records, replayOf: null, letters: rows });
    return conflicts.length > 0 ? { duplicates, conflicts } : { duplicates };
  }

  attach(groups: readonly GroupStart[]): Promise<readonly string[]> {
    return this.#groups.attach(groups);
  }

  async detach(group: string): Promise<GroupStanding | undefined> {
    this.#checkOpen();
    return this.#groups.detach(group);
  }

  async readmit(group: string): Promise<boolean> {
    this.#checkOpen();
    return this.#client.call('readmit', group);
  }

  async groups(): Promise<readonly GroupStanding[]> {
    this.#checkOpen();
    return this.#client.call('groups', null);
  }

  join(_group: string, member: Member): Membership {
    return joinAlone(member);
  }

  read(group: string, topics: readonly string[], signal: AbortSignal): AsyncIterable<Chunk> {
    for (const topic of topics) checkPlace(topic);
    const cursor = this.#groups.cursor(group);
    if (cursor === undefined) throw new Error(`group ${group} is not attached`);
    return readChunks(this.#source, cursor, signal);
  }

  async commit(...[group, topic, partition, progress, letters = []]: Parameters<EventLog['commit']>) {
    checkPlace(topic, partition);
    const cursor = this.#groups.cursor(group);
    if (cursor === undefined) return;
    const { watermark, settled } = progress;
    const rows = letters.map(encodeLetter);
    const part = { group, watermark, settled: encodeSettled(watermark, settled), letters: rows };
    await new Promise<void>((resolve, reject) => this.#writer.commit({ part, resolve, reject }));
    cursor.progress = { watermark, settled: [...settled] };
  }

  backlog(group: string): number {
    return this.#groups.backlog(group);
  }

  stats(): LogStats {
    return { ...this.#stats };
  }

  async discard(ids: readonly string[]): Promise<readonly string[]> {
    this.#checkOpen();
    const { discarded, ...counts } = await this.#client.call('discard', ids);
    Object.assign(this.#stats, counts);
    return discarded;
  }

  scan(topic: string, range: ScanRange, signal: AbortSignal): AsyncIterable<readonly LogRecord[]> {
    checkPlace(topic);
    const closing = () => this.#closed !== undefined;
    return scanRecords({ client: this.#client, head: this.#head, closing }, range, signal);
  }

  async find(topic: string, messageId: string, signal: AbortSignal): Promise<readonly LogRecord[]> {
    checkPlace(topic);
    return findRecords(this.#client, { messageId, head: this.#head }, signal);
  }

  newRequestId(): number {
    this.#lastRequestId += 1;
    return this.#lastRequestId;
  }

  async note(group: string, { begun = [], ended = [], urgent = false }: RequestNotes): Promise<void> {
    const part = { begun: begun.map((note) => encodeNote(group, note)), ended: ended.map(encodeEnd) };
    await new Promise<void>((resolve, reject) => this.#writer.commit({ part, urgent, resolve, reject }));
  }

  async unfinished(group: string): Promise<readonly RequestNote[]> {
    const progress = this.#groups.cursor(group)?.progress;
    const notes = (await this.#client.call('unfinished', group)).map(decodeRequest);
    return notes.map((note) => withoutSettled(note, progress));
  }

  async replay(topic: string, replays: readonly Replay[]): Promise<readonly string[]> {
    checkPlace(topic);
    const records = replays.map(({ record }) => record);
    const swaps = replays.map(({ letterId: id, parts, keep = [] }) => ({ id, parts, keep }));
    const gone = new Set((await this.#append({ records, replayOf: swaps, letters: [] })).dropped);
    return swaps.flatMap(({ id }, index) => (gone.has(index) ? [] : [id]));
  }

  async ping(): Promise<void> {
    this.#checkOpen();
    await this.#client.call('ping', this.#now());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw closingError();
  }

  #append(item: Omit<AppendItem, 'resolve' | 'reject'>): Promise<Required<Left>> {
    return new Promise((resolve, reject) => {
      this.#writer.append({
        ...item,
        resolve: (dropped, conflicts) => resolve({ dropped, conflicts }),
        reject,
      });
    });
  }

  #written(result: WriteResult): void {
    this.#head = result.head;
    Object.assign(this.#stats, { bytes: result.bytes, ...lettersOf(result) });
    this.#waiters.wake();
  }

  async #close(): Promise<void> {
    this.#maintenance.stop();
    await Promise.all([this.#writer.close(), this.backup.close()]);
    this.#waiters.wake();
    await this.#client.call('close', null).catch(() => null);
    await this.#client.end();
  }
}

type Left = Pick<WriteResult, 'dropped' | 'conflicts'>;

function lettersOf({ letters, letterBytes, oldestLetterAt, lettersDropped }: LetterCounts): LetterCounts {
  return { letters, letterBytes, oldestLetterAt, lettersDropped };
}

function closingError(): LogError {
  return new LogError('log_closing', 'the log is closing');
}
