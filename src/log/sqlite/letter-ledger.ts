/** How many letters there are and what they hold, kept beside the table so that nobody has to count a million of them. */
import type { DatabaseSync } from 'node:sqlite';
import type { AfterCommit } from './guard.ts';
import type { LetterCounts } from './protocol.ts';

export interface LetterLedger {
  /** Within a transaction: `letters` more (or fewer) of the destination, `change` more bytes. */
  count(destination: string, letters: number, change: number, after: AfterCommit): void;
  /** After a transaction: retention has dropped one. */
  drop(reason: 'age' | 'bytes'): void;
  /** Those of the transaction that is open included, as in `oldestAt`. */
  bytes(): number;
  oldestAt(): number | null;
  counts(): LetterCounts;
  /** A transaction was rolled back. */
  forget(): void;
}

export function createLetterLedger(db: DatabaseSync): LetterLedger {
  const oldest = db.prepare('SELECT min(at) AS at FROM letter');
  const { counts, total } = countAll(db);
  const dropped = { age: 0, bytes: 0 };
  let durable = total;
  let pending = 0;
  /** Undefined: not known. */
  let oldestAt: number | null | undefined;

  const firstAt = (): number | null => {
    if (oldestAt === undefined) oldestAt = (oldest.get()?.at as number | null | undefined) ?? null;
    return oldestAt;
  };

  return {
    count(destination, letters, change, after) {
      pending += change;
      oldestAt = undefined;
      after.push(() => {
        pending -= change;
        durable += change;
        const n = (counts.get(destination) ?? 0) + letters;
        if (n > 0) counts.set(destination, n);
        else counts.delete(destination);
      });
    },
    drop(reason) {
      dropped[reason] += 1;
    },
    bytes: () => durable + pending,
    oldestAt: firstAt,
    counts: () => ({
      letters: new Map(counts),
      letterBytes: durable,
      oldestLetterAt: firstAt(),
      lettersDropped: { ...dropped },
    }),
    forget() {
      pending = 0;
      oldestAt = undefined;
    },
  };
}

function countAll(db: DatabaseSync): { counts: Map<string, number>; total: number } {
  const rows = db
    .prepare(
      'SELECT destination, count(*) AS n, sum(bytes) AS bytes FROM letter INDEXED BY letter_time GROUP BY destination',
    )
    .all();
  return {
    counts: new Map(rows.map(({ destination, n }) => [String(destination), Number(n)])),
    total: rows.reduce((sum, row) => sum + Number(row.bytes), 0),
  };
}
