/** Fills logs with events quickly: by the log's own way of appending, the guard against repeats included, without HTTP. */
import { startChild } from './child.ts';

export interface Backlog {
  /** Numbers of the events: from the first on. */
  readonly first: number;
  readonly events: number;
  readonly people: number;
  /** Dead letters to be written beside them. */
  readonly letters?: number;
}

/** To the embedded log in this folder, in a process of its own; the destination's group begins at its beginning. */
export async function fillLog(folder: string, backlog: Backlog): Promise<void> {
  const child = startChild(new URL('backlog-writer.ts', import.meta.url).pathname);
  try {
    await child.ask('fill', { folder, backlog });
  } finally {
    await child.stop();
  }
}
