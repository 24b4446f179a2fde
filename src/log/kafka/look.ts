/** Looks into the events' topic for no group: by time, by offset, by messageId. Nothing is kept but what is given. */
import { setTimeout as pause } from 'node:timers/promises';
import type { LogRecord } from '../../model/record.ts';
import type { EventLog, OffsetRange, ScanRange } from '../log.ts';
import { carries } from '../message-of.ts';
import { inOrderOfTime } from './look-merge.ts';
import { FETCH_BYTES, type RangeReader } from './range-reader.ts';
import type { Place, RawMessage, StoredRecord } from './record-codec.ts';
import type { TopicShape } from './topics.ts';

/**
 * As the log's interface has it. The order of a scan is that of each partition; between partitions the older record comes
 * first, as far as the clocks of those who accepted them agree.
 */
export type Look = Pick<EventLog, 'scan' | 'fetch' | 'gone' | 'find'>;

export interface LookParts {
  readonly reader: RangeReader;
  readonly events: TopicShape;
  readonly decode: (message: RawMessage, place: Place) => StoredRecord;
}

/** An append may be tried for a while, and clocks differ: how long after its time a record may be written. */
const WRITTEN_WITHIN_MS = 10 * 60 * 1000;
/** What a scan fetches of all partitions together, and of one at least. */
const SCAN_BYTES = 8 * 1024 * 1024;
const LEAST_SCAN_BYTES = 128 * 1024;
/** Offsets that are read over rather than asked for apart: a batch comes whole anyway. */
const NEAR = 500;
/** For a stretch of few records not much more is fetched than they take. */
const BYTES_OF_A_RECORD = 2 * 1024;
const LEAST_FETCH_BYTES = 64 * 1024;
/** About a fetch; half of the time between two is left to those who deliver. */
const FIND_STRETCH = 2_000;
const FIND_PAUSE_MS = 10;

const NEVER = new AbortController().signal;

export function createLook({ reader, events, decode }: LookParts): Look {
  const partitions = Array.from({ length: events.partitions }, (_, partition) => partition);

  async function* scanOne(place: Place, range: ScanRange, signal: AbortSignal) {
    const { topic, partition } = place;
    const [first, end] = await Promise.all([
      range.offsets?.get(partition) ?? reader.offsetAt(topic, partition, range.from),
      reader.offsetAt(topic, partition, range.to + WRITTEN_WITHIN_MS),
    ]);
    const share = Math.max(LEAST_SCAN_BYTES, Math.floor(SCAN_BYTES / partitions.length));
    const enough = Math.max(LEAST_FETCH_BYTES, (range.most ?? share) * BYTES_OF_A_RECORD);
    const stretch = { from: first, to: end, maxBytes: Math.min(share, enough) };
    for await (const messages of reader.read(topic, partition, stretch, signal)) {
      const records = messages.map((message) => decode(message, place));
      yield records.filter(({ timestamp }) => range.from <= timestamp && timestamp < range.to);
    }
  }

  return {
    async *scan(topic, range, signal) {
      const ended = new AbortController();
      const either = AbortSignal.any([signal, ended.signal]);
      try {
        const streams = partitions.map((partition) => scanOne({ topic, partition }, range, either));
        for await (const records of inOrderOfTime(streams)) {
          if (signal.aborted) return;
          yield records;
        }
      } finally {
        ended.abort();
      }
    },
    async fetch(topic, partition, offsets, signal = NEVER) {
      const records: LogRecord[] = [];
      const wanted = new Set(offsets);
      for (const stretch of stretchesOf(offsets)) {
        for await (const messages of reader.read(topic, partition, sized(stretch), signal)) {
          const meant = messages.filter(({ offset }) => wanted.has(offset));
          records.push(...meant.map((message) => ownRecord(decode(message, { topic, partition }))));
        }
      }
      return records;
    },
    async gone(topic, partition, offsets, signal = NEVER) {
      const gone: number[] = [];
      let { first: held } = await reader.bounds(topic, partition, signal);
      for (const offset of offsets) {
        if (offset >= held) held = await heldFrom(reader, { topic, partition }, offset, signal);
        // It is there, or a new leader does not know yet that it is.
        if (offset >= held) break;
        gone.push(offset);
      }
      return gone;
    },
    async find(topic, messageId, signal) {
      const found: LogRecord[] = [];
      const searches = await Promise.all(
        partitions.map(async (partition) => {
          const place = { topic, partition };
          const { first, end } = await reader.bounds(topic, partition);
          return searchBack({ reader, decode, place }, { from: first, to: end }, messageId, signal);
        }),
      );
      let open = searches;
      while (open.length > 0 && !signal.aborted) {
        const going = [];
        for (const search of open) {
          const { done, value } = await search.next();
          if (done) continue;
          found.push(...value);
          going.push(search);
          await pause(FIND_PAUSE_MS, undefined, { signal }).catch(() => undefined);
        }
        open = going;
      }
      return found.sort((a, b) => b.timestamp - a.timestamp || b.offset - a.offset);
    },
  };
}

/** Ascending offsets as stretches to read. */
function stretchesOf(offsets: readonly number[]): OffsetRange[] {
  const stretches: { from: number; to: number }[] = [];
  for (const offset of offsets) {
    const last = stretches.at(-1);
    if (last && offset - last.to <= NEAR) last.to = offset + 1;
    else stretches.push({ from: offset, to: offset + 1 });
  }
  return stretches;
}

/** The first record at or after the offset; the offset itself while none can be read: then nobody knows. */
async function heldFrom(
  reader: RangeReader,
  { topic, partition }: Place,
  offset: number,
  signal: AbortSignal,
): Promise<number> {
  const onward = { from: offset, to: Number.MAX_SAFE_INTEGER, maxBytes: LEAST_FETCH_BYTES };
  for await (const [message] of reader.read(topic, partition, onward, signal)) {
    if (message !== undefined) return message.offset;
  }
  return offset;
}

function sized({ from, to }: OffsetRange) {
  const maxBytes = Math.min(FETCH_BYTES, Math.max(LEAST_FETCH_BYTES, (to - from) * BYTES_OF_A_RECORD));
  return { from, to, maxBytes };
}

interface Searched {
  readonly reader: RangeReader;
  readonly decode: LookParts['decode'];
  readonly place: Place;
}

/** Stretch by stretch from the end back; each gives what it found. */
async function* searchBack(
  { reader, decode, place }: Searched,
  { from, to }: OffsetRange,
  messageId: string,
  signal: AbortSignal,
): AsyncGenerator<readonly LogRecord[], void> {
  // As the sender wrote it in JSON; ids with characters that may be written in several ways are found as JSON.stringify writes them.
  const text = JSON.stringify(messageId).slice(1, -1);
  for (let end = to; end > from && !signal.aborted; end -= FIND_STRETCH) {
    const stretch = { from: Math.max(from, end - FIND_STRETCH), to: end };
    const found: LogRecord[] = [];
    for await (const messages of reader.read(place.topic, place.partition, stretch, signal)) {
      const likely = messages.filter((message) => mentions(message, text));
      const records = likely.map((message) => decode(message, place));
      found.push(...records.filter((record) => carries(record, messageId)).map(ownRecord));
    }
    yield found;
  }
}

/** Most records are not worth parsing. */
function mentions({ value, headers }: RawMessage, text: string): boolean {
  return value?.includes(text) || Object.values(headers).some((header) => header?.includes(text));
}

/** A view would hold on to its whole fetch. */
function ownRecord(record: StoredRecord): LogRecord {
  return { ...record, value: new Uint8Array(record.value) };
}
