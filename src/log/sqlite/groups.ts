/** Groups on the main thread's side: the cursors of those with a place, and where the others were let go of. */
import type { GroupStanding, GroupStart } from '../log.ts';
import type { StoreClient } from './client.ts';
import { backlogOf, type Cursor, createCursor } from './cursor.ts';

export interface LogGroups {
  attach(groups: readonly GroupStart[]): Promise<readonly string[]>;
  detach(group: string): Promise<GroupStanding | undefined>;
  /** Undefined for a group without a place. */
  cursor(group: string): Cursor | undefined;
  backlog(group: string): number;
}

/** @param head the offset after the last durable record, as callers know it */
export function createLogGroups(client: StoreClient, head: () => number): LogGroups {
  const cursors = new Map<string, Cursor>();
  /** Detached groups, and where the log ended when this process first knew it. */
  const detachedAt = new Map<string, number>();

  function giveUp(group: string): void {
    cursors.get(group)?.lost.abort();
    cursors.delete(group);
  }

  return {
    async attach(groups) {
      const { cursors: rows, removed, detached } = await client.call('attach', groups);
      for (const group of removed) giveUp(group);
      for (const row of rows) if (!cursors.has(row.group)) cursors.set(row.group, createCursor(row));
      for (const group of detachedAt.keys()) if (!detached.includes(group)) detachedAt.delete(group);
      for (const group of detached) detachedAt.set(group, detachedAt.get(group) ?? head());
      return removed;
    },
    async detach(group) {
      const standing = await client.call('detach', group);
      if (standing) detachedAt.set(group, head());
      giveUp(group);
      return standing;
    },
    cursor: (group) => cursors.get(group),
    backlog(group) {
      const cursor = cursors.get(group);
      if (cursor !== undefined) return backlogOf(cursor, head());
      return head() - (detachedAt.get(group) ?? head());
    },
  };
}
