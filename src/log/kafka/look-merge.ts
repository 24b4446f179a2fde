/** Streams of records, each in an order of its own, as one: the older record first, and no stream's order is changed. */
import type { LogRecord } from '../../model/record.ts';

interface Source {
  readonly stream: AsyncIterator<readonly LogRecord[], void>;
  records: readonly LogRecord[];
  /** Of the next one to be given. */
  index: number;
}

/** Holds of each stream what it gave last. What comes is never empty. */
export async function* inOrderOfTime(
  streams: readonly AsyncIterable<readonly LogRecord[], void>[],
): AsyncGenerator<readonly LogRecord[], void> {
  let open: Source[] = streams.map((stream) => ({
    stream: stream[Symbol.asyncIterator](),
    records: [],
    index: 0,
  }));
  while (open.length > 0) {
    const filled = await Promise.all(open.map(fill));
    open = open.filter((_, index) => filled[index]);
    const merged = mergeWhileAllHave(open);
    if (merged.length > 0) yield merged;
  }
}

/** False when the stream has ended. */
async function fill(source: Source): Promise<boolean> {
  while (source.index === source.records.length) {
    const { done, value } = await source.stream.next();
    if (done) return false;
    [source.records, source.index] = [value, 0];
  }
  return true;
}

/** Takes the oldest, until one of them must be filled again. */
function mergeWhileAllHave(sources: readonly Source[]): LogRecord[] {
  const merged: LogRecord[] = [];
  for (;;) {
    let oldest: Source | undefined;
    for (const source of sources) {
      const record = source.records[source.index];
      if (record === undefined) return merged;
      if (oldest === undefined || record.timestamp < timeOf(oldest)) oldest = source;
    }
    const record = oldest?.records[oldest.index];
    if (oldest === undefined || record === undefined) return merged;
    merged.push(record);
    oldest.index += 1;
  }
}

function timeOf({ records, index }: Source): number {
  return records[index]?.timestamp ?? 0;
}
