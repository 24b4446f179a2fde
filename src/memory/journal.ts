/**
 * A file of lines, each the latest word on one key: appended when something changed, read back at the start, written
 * anew when most of it is out of date. The last line on a key counts.
 *
 * Lines are handed to the operating system before the progress of what they tell of is committed, so a process that is
 * killed loses none. Nothing waits for the disk: when the machine itself goes down, the last half minute may be
 * missing, and `trusted` says so at the next start. A line that the crash cut off is dropped; any other fault means
 * that the file is damaged.
 */
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Json } from '../model/json.ts';

export interface Journal {
  /** What the file held, the oldest first; null: the key is gone. To be read once, before anything is written. */
  readonly lines: readonly Line[];
  /** Nothing that was ever written is missing: the last one to use it closed it, or this machine has been up since. */
  readonly trusted: boolean;
  /** Hands the lines to the operating system. Never throws: a file that cannot be written is given up and begun anew. */
  write(lines: readonly Line[]): void;
  /** Lines written since the file was begun. */
  readonly written: number;
  /** Writes the file anew from what is in use, a slice per turn of the event loop; lines written meanwhile are kept. */
  compact(entries: () => Iterable<Line>): Promise<void>;
  close(): void;
}

export type Line = readonly [key: string, value: Json];

export interface JournalOptions {
  readonly path: string;
  /** What the memory is about, e.g. the address of the workspace: a file about something else is begun anew. */
  readonly scope: string;
  /** Which run of the machine this is; undefined when it is unknown. */
  readonly bootId: string | undefined;
  /** Begun anew unless it can be trusted: for what must not be a little out of date. */
  readonly onlyTrusted: boolean;
  readonly onWarning: (message: string) => void;
}

const VERSION = 1;
/** Lines written in one turn of the event loop: about a millisecond. */
const SLICE = 500;
const CLOSED: Line = ['closed', null];

/** Never throws: a memory that cannot be kept is a warning, not a reason not to deliver. */
export function openJournal(options: JournalOptions): Journal {
  const { path, bootId, onWarning } = options;
  const head: Line = ['head', { version: VERSION, scope: options.scope, boot: bootId ?? null }];
  const read = readJournal(options);
  let file = begin(read.usable ? [head] : undefined);
  let next: number | undefined;
  let written = read.lines.length;
  let closed = false;

  /** Opens the file for appending, or anew when there is nothing to keep. */
  function begin(kept: readonly Line[] | undefined): number | undefined {
    try {
      mkdirSync(dirname(path), { recursive: true });
      const opened = openSync(path, kept ? 'a' : 'w', 0o600);
      // A line break first: it ends a line that a crash cut off.
      writeSync(opened, `${kept ? '\n' : ''}${textOf([head])}`);
      return opened;
    } catch (error) {
      onWarning(`${path} cannot be written, so a restart forgets it: ${textOfError(error)}`);
      return undefined;
    }
  }

  /** A file that misses a line would tell old news: it goes, whatever else fails. */
  function giveUp(error: unknown): void {
    onWarning(`${path} cannot be written, so a restart forgets it: ${textOfError(error)}`);
    for (const each of [file, next]) if (each !== undefined) closeSync(each);
    file = next = undefined;
    rmSync(path, { force: true });
  }

  async function compact(entries: () => Iterable<Line>): Promise<void> {
    if (closed || next !== undefined) return;
    const fresh = `${path}.next`;
    try {
      const opened = openSync(fresh, 'w', 0o600);
      next = opened;
      writeSync(opened, textOf([head]));
      written = 0;
      for (const slice of slicesOf(entries())) {
        writeSync(opened, textOf(slice));
        written += slice.length;
        await nextTurn();
        if (next !== opened) return;
      }
      if (file !== undefined) closeSync(file);
      renameSync(fresh, path);
      file = opened;
      next = undefined;
    } catch (error) {
      giveUp(error);
    }
  }

  return {
    lines: read.lines,
    trusted: read.trusted,
    get written() {
      return written;
    },
    write(lines) {
      if (closed || lines.length === 0) return;
      try {
        const text = textOf(lines);
        for (const each of [file, next]) if (each !== undefined) writeSync(each, text);
        written += lines.length;
      } catch (error) {
        giveUp(error);
      }
    },
    compact,
    close() {
      if (next !== undefined) closeSync(next);
      next = undefined;
      this.write([CLOSED]);
      if (file !== undefined) closeSync(file);
      file = undefined;
      closed = true;
    },
  };
}

interface ReadBack {
  readonly lines: readonly Line[];
  readonly trusted: boolean;
  readonly usable: boolean;
}

const NOTHING: ReadBack = { lines: [], trusted: false, usable: false };

function readJournal({ path, scope, bootId, onlyTrusted, onWarning }: JournalOptions): ReadBack {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') setAside(path, textOfError(error), onWarning);
    return NOTHING;
  }
  const parsed = parseLines(text);
  if (parsed === undefined) {
    setAside(path, 'its checksums do not match', onWarning);
    return NOTHING;
  }
  const read = readBack(parsed, scope, bootId);
  return onlyTrusted && !read.trusted ? NOTHING : read;
}

function readBack(parsed: readonly Line[], scope: string, bootId: string | undefined): ReadBack {
  const head = parsed.findLast(([key]) => key === 'head')?.[1];
  if (!isHead(head) || head.version !== VERSION || head.scope !== scope) return NOTHING;
  const closed = parsed.at(-1)?.[0] === 'closed';
  const trusted = closed || (bootId !== undefined && head.boot === bootId);
  return { lines: parsed.filter(([key]) => key !== 'head' && key !== 'closed'), trusted, usable: true };
}

function isHead(value: unknown): value is { version: number; scope: string; boot: string | null } {
  return typeof value === 'object' && value !== null && 'scope' in value;
}

/** Undefined when a line in the middle is broken; one that a crash cut off stands at the end, or before a head. */
function parseLines(text: string): readonly Line[] | undefined {
  const texts = text.split('\n');
  const parsed: Line[] = [];
  let cut = false;
  for (const each of texts) {
    if (each === '') continue;
    const line = parseLine(each);
    if (line === undefined) {
      if (cut) return undefined;
      cut = true;
      continue;
    }
    if (cut && line[0] !== 'head') return undefined;
    cut = false;
    parsed.push(line);
  }
  return parsed;
}

export function parseLine(text: string): Line | undefined {
  const json = text.slice(9);
  if (json === '' || Number.parseInt(text.slice(0, 8), 16) !== crc32(json)) return undefined;
  const line: Json = JSON.parse(json);
  return Array.isArray(line) && typeof line[0] === 'string' ? [line[0], line[1] ?? null] : undefined;
}

function setAside(path: string, why: string, onWarning: (message: string) => void): void {
  onWarning(`${path} is damaged (${why}): it is renamed to ${path}.damaged and begun anew`);
  try {
    renameSync(path, `${path}.damaged`);
  } catch {
    rmSync(path, { force: true, recursive: true });
  }
}

export function textOf(lines: readonly Line[]): string {
  let text = '';
  for (const line of lines) {
    const json = JSON.stringify(line);
    text += `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
  }
  return text;
}

function* slicesOf(lines: Iterable<Line>): Generator<Line[]> {
  let slice: Line[] = [];
  for (const line of lines) {
    slice.push(line);
    if (slice.length < SLICE) continue;
    yield slice;
    slice = [];
  }
  yield slice;
}

function textOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
