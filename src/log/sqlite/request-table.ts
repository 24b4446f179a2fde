/** The request table: what was sent, bounded by bytes; the oldest that has ended goes first. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { NotedQuery } from '../request-note.ts';
import type { AfterCommit } from './guard.ts';
import type { RequestEndRow, RequestRow } from './protocol.ts';

export interface RequestTable {
  /** Within a transaction. */
  begin(rows: readonly RequestRow[], after: AfterCommit): void;
  /** Within a transaction. Ids that are not known are passed over. */
  end(rows: readonly RequestEndRow[], after: AfterCommit): void;
  /** Within a transaction: drops the oldest, a few at a time, while more is held than may be. */
  trim(after: AfterCommit): void;
  /** The largest id that is held; 0 without any. */
  lastId(): number;
  /** Those of a group without an end, oldest first. */
  open(group: string): RequestRow[];
  list(query: NotedQuery): RequestRow[];
}

/** Per write: more than a write adds, so that it keeps up. */
const TRIMMED_ROWS = 64;

/** By its index: over 200,000 notes 0.1 s at most, where reading them all is 0.5 s and more (measured, Node 24). */
const SPANNING = 'SELECT id FROM request INDEXED BY request_span WHERE lo <= ? AND hi >= ?';

const COLUMNS = 'id, "group", at, lo, hi, doubt, note, "end"';

export function createRequestTable(db: DatabaseSync, maxBytes: number): RequestTable {
  const insert = db.prepare(`INSERT OR REPLACE INTO request(${COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?)`);
  const update = db.prepare('UPDATE request SET doubt = ?, "end" = ? WHERE id = ? AND "end" IS NULL');
  const oldest = db.prepare(
    `SELECT id, octet_length(note) + octet_length("end") AS bytes FROM request
     WHERE "end" IS NOT NULL ORDER BY id LIMIT ${TRIMMED_ROWS}`,
  );
  const remove = db.prepare('DELETE FROM request WHERE id = ?');
  const unfinished = db.prepare(
    `SELECT ${COLUMNS} FROM request WHERE "group" = ? AND "end" IS NULL ORDER BY id`,
  );
  let bytes = Number(
    db
      .prepare('SELECT total(octet_length(note) + ifnull(octet_length("end"), 0)) AS bytes FROM request')
      .get()?.bytes ?? 0,
  );
  const grow = (by: number, after: AfterCommit) =>
    after.push(() => {
      bytes += by;
    });

  return {
    begin(rows, after) {
      for (const { id, group, at, lo, hi, doubt, note, end } of rows) {
        insert.run(id, group, at, lo, hi, doubt, note, end);
        grow(note.length, after);
      }
    },
    end(rows, after) {
      for (const { id, doubt, end } of rows) {
        if (Number(update.run(doubt, end, id).changes) > 0) grow(end.length, after);
      }
    },
    trim(after) {
      if (bytes <= maxBytes) return;
      let freed = 0;
      for (const row of oldest.all() as unknown as { id: number; bytes: number }[]) {
        if (bytes - freed <= maxBytes) break;
        remove.run(row.id);
        freed += row.bytes;
      }
      grow(-freed, after);
    },
    lastId: () => Number(db.prepare('SELECT max(id) AS id FROM request').get()?.id ?? 0),
    open: (group) => unfinished.all(group).map(plain),
    list(query) {
      const { sql, values } = listStatement(query);
      return db
        .prepare(sql)
        .all(...values)
        .map(plain);
    },
  };
}

function listStatement({ group, offset, doubtful, limit, before }: NotedQuery): {
  sql: string;
  values: SQLInputValue[];
} {
  const conditions: string[] = ['1'];
  const values: SQLInputValue[] = [];
  const add = (condition: string, ...given: SQLInputValue[]) => {
    conditions.push(condition);
    values.push(...given);
  };
  if (group !== undefined) add('"group" = ?', group);
  if (offset !== undefined) add(`id IN (${SPANNING})`, offset, offset);
  if (doubtful === true) add('doubt = 1');
  if (before !== undefined) add('id < ?', before);
  return {
    sql: `SELECT ${COLUMNS} FROM request WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`,
    values: [...values, limit],
  };
}

/** Rows of node:sqlite have no prototype; the worker's channel and the tests want ordinary objects. */
function plain(row: Record<string, unknown>): RequestRow {
  return { ...row } as unknown as RequestRow;
}
