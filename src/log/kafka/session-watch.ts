/** What a session looks after by itself, once a second: trailing gaps, and whether it gets on. */
import type { Epoch, Epochs } from './epoch.ts';
import type { GroupOffsets } from './session-offsets.ts';

/** What lies behind the last record is nobody's: without it a partition that ends with a marker would never be done. */
export function commitGaps({ stage, buffers, commits }: Epoch): void {
  if (stage !== 'reading' || commits === undefined) return;
  for (const buffer of buffers.values()) {
    const known = commits.committed(buffer);
    if (known === undefined) continue;
    const progress = buffer.overGaps(known.progress);
    if (progress !== known.progress) commits.commit(buffer, progress, known.floor);
  }
}

/**
 * Why there is something to do that nobody outside holds up; undefined: nothing, or it is not known. A buffer that holds
 * something waits for its reader.
 */
export async function behind(
  { current }: Pick<Epochs, 'current'>,
  offsets: Pick<GroupOffsets, 'bounds'>,
): Promise<string | undefined> {
  if (current?.stage === 'ending') return 'its member does not let go of its partitions';
  if (current?.stage !== 'reading') return undefined;
  const idle = [...current.buffers.values()].filter((buffer) => buffer.isEmpty);
  for (const topic of new Set(idle.map((buffer) => buffer.topic))) {
    const bounds = await offsets.bounds(topic).catch(() => []);
    const ends = new Map(bounds.map(({ partition, end }) => [partition, end]));
    for (const buffer of idle) {
      const end = buffer.topic === topic ? (ends.get(buffer.partition) ?? 0) : 0;
      if (buffer.isEmpty && buffer.position < end) {
        return `${topic}/${buffer.partition} ends at ${end} and stands at ${buffer.position}`;
      }
    }
  }
  return undefined;
}
