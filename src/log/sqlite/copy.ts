/**
 * A copy of the log's file while it is in use, by SQLite's online backup: some pages at a time, between the store's own
 * calls; what they write over the same handle comes into the copy too, so it is the log of one instant.
 */
import { closeSync, existsSync, fdatasyncSync, openSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backup, type DatabaseSync } from 'node:sqlite';
import { LogError } from '../log.ts';
import { pragma } from './schema.ts';

/** The copy while it is made, in the data folder; one that a killed process left goes with the next. */
const COPY_FILE = 'backup.partial';

/** A copy that is whole has a name of its own: whoever asked for it takes it away while the next one is made. */
function freeName(folder: string): string {
  for (let number = 1; ; number += 1) {
    const path = join(folder, `backup.${process.pid}-${number}.partial`);
    if (!existsSync(path)) return path;
  }
}

/** 8 MiB: twice what one write between two steps may add, so that it comes to an end under any load. */
const PAGES_PER_STEP = 512;

/** What must stay free beside the copy, for what is accepted meanwhile. */
const RESERVE_BYTES = 64 * 1024 * 1024;

export interface CopyResult {
  readonly path: string;
  readonly bytes: number;
}

export interface Copier {
  /**
   * One at a time, and nobody may use the handle meanwhile but `between`, which is called after each step. Rejects with
   * `LogError` backup_failed, whose message says what to do; nothing is left of it then.
   */
  copy(db: DatabaseSync, folder: string, between: () => void): Promise<CopyResult>;
  /** What is being copied rejects soon. */
  stop(): void;
}

export interface CopyDisk {
  /** What may still be written to the disk of a folder. */
  readonly freeBytes: (folder: string) => number;
  /** What was written to the file is on the disk when it returns. */
  readonly sync: (file: number) => void;
}

export function createCopier({ freeBytes, sync }: CopyDisk = DISK): Copier {
  let isStopped = false;

  async function copyTo(path: string, db: DatabaseSync, between: () => void): Promise<CopyResult> {
    rmSync(path, { force: true });
    checkRoom(db, dirname(path), freeBytes(dirname(path)));
    const file = openSync(path, 'wx', 0o600);
    const goOn = (): void => {
      between();
      if (isStopped) throw new Error('it was stopped');
    };
    const copying = backup(db, path, {
      rate: PAGES_PER_STEP,
      progress() {
        goOn();
        // SQLite syncs in the last step alone, and all at once: calls would wait until the whole copy is on the disk.
        sync(file);
      },
    });
    // Not before: a process that closes any descriptor of a file gives up its locks of it, SQLite's too.
    const pages = await copying.finally(() => closeSync(file));
    goOn();
    return { path, bytes: pages * pragma(db, 'page_size') };
  }

  return {
    async copy(db, folder, between) {
      isStopped = false;
      const path = join(folder, COPY_FILE);
      try {
        const { bytes } = await copyTo(path, db, between);
        const own = freeName(folder);
        renameSync(path, own);
        return { path: own, bytes };
      } catch (error) {
        rmSync(path, { force: true });
        throw failed(error, folder);
      }
    },
    stop() {
      isStopped = true;
    },
  };
}

const DISK: CopyDisk = {
  freeBytes(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
  sync: fdatasyncSync,
};

export function copyRunning(): LogError {
  return new LogError('backup_failed', 'another copy of the log is being made: wait for it');
}

/** A disk that the copy fills would stop the server from accepting. */
function checkRoom(db: DatabaseSync, folder: string, free: number): void {
  const needed = pragma(db, 'page_count') * pragma(db, 'page_size') * 1.1 + RESERVE_BYTES;
  if (free >= needed) return;
  const [neededMib, freeMib] = [needed, free].map((bytes) => Math.ceil(bytes / 2 ** 20));
  throw new Error(
    `it needs ${neededMib} MiB free on the disk of ${folder}, which has ${freeMib}: make room, or take a snapshot of the volume instead`,
  );
}

function failed(error: unknown, folder: string): LogError {
  const text = error instanceof Error ? error.message : String(error);
  return new LogError('backup_failed', `the log in ${folder} was not copied: ${text}`, { cause: error });
}
