/** Who reads the log in memory: groups with their places, what each has been handed in this process, and those let go of. */
import type { Chunk, GroupLog, GroupStanding, GroupStart, Progress } from './log.ts';
import { chunkOf, type MemoryState, standingsOf, unsettledRun } from './memory-state.ts';
import { isSettled } from './progress.ts';
import type { Waiters } from './waiters.ts';

/** At once what the log's own answers in a promise. */
export interface MemoryGroups {
  attach(groups: readonly GroupStart[]): readonly string[];
  detach(group: string): GroupStanding | undefined;
  readmit(group: string): boolean;
  readonly backlog: GroupLog['backlog'];
  /** Whether the group has a place that may be moved. */
  has(group: string): boolean;
  /** Throws when the group is not attached. */
  read(group: string, signal: AbortSignal): AsyncIterable<Chunk>;
}

/** What a group has been handed in this process, and the progress it began with. */
interface Reading {
  readonly before: Progress;
  readonly lost: AbortController;
  readTo: number;
}

export interface MemoryGroupsOptions {
  readonly state: MemoryState;
  readonly waiters: Waiters;
  readonly closed: () => boolean;
}

/** Records of a chunk at most. */
export const CHUNK_RECORDS = 5000;

export function createMemoryGroups({ state, waiters, closed }: MemoryGroupsOptions): MemoryGroups {
  const { progress, records } = state;
  const readings = new Map<string, Reading>();
  /** Detached groups, and where the log ended when this process first knew it. */
  const detached = new Map<string, number>();

  function giveUp(group: string): void {
    progress.delete(group);
    readings.get(group)?.lost.abort();
    readings.delete(group);
    waiters.wake();
  }

  function forgetDetached(group: string): void {
    state.detached.delete(group);
    detached.delete(group);
  }

  function place({ group, start }: GroupStart): void {
    const before = progress.get(group) ?? { watermark: start === 'end' ? records.length : 0, settled: [] };
    progress.set(group, before);
    if (readings.has(group)) return;
    readings.set(group, { before, lost: new AbortController(), readTo: before.watermark });
  }

  async function* chunks(reading: Reading, from: Progress, signal: AbortSignal): AsyncGenerator<Chunk, void> {
    const lost = reading.lost.signal;
    let position = from.watermark;
    while (!signal.aborted && !lost.aborted && !closed()) {
      const run = unsettledRun(records, from, position, CHUNK_RECORDS);
      position = run.to;
      if (run.from === run.to) await waiters.wait([signal]);
      else {
        reading.readTo = Math.max(reading.readTo, run.to);
        yield chunkOf(records.slice(run.from, run.to), lost, from);
      }
    }
  }

  return {
    attach(groups) {
      const isLeftOut = (name: string) => !groups.some(({ group }) => group === name);
      const removed = [...progress.keys()].filter(isLeftOut);
      for (const group of removed) giveUp(group);
      for (const group of [...state.detached].filter(isLeftOut)) forgetDetached(group);
      for (const each of groups) {
        if (!state.detached.has(each.group)) place(each);
        else detached.set(each.group, detached.get(each.group) ?? records.length);
      }
      waiters.wake();
      return removed.sort();
    },
    detach(group) {
      const standing = standingsOf(state).find((each) => each.group === group && !each.detached);
      if (standing === undefined) return undefined;
      state.detached.add(group);
      detached.set(group, records.length);
      giveUp(group);
      return standing;
    },
    readmit(group) {
      if (!state.detached.has(group)) return false;
      forgetDetached(group);
      progress.set(group, { watermark: records.length, settled: [] });
      return true;
    },
    backlog(group) {
      const reading = readings.get(group);
      if (reading === undefined) return records.length - (detached.get(group) ?? records.length);
      const unread = records.slice(reading.readTo);
      return unread.filter(({ offset }) => !isSettled(reading.before, offset)).length;
    },
    has: (group) => readings.has(group),
    read(group, signal) {
      const reading = readings.get(group);
      const from = progress.get(group);
      if (reading === undefined || from === undefined) throw new Error(`group ${group} is not attached`);
      return chunks(reading, from, signal);
    },
  };
}
