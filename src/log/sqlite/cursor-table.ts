/** The progress table: one durable cursor per group. */
import type { DatabaseSync } from 'node:sqlite';
import type { GroupStart } from '../log.ts';
import type { AfterCommit } from './guard.ts';
import type { AttachResult, CommitPart, CursorRow } from './protocol.ts';

export interface CursorTable {
  /** Within a transaction: exactly these groups from now on. */
  attach(
    groups: readonly GroupStart[],
    log: { readonly head: number; readonly first: number },
    after: AfterCommit,
  ): AttachResult;
  /** Within a transaction: false when the log does not know the group. */
  move(commit: CommitPart, after: AfterCommit): boolean;
  /** The lowest watermark; Infinity without groups. */
  lowest(): number;
}

export function createCursorTable(db: DatabaseSync): CursorTable {
  const all = db.prepare('SELECT "group", watermark, settled FROM progress ORDER BY "group"');
  const insert = db.prepare('INSERT INTO progress("group", watermark, settled) VALUES(?, ?, ?)');
  const update = db.prepare('UPDATE progress SET watermark = ?, settled = ? WHERE "group" = ?');
  const remove = db.prepare('DELETE FROM progress WHERE "group" = ?');
  const rows = (): CursorRow[] => all.all().map((row) => ({ ...row }) as unknown as CursorRow);
  let watermarks = new Map(rows().map(({ group, watermark }) => [group, watermark]));

  return {
    attach(groups, { head, first }, after) {
      const known = new Set(rows().map(({ group }) => group));
      const wanted = new Set(groups.map(({ group }) => group));
      const removed = [...known].filter((group) => !wanted.has(group));
      for (const group of removed) remove.run(group);
      for (const { group, start } of groups) {
        if (known.has(group)) continue;
        insert.run(group, start === 'end' ? head : first, new Uint8Array(0));
        known.add(group);
      }
      const cursors = rows();
      after.push(() => {
        watermarks = new Map(cursors.map(({ group, watermark }) => [group, watermark]));
      });
      return { cursors, removed };
    },
    move({ group, watermark, settled }, after) {
      if (Number(update.run(watermark, settled, group).changes) === 0) return false;
      after.push(() => watermarks.set(group, watermark));
      return true;
    },
    lowest: () => Math.min(Number.POSITIVE_INFINITY, ...watermarks.values()),
  };
}
