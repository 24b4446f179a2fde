/** What is asked of the letter table: each question is one statement that its index answers also among a million letters. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { LetterFilter, LetterGroup, LetterQuery, LetterWalk } from '../log.ts';
import type { LetterRow, LetterRows } from './protocol.ts';

/** A stretch ends at about this many bytes, or with a larger letter alone: letters hold up to a megabyte each. */
const STRETCH_BYTES = 8 * 1024 * 1024;

export const LETTER_COLUMNS = 'id, destination, at, position, detail, value';

export interface LetterQueries {
  list(query: LetterQuery): LetterRow[];
  walk(walk: LetterWalk): LetterRows;
  group(filter: LetterFilter): LetterGroup[];
}

interface Where {
  readonly conditions: string[];
  readonly values: SQLInputValue[];
}

export function createLetterQueries(db: DatabaseSync): LetterQueries {
  const place = db.prepare('SELECT at, seq FROM letter WHERE id = ?');
  return {
    /** After an id that is gone meanwhile (replayed between two pages) the list begins anew: rather twice than never. */
    list({ limit, after, ...filter }) {
      const where = conditionsOf(filter);
      const last = after === undefined ? undefined : place.get(after);
      if (last !== undefined) add(where, '(at, seq) < (?, ?)', Number(last.at), Number(last.seq));
      const sql = `SELECT ${LETTER_COLUMNS} ${from(filter, where)} ORDER BY at DESC, seq DESC LIMIT ?`;
      return db
        .prepare(sql)
        .all(...where.values, limit)
        .map(plain);
    },
    walk({ limit, after, ...filter }) {
      const where = conditionsOf(filter);
      if (after !== undefined) add(where, '(at, seq) > (?, ?)', ...positionOf(after));
      const sql = `SELECT seq, ${LETTER_COLUMNS} ${from(filter, where)} ORDER BY at, seq LIMIT ?`;
      return stretchOf(db.prepare(sql).iterate(...where.values, limit + 1), limit);
    },
    group(filter) {
      const where = conditionsOf(filter);
      const rows = db
        .prepare(
          `SELECT destination, kind, code, count(*) AS n, min(at) AS first, max(at) AS last
           ${from(filter, where)} GROUP BY destination, kind, code ORDER BY destination, kind, code`,
        )
        .all(...where.values);
      return rows.map(({ destination, kind, code, n, first, last }) => ({
        destination: destination === '' ? null : String(destination),
        kind: String(kind),
        code: String(code),
        count: Number(n),
        firstAt: Number(first),
        lastAt: Number(last),
      }));
    },
  };
}

/** The index is named: without statistics SQLite may take the one that reads every letter. */
function from({ persons }: LetterFilter, { conditions }: Where): string {
  const index = persons === undefined ? 'letter_time' : 'letter_person';
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  return `FROM letter INDEXED BY ${index} ${where}`;
}

function conditionsOf({ persons, from: since, to, ...equal }: LetterFilter): Where {
  const where: Where = { conditions: [], values: [] };
  const { destination, code, kind, source } = equal;
  for (const [column, value] of Object.entries({ destination, code, kind, source })) {
    if (value !== undefined) add(where, `${column} = ?`, value);
  }
  if (persons !== undefined) add(where, `person IN (${persons.map(() => '?').join(', ')})`, ...persons);
  if (since !== undefined) add(where, 'at >= ?', since);
  if (to !== undefined) add(where, 'at < ?', to);
  return where;
}

function add({ conditions, values }: Where, condition: string, ...more: SQLInputValue[]): void {
  conditions.push(condition);
  values.push(...more);
}

/** A position that is none begins at the beginning. */
function positionOf(text: string): number[] {
  const [at, seq] = text.split('.').map(Number);
  return [Number.isSafeInteger(at) ? Number(at) : 0, Number.isSafeInteger(seq) ? Number(seq) : 0];
}

/** Leaving the loop ends the statement, so that it holds nothing back. */
function stretchOf(found: Iterable<Record<string, unknown>>, limit: number): LetterRows {
  const rows: LetterRow[] = [];
  let bytes = 0;
  let last = '';
  for (const { seq, ...row } of found) {
    const letter = plain(row);
    bytes += letter.value.byteLength + letter.detail.length;
    if (rows.length === limit || (rows.length > 0 && bytes > STRETCH_BYTES)) return { rows, next: last };
    rows.push(letter);
    last = `${letter.at}.${seq}`;
  }
  return { rows, next: null };
}

/** Rows of node:sqlite have no prototype; the worker's channel and the tests want ordinary objects. */
export function plain(row: Record<string, unknown>): LetterRow {
  return { ...row } as unknown as LetterRow;
}
