/** Small questions about offsets: what a group's progress says of single records, and which of them are not there. */
import type { Progress } from './log.ts';
import type { RequestNote } from './request-note.ts';

/** Whether the offset is done with for a group of this progress. */
export function isSettled({ watermark, settled }: Progress, offset: number): boolean {
  return offset < watermark || settled.some(({ from, to }) => from <= offset && offset < to);
}

/** Those that none of the records has. */
export function missingOf(
  offsets: readonly number[],
  records: readonly { readonly offset: number }[],
): readonly number[] {
  const there = new Set(records.map(({ offset }) => offset));
  return offsets.filter((offset) => !there.has(offset));
}

/** The note without the operations whose records are done with. */
export function withoutSettled<Note extends RequestNote>(note: Note, progress: Progress | undefined): Note {
  if (progress === undefined) return note;
  return { ...note, operations: note.operations.filter(({ offset }) => !isSettled(progress, offset)) };
}
