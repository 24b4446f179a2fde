/** Dead letters in the log's file: written with the progress that passes their records, taken out by a replay, a discard or their limits. */
import type { DatabaseSync } from 'node:sqlite';
import type { LetterLimits } from '../log.ts';
import { sameParts } from '../replay-check.ts';
import type { AfterCommit } from './guard.ts';
import { undeliveredIn, withUndelivered } from './letter-codec.ts';
import { createLetterLedger } from './letter-ledger.ts';
import { createLetterQueries, LETTER_COLUMNS, type LetterQueries, plain } from './letter-queries.ts';
import type { LetterCounts, LetterRow, LetterSwap } from './protocol.ts';

/** Per step: deleting a letter touches a page of its own, about half a millisecond on a slow disk. */
const TRIM_ROWS = 128;

export interface LetterTable extends LetterQueries {
  /** Within a transaction. A letter whose id is known replaces that one. */
  put(letters: readonly LetterRow[], after: AfterCommit): void;
  /** Within a transaction: false when the letter is gone or has other parts by now. */
  swap(swap: LetterSwap, after: AfterCommit): boolean;
  /** Within a transaction: false when there is no such letter. */
  remove(id: string, after: AfterCommit): boolean;
  get(id: string): LetterRow | undefined;
  /** Whether `trim` has something to do. */
  crowded(at: number): boolean;
  /** Within a transaction: drops what the limits leave no place for, some of it per call, oldest first. */
  trim(at: number, after: AfterCommit): void;
  counts(): LetterCounts;
  /** A transaction was rolled back. */
  forget(): void;
}

interface Oldest {
  readonly seq: number;
  readonly destination: string;
  readonly at: number;
  readonly bytes: number;
}

export function createLetterTable(db: DatabaseSync, limits: LetterLimits): LetterTable {
  const insert = db.prepare(
    `INSERT INTO letter(${LETTER_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING`,
  );
  const update = db.prepare('UPDATE letter SET at = ?, position = ?, detail = ?, value = ? WHERE id = ?');
  const rewrite = db.prepare('UPDATE letter SET detail = ? WHERE id = ?');
  const measure = db.prepare('SELECT destination, bytes, detail FROM letter WHERE id = ?');
  const remove = db.prepare('DELETE FROM letter WHERE id = ?');
  const drop = db.prepare('DELETE FROM letter WHERE seq = ?');
  const select = db.prepare(`SELECT ${LETTER_COLUMNS} FROM letter WHERE id = ?`);
  const oldest = db.prepare(
    'SELECT seq, destination, at, bytes FROM letter INDEXED BY letter_time ORDER BY at, seq LIMIT ?',
  );
  const ledger = createLetterLedger(db);

  function measured(id: string) {
    const row = measure.get(id);
    if (row === undefined) return undefined;
    return { destination: String(row.destination), bytes: Number(row.bytes), detail: String(row.detail) };
  }

  const removeKnown: LetterTable['remove'] = (id, after) => {
    const known = measured(id);
    if (known === undefined) return false;
    remove.run(id);
    ledger.count(known.destination, -1, -known.bytes, after);
    return true;
  };

  return {
    ...createLetterQueries(db),
    put(letters, after) {
      for (const { id, destination, at, position, detail, value } of letters) {
        const size = Buffer.byteLength(detail) + value.byteLength;
        if (Number(insert.run(id, destination, at, position, detail, value).changes) > 0) {
          ledger.count(destination, 1, size, after);
          continue;
        }
        ledger.count(destination, 0, size - (measured(id)?.bytes ?? 0), after);
        update.run(at, position, detail, value, id);
      }
    },
    swap({ id, parts, keep }, after) {
      const known = measured(id);
      if (known === undefined || !sameParts({ undelivered: undeliveredIn(known.detail) }, parts))
        return false;
      if (keep.length === 0) return removeKnown(id, after);
      const detail = withUndelivered(known.detail, keep);
      rewrite.run(detail, id);
      ledger.count(known.destination, 0, Buffer.byteLength(detail) - Buffer.byteLength(known.detail), after);
      return true;
    },
    remove: removeKnown,
    get(id) {
      const row = select.get(id);
      return row === undefined ? undefined : plain(row);
    },
    crowded(at) {
      const first = ledger.oldestAt() ?? Number.POSITIVE_INFINITY;
      return ledger.bytes() > limits.maxBytes || first <= at - limits.retainMs;
    },
    trim(at, after) {
      for (const letter of oldest.all(TRIM_ROWS) as unknown as Oldest[]) {
        const isOld = letter.at <= at - limits.retainMs;
        if (!isOld && ledger.bytes() <= limits.maxBytes) return;
        drop.run(letter.seq);
        ledger.count(letter.destination, -1, -letter.bytes, after);
        after.push(() => ledger.drop(isOld ? 'age' : 'bytes'));
      }
    },
    counts: ledger.counts,
    forget: ledger.forget,
  };
}
