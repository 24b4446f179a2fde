/** One write at a time over a handle that no failed write leaves in use: what it changes in memory happens once it is durable. */
import type { DatabaseSync } from 'node:sqlite';
import type { LogError } from '../log.ts';
import { failing, runningError } from './errors.ts';
import type { AfterCommit } from './guard.ts';

/** Runs the work in one transaction; rolls back and throws a `LogError` when it, or the commit, fails. */
export type Transact = <T>(work: (after: AfterCommit) => T) => T;

/**
 * After a failed write SQLite would take the next commit on the same handle and call it durable: not here.
 * `onRollback` is told before the rows are as they were.
 */
export function createTransact(db: DatabaseSync, onRollback: () => void): Transact {
  let broken: LogError | undefined;

  function rollBack(): void {
    onRollback();
    try {
      if (db.isTransaction) db.exec('ROLLBACK');
    } catch (error) {
      broken ??= failing('a failed write could not be rolled back', error);
    }
  }

  return (work) => {
    if (broken !== undefined) throw broken;
    const after: AfterCommit = [];
    try {
      db.exec('BEGIN IMMEDIATE');
      const result = work(after);
      db.exec('COMMIT');
      for (const effect of after) effect();
      return result;
    } catch (error) {
      const problem = runningError(error);
      if (problem.code === 'log_failing') broken = problem;
      rollBack();
      throw problem;
    }
  };
}
