/** Dead letters in the log's file: written with the progress that passes their records, listed newest first, taken out by a replay. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { DeadLetter } from '../../model/dead-letter.ts';
import type { NewRecord } from '../../model/record.ts';
import type { LetterQuery } from '../log.ts';
import type { AfterCommit } from './guard.ts';
import type { LetterRow } from './protocol.ts';

type Detail = Pick<DeadLetter, 'outcome' | 'undelivered'> & { readonly record: Omit<NewRecord, 'value'> };

/** The value is copied: a view would drag its whole segment's buffer along to the worker. */
export function encodeLetter(letter: DeadLetter): LetterRow {
  const { value, ...record } = letter.record;
  const detail: Detail = {
    record: { key: record.key, headers: record.headers, timestamp: record.timestamp },
    outcome: letter.outcome,
    undelivered: letter.undelivered,
  };
  return {
    id: letter.id,
    destination: letter.destination ?? '',
    at: letter.at,
    position: letter.position,
    detail: JSON.stringify(detail),
    value: new Uint8Array(value),
  };
}

export function decodeLetter(row: LetterRow): DeadLetter {
  const { record, outcome, undelivered } = JSON.parse(row.detail) as Detail;
  return {
    id: row.id,
    destination: row.destination === '' ? null : row.destination,
    at: row.at,
    position: row.position,
    record: { ...record, value: row.value },
    outcome,
    undelivered,
  };
}

export interface LetterTable {
  /** Within a transaction. A letter whose id is known replaces that one where it stands. */
  put(letters: readonly LetterRow[], after: AfterCommit): void;
  /** Within a transaction: false when there is no such letter. */
  take(id: string, after: AfterCommit): boolean;
  list(query: LetterQuery): LetterRow[];
  get(id: string): LetterRow | undefined;
  counts(): ReadonlyMap<string, number>;
}

const COLUMNS = 'id, destination, at, position, detail, value';

export function createLetterTable(db: DatabaseSync): LetterTable {
  const insert = db.prepare(
    `INSERT INTO letter(${COLUMNS}) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING`,
  );
  const update = db.prepare('UPDATE letter SET at = ?, position = ?, detail = ?, value = ? WHERE id = ?');
  const remove = db.prepare('DELETE FROM letter WHERE id = ? RETURNING destination');
  const select = db.prepare(`SELECT ${COLUMNS} FROM letter WHERE id = ?`);
  const counts = new Map<string, number>();
  for (const row of db.prepare('SELECT destination, count(*) AS n FROM letter GROUP BY destination').all()) {
    counts.set(String(row.destination), Number(row.n));
  }

  function count(destination: string, change: number): void {
    const n = (counts.get(destination) ?? 0) + change;
    if (n > 0) counts.set(destination, n);
    else counts.delete(destination);
  }

  return {
    put(letters, after) {
      for (const { id, destination, at, position, detail, value } of letters) {
        const { changes } = insert.run(id, destination, at, position, detail, value);
        if (Number(changes) > 0) after.push(() => count(destination, 1));
        else update.run(at, position, detail, value, id);
      }
    },
    take(id, after) {
      const row = remove.get(id);
      if (row === undefined) return false;
      after.push(() => count(String(row.destination), -1));
      return true;
    },
    list(query) {
      const { sql, values } = listStatement(query);
      return db
        .prepare(sql)
        .all(...values)
        .map(plain);
    },
    get(id) {
      const row = select.get(id);
      return row === undefined ? undefined : plain(row);
    },
    counts: () => new Map(counts),
  };
}

/** After an id that is gone meanwhile (replayed between two pages) the list begins anew: rather twice than never. */
function listStatement({ destination, limit, after }: LetterQuery): { sql: string; values: SQLInputValue[] } {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  if (destination !== undefined) {
    conditions.push('destination = ?');
    values.push(destination);
  }
  if (after !== undefined) {
    conditions.push('seq < coalesce((SELECT seq FROM letter WHERE id = ?), 9223372036854775807)');
    values.push(after);
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  return {
    sql: `SELECT ${COLUMNS} FROM letter ${where} ORDER BY seq DESC LIMIT ?`,
    values: [...values, limit],
  };
}

/** Rows of node:sqlite have no prototype; the worker's channel and the tests want ordinary objects. */
function plain(row: Record<string, unknown>): LetterRow {
  return { ...row } as unknown as LetterRow;
}
