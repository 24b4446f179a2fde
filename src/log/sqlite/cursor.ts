/** Where a group stands on the main thread's side: what it has been handed and what it need not see again. */
import type { OffsetRange, Progress } from '../log.ts';
import { decodeSettled } from './progress-codec.ts';
import type { CursorRow } from './protocol.ts';

export interface Cursor {
  readonly group: string;
  /** As last made durable: where the next `read` begins. */
  progress: Progress;
  /** What was settled above the watermark when this process met the group. */
  readonly settledBefore: readonly OffsetRange[];
  /** The offset after the last record handed out. */
  readTo: number;
  /** Aborted when the group is given up. */
  readonly lost: AbortController;
}

export function createCursor({ group, watermark, settled }: CursorRow): Cursor {
  const ranges = decodeSettled(watermark, settled);
  const progress = { watermark, settled: ranges };
  return { group, progress, settledBefore: ranges, readTo: watermark, lost: new AbortController() };
}

/** Records below `head` that were neither handed out nor settled before this process. */
export function backlogOf(cursor: Cursor, head: number): number {
  let open = head - cursor.readTo;
  for (const { from, to } of cursor.settledBefore) {
    open -= Math.max(0, Math.min(to, head) - Math.max(from, cursor.readTo));
  }
  return Math.max(0, open);
}

/** The first offset from `offset` on that is not settled. */
export function skipSettled(settled: readonly OffsetRange[], offset: number): number {
  return settled.find(({ from, to }) => from <= offset && offset < to)?.to ?? offset;
}

/** The parts of [from, to) that are not settled, in order. */
export function unsettledRuns(settled: readonly OffsetRange[], from: number, to: number): OffsetRange[] {
  const runs: OffsetRange[] = [];
  let at = from;
  for (const range of settled) {
    if (range.to <= at) continue;
    if (range.from >= to) break;
    if (range.from > at) runs.push({ from: at, to: range.from });
    at = range.to;
  }
  if (at < to) runs.push({ from: at, to });
  return runs;
}
