/** Where the groups stand: what each has still to settle, and about what the log holds for it. */
import type { GroupStanding } from '../log.ts';
import type { CursorTable } from './cursor-table.ts';
import { decodeSettled } from './progress-codec.ts';
import type { CursorRow } from './protocol.ts';
import type { SegmentTable } from './segment-table.ts';

export interface Held {
  /** The offset after the last record. */
  readonly head: number;
  /** What all segments take. */
  readonly bytes: number;
}

/** By name. Reads no segment: bytes are shared out by the number of records. */
export function standingsOf(cursors: CursorTable, segments: SegmentTable, held: Held): GroupStanding[] {
  const first = segments.first() ?? held.head;
  const bytesPerRecord = held.bytes / Math.max(1, held.head - first);
  const attached = cursors.rows().map((row) => {
    const span = held.head - Math.max(row.watermark, first);
    return {
      group: row.group,
      detached: false,
      unsettled: unsettledOf(row, held.head),
      bytes: Math.round(span * bytesPerRecord),
      oldestAt: span > 0 ? (segments.writtenAt(row.watermark) ?? null) : null,
    };
  });
  const detached = cursors.detached().map((group) => ({ group, ...NO_PLACE }));
  return [...attached, ...detached].sort((a, b) => (a.group < b.group ? -1 : 1));
}

const NO_PLACE = { detached: true, unsettled: 0, bytes: 0, oldestAt: null };

function unsettledOf({ watermark, settled }: CursorRow, head: number): number {
  const ranges = decodeSettled(watermark, settled);
  return ranges.reduce((open, { from, to }) => open - (to - from), head - watermark);
}
