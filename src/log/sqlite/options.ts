/** What the embedded log is opened with, and its defaults. */
import type { LetterLimits, LogError } from '../log.ts';
import type { OpenOptions } from './protocol.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const EVERY_LETTER: LetterLimits = { retainMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

export interface SqliteLogOptions {
  /** The data folder; made when it is not there. */
  readonly path: string;
  readonly maxBytes: number;
  /** How long records stay that every group is past. */
  readonly retainMs: number;
  /** How long ids are remembered at least. Default 24 hours. */
  readonly guardMs?: number;
  /** Default: every letter stays. */
  readonly letters?: LetterLimits;
  readonly now: () => number;
  /** The log acknowledges nothing more and the process must end; called once. */
  readonly onFatal: (error: LogError) => void;
  readonly onWarning?: (message: string) => void;
  /** SQLite's own page limit: brings about a full disk in tests. */
  readonly maxPageCount?: number;
}

/** What the store is opened with. */
export function openOptions(options: SqliteLogOptions): OpenOptions {
  const { path, maxBytes, retainMs, guardMs = DAY_MS, maxPageCount = 0, now } = options;
  const { letters: letterLimits = EVERY_LETTER } = options;
  return { path, maxBytes, retainMs, guardMs, letterLimits, maxPageCount, at: now() };
}
