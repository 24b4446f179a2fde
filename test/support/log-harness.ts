/** Logs for tests that can be opened, closed and reopened, and crashed: the same handle on each implementation. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppendRecord, Chunk, EventLog, LetterLimits, OffsetRange } from '../../src/log/log.ts';
import { createMemoryLog } from '../../src/log/memory-log.ts';
import { createMemoryState } from '../../src/log/memory-state.ts';
import type { SqliteLogOptions } from '../../src/log/sqlite/options.ts';
import { openSqliteLog } from '../../src/log/sqlite/sqlite-log.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import { openInProcess } from './log-store-client.ts';

export interface HarnessOptions {
  readonly maxBytes?: number;
  readonly now?: () => number;
  readonly guardMs?: number;
  readonly letters?: LetterLimits;
}

export interface LogHarness {
  /** What the events' topic is called where records stand. */
  readonly topic: string;
  open(): Promise<EventLog>;
  /** Closes the log and opens its store again. */
  reopen(log: EventLog): Promise<EventLog>;
  /** As if the process had been killed: opens what was durable, without a close before. */
  crash(log: EventLog): Promise<EventLog>;
  dispose(): Promise<void>;
}

/** A fixed instant; no test depends on the wall clock. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export function memoryHarness({ now = () => START, ...options }: HarnessOptions = {}): LogHarness {
  const state = createMemoryState();
  const open = async () => createMemoryLog({ state, now, ...options });
  return {
    topic: EVENTS_TOPIC,
    open,
    async reopen(log) {
      await log.close();
      return open();
    },
    crash: open,
    async dispose() {},
  };
}

/**
 * Crashes by copying the files as they are at that moment; the old log is closed afterwards. What is opened first has
 * its own thread (unless told otherwise); after a restart the store runs in the test's, since a thread takes a third
 * of a second to start.
 */
export function sqliteHarness(options: HarnessOptions = {}, threaded = true): LogHarness {
  const folders: string[] = [];
  const logs: EventLog[] = [];
  const newFolder = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'brazier-log-'));
    folders.push(folder);
    return folder;
  };
  const keep = (log: EventLog) => {
    logs.push(log);
    return log;
  };
  const openIn = (path: string) => keep(openInProcess({ ...sqliteOptions(path), ...options }).log);
  return {
    topic: EVENTS_TOPIC,
    async open() {
      const path = await newFolder();
      return threaded ? keep(await openSqliteLog({ ...sqliteOptions(path), ...options })) : openIn(path);
    },
    async reopen(log) {
      await log.close();
      return openIn(folders.at(-1)!);
    },
    async crash(log) {
      const before = folders.at(-1)!;
      const after = await newFolder();
      for (const file of ['brazier.db', 'brazier.db-wal'])
        await copyFile(join(before, file), join(after, file));
      await log.close();
      return openIn(after);
    },
    async dispose() {
      for (const log of logs) await log.close();
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Roomy settings that report every fatal error as a failed test. */
export function sqliteOptions(path: string): SqliteLogOptions {
  return {
    path,
    maxBytes: 1e9,
    retainMs: 1e15,
    now: () => START,
    onFatal: (error) => {
      throw error;
    },
  };
}

export function record(text: string, more: Partial<AppendRecord> = {}): AppendRecord {
  const headers = { source: 'shop', receivedAt: new Date(START).toISOString() };
  return { key: `key of ${text}`, value: Buffer.from(text), headers, timestamp: START, ...more };
}

export function append(log: EventLog, ...texts: string[]) {
  return log.append(
    EVENTS_TOPIC,
    texts.map((text) => record(text)),
  );
}

export function textOf(value: Uint8Array): string {
  return Buffer.from(value).toString();
}

export function textsOf(chunk: Chunk): string[] {
  return Array.from({ length: chunk.count }, (_, index) => textOf(chunk.record(index).value));
}

const joining = new WeakMap<EventLog, Map<string, Promise<void>>>();

/** Resolves when the group has something to read in this log; it stays joined. */
export function joined(log: EventLog, group: string): Promise<void> {
  const groups = joining.get(log) ?? new Map<string, Promise<void>>();
  joining.set(log, groups);
  const known = groups.get(group);
  if (known) return known;
  const { promise, resolve } = Promise.withResolvers<void>();
  log.join(group, { assign: () => resolve(), revoke: async () => undefined });
  groups.set(group, promise);
  return promise;
}

/** Reads chunks until `count` records came, then ends the reading. */
export async function readChunksOf(log: EventLog, group: string, count: number): Promise<Chunk[]> {
  const stop = new AbortController();
  const chunks: Chunk[] = [];
  let seen = 0;
  if (count === 0) return chunks;
  await joined(log, group);
  for await (const chunk of log.read(group, [EVENTS_TOPIC], stop.signal)) {
    chunks.push(chunk);
    seen += chunk.count;
    if (seen >= count) stop.abort();
  }
  return chunks;
}

export async function readTexts(log: EventLog, group: string, count: number): Promise<string[]> {
  return (await readChunksOf(log, group, count)).flatMap(textsOf);
}

/** @param topic of the harness, where it is not the embedded log's */
export async function commit(
  log: EventLog,
  group: string,
  watermark: number,
  { settled = [], topic = EVENTS_TOPIC }: { settled?: OffsetRange[]; topic?: string } = {},
) {
  await joined(log, group);
  await log.commit(group, topic, 0, { watermark, settled });
}
