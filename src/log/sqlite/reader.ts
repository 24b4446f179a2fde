/** Reading for one group: asks the worker for the next segments only when the caller asks for the next chunk, and sleeps at the end. */
import { EVENTS_TOPIC } from '../../model/record.ts';
import { type Chunk, LogError, type OffsetRange } from '../log.ts';
import type { StoreClient } from './client.ts';
import { type Cursor, skipSettled, unsettledRuns } from './cursor.ts';
import { createSegment, type Segment } from './segment.ts';

/** What a reader needs to know of its log. */
export interface ReadSource {
  readonly client: StoreClient;
  /** The offset after the last record that was acknowledged. */
  head(): number;
  closing(): boolean;
  /** Resolves when `head` moved, the log is closing, or one of the signals fires. */
  moved(signals: readonly AbortSignal[]): Promise<void>;
  onWarning(message: string): void;
  /** The file could not be read: the process must end, or it would stand still without a word. */
  onFailed(error: LogError): void;
}

/**
 * Chunks from the group's durable progress on; ends when `signal` fires, the group is given up or the log closes.
 * A chunk counts as read in the very tick in which it is handed over.
 */
export async function* readChunks(
  source: ReadSource,
  cursor: Cursor,
  signal: AbortSignal,
): AsyncGenerator<Chunk, void, undefined> {
  const resumed = cursor.progress;
  const { settled, watermark } = resumed;
  const lost = cursor.lost.signal;
  const ended = (): boolean => signal.aborted || lost.aborted || source.closing();
  let position = watermark;
  while (!ended()) {
    position = skipSettled(settled, position);
    if (position >= source.head()) {
      await source.moved([signal, lost]);
      continue;
    }
    const segments = await fetchSegments(source, position);
    if (ended()) return;
    const { from, to } = extentOf(segments, position, source.head());
    if (from > position) source.onWarning(gapWarning(cursor.group, position, from));
    for (const run of unsettledRuns(settled, from, to)) {
      if (ended()) return;
      cursor.readTo = Math.max(cursor.readTo, run.to);
      yield { ...createChunk(segments, run), lost, resumed };
    }
    position = to;
  }
}

/** Nothing when the log was closed meanwhile. */
async function fetchSegments(source: ReadSource, position: number): Promise<Segment[]> {
  try {
    return (await source.client.call('read', position)).map(createSegment);
  } catch (error) {
    if (source.closing()) return [];
    if (error instanceof LogError) source.onFailed(error);
    throw error;
  }
}

/** What of `segments` is to be read; where nothing is held any more, the gap up to `head`. */
function extentOf(segments: readonly Segment[], position: number, head: number): OffsetRange {
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) return { from: head, to: head };
  return { from: Math.max(position, first.base), to: Math.min(last.end, head) };
}

function gapWarning(group: string, from: number, to: number): string {
  return `records ${from} to ${to - 1} are missing from the log: ${group} goes on at ${to}`;
}

function createChunk(
  segments: readonly Segment[],
  { from, to }: OffsetRange,
): Omit<Chunk, 'lost' | 'resumed'> {
  const held = segments.filter(({ base, end }) => base < to && end > from);
  let bytes = 0;
  for (const segment of held) bytes += segment.bytes(Math.max(from, segment.base), Math.min(to, segment.end));
  let place = 0;
  return {
    topic: EVENTS_TOPIC,
    partition: 0,
    firstOffset: from,
    count: to - from,
    bytes,
    record(index) {
      const offset = from + index;
      if (!(index >= 0 && offset < to)) throw new RangeError(`record ${index} of ${to - from}`);
      // Records are asked for in order, mostly: the search goes on from the last one's segment.
      if (offset < (held[place]?.base ?? 0)) place = 0;
      while (offset >= (held[place]?.end ?? Number.POSITIVE_INFINITY)) place += 1;
      const segment = held[place];
      if (segment === undefined) throw new RangeError(`record ${index} of ${to - from}`);
      return segment.record(offset);
    },
  };
}
