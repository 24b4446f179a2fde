/** What an error of SQLite or the file system means for the log: which LogError, and in which words. */
import { LogError } from '../log.ts';

/** SQLite's primary result codes that are told apart; https://www.sqlite.org/rescode.html */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;

/** An error met while opening: the process does not start. `folder` is the data folder. */
export function openingError(error: unknown, folder: string): LogError {
  if (error instanceof LogError) return error;
  const code = resultCode(error);
  if (code === BUSY || code === LOCKED) {
    return new LogError(
      'log_locked',
      `the data folder ${folder} is in use by another brazier process: stop that one, or give this one its own folder (log.path)`,
      { cause: error },
    );
  }
  if (code === CORRUPT || code === NOTADB) return damaged(folder, text(error), error);
  return new LogError(
    'log_unusable',
    `the data folder ${folder} cannot be used: ${text(error)}; it must be a folder that this process may create, read and write (log.path)`,
    { cause: error },
  );
}

/** The log's file is damaged in its structure. */
export function damaged(folder: string, detail: string, cause?: unknown): LogError {
  return new LogError(
    'log_unusable',
    `the log in ${folder} is damaged (${detail}): restore the folder from a backup, or move brazier.db and brazier.db-wal away to start with an empty log (sqlite3's .recover may save records from the moved file)`,
    { cause },
  );
}

/** An error met while running. Only a full disk is recovered from; after anything else the handle cannot be trusted. */
export function runningError(error: unknown): LogError {
  if (error instanceof LogError) return error;
  if (resultCode(error) === FULL) {
    return new LogError('disk_full', 'the disk is full: free space, the log goes on by itself', {
      cause: error,
    });
  }
  return failing(text(error), error);
}

/** A store operation failed in a way after which nothing more may be acknowledged. */
export function failing(detail: string, cause?: unknown): LogError {
  return new LogError('log_failing', `the log failed and acknowledges nothing more: ${detail}`, { cause });
}

/** `maxBytes` leaves no room for an append. */
export function fullError(maxBytes: number): LogError {
  return new LogError(
    'log_full',
    `the log holds its ${maxBytes} bytes (log.maxBytes) of undelivered events and dead letters: it goes on when delivery has made room`,
  );
}

/** The primary result code of a node:sqlite error: extended codes carry it in their low byte. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
