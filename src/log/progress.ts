/** What a group's progress says of single records. */
import type { Progress } from './log.ts';
import type { RequestNote } from './request-note.ts';

/** Whether the offset is done with for a group of this progress. */
export function isSettled({ watermark, settled }: Progress, offset: number): boolean {
  return offset < watermark || settled.some(({ from, to }) => from <= offset && offset < to);
}

/** The note without the operations whose records are done with. */
export function withoutSettled<Note extends RequestNote>(note: Note, progress: Progress | undefined): Note {
  if (progress === undefined) return note;
  return { ...note, operations: note.operations.filter(({ offset }) => !isSettled(progress, offset)) };
}
