/** The progress table: one durable cursor per group, and which groups were detached. */
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
  /** Within a transaction: the group has no place from now on. */
  detach(group: string, head: number, after: AfterCommit): void;
  /** Within a transaction: a detached group has its place at `head`; false when it is not detached. */
  readmit(group: string, head: number, after: AfterCommit): boolean;
  /** Within a transaction: false when the log does not know the group. */
  move(commit: CommitPart, after: AfterCommit): boolean;
  /** The lowest watermark; Infinity without groups. */
  lowest(): number;
  /** As they are durable. */
  rows(): CursorRow[];
  detached(): string[];
}

const NO_RANGES = new Uint8Array(0);

export function createCursorTable(db: DatabaseSync): CursorTable {
  const all = db.prepare('SELECT "group", watermark, settled FROM progress ORDER BY "group"');
  const insert = db.prepare('INSERT INTO progress("group", watermark, settled) VALUES(?, ?, ?)');
  const update = db.prepare('UPDATE progress SET watermark = ?, settled = ? WHERE "group" = ?');
  const remove = db.prepare('DELETE FROM progress WHERE "group" = ?');
  const letGo = createDetachedList(db);
  const rows = (): CursorRow[] => all.all().map((row) => ({ ...row }) as unknown as CursorRow);
  let watermarks = new Map(rows().map(({ group, watermark }) => [group, watermark]));

  return {
    attach(groups, { head, first }, after) {
      const known = new Set(rows().map(({ group }) => group));
      const wanted = new Set(groups.map(({ group }) => group));
      const removed = [...known].filter((group) => !wanted.has(group));
      for (const group of removed) remove.run(group);
      const detached = letGo.keep(wanted);
      for (const { group, start } of groups) {
        if (known.has(group) || detached.includes(group)) continue;
        insert.run(group, start === 'end' ? head : first, NO_RANGES);
        known.add(group);
      }
      const cursors = rows();
      after.push(() => {
        watermarks = new Map(cursors.map(({ group, watermark }) => [group, watermark]));
      });
      return { cursors, removed, detached };
    },
    detach(group, head, after) {
      remove.run(group);
      letGo.add(group, head);
      after.push(() => watermarks.delete(group));
    },
    readmit(group, head, after) {
      if (!letGo.remove(group)) return false;
      insert.run(group, head, NO_RANGES);
      after.push(() => watermarks.set(group, head));
      return true;
    },
    move({ group, watermark, settled }, after) {
      if (Number(update.run(watermark, settled, group).changes) === 0) return false;
      after.push(() => watermarks.set(group, watermark));
      return true;
    },
    lowest: () => Math.min(Number.POSITIVE_INFINITY, ...watermarks.values()),
    rows,
    detached: letGo.names,
  };
}

/** Rows of the state table whose names begin so; the value is where the log ended then. */
const DETACHED = 'detached ';

function createDetachedList(db: DatabaseSync) {
  const select = db.prepare('SELECT name FROM state WHERE substr(name, 1, ?) = ? ORDER BY name');
  const insert = db.prepare('INSERT OR REPLACE INTO state(name, value) VALUES(?, ?)');
  const drop = db.prepare('DELETE FROM state WHERE name = ?');
  const names = () =>
    select.all(DETACHED.length, DETACHED).map(({ name }) => String(name).slice(DETACHED.length));
  const remove = (group: string) => Number(drop.run(DETACHED + group).changes) > 0;
  return {
    names,
    remove,
    add(group: string, head: number): void {
      insert.run(DETACHED + group, head);
    },
    /** Forgets those that nobody wants any more; the rest. */
    keep(wanted: ReadonlySet<string>): string[] {
      for (const group of names()) if (!wanted.has(group)) remove(group);
      return names();
    },
  };
}
