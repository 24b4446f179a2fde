/**
 * Reads partitions by offset, for no group: what the guard, the letters, the requests and every look back go through.
 * Committed records only, in order, a fetch ahead of the caller at most; it rides through changes of leader and broker
 * restarts, and goes on at the first record held where retention has taken what was asked for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { OffsetRange } from '../log.ts';
import { LogError } from '../log-error.ts';
import type { KafkaClient } from './client.ts';
import { protocolErrorOf } from './failure.ts';
import { type FetchRequest, type RawBroker, READ_COMMITTED } from './internals.ts';
import { createLeaders, GIVE_UP_MS, type Leaders } from './range-leader.ts';
import { type FetchedRecords, offsetOf, recordsIn } from './range-records.ts';
import type { Place, RawMessage } from './record-codec.ts';

export interface ReadRange extends OffsetRange {
  /** Of a fetch; a larger batch comes whole. Default: `FETCH_BYTES`. */
  readonly maxBytes?: number;
  /** All below `to` was there to be read once: where the partition ends lower, its leader lags, and is waited for. */
  readonly isWritten?: boolean;
}

/** All of it rejects with `LogError`: `log_unavailable` when no broker answered for a while, `log_closing`. */
export interface RangeReader {
  /**
   * The records in the range, some at a time, none of them empty. It ends at the last stable offset, however far `to`
   * is, unless the range says that all of it is written; offsets may be missing. An abort ends it at once, without an error.
   */
  read(
    topic: string,
    partition: number,
    range: ReadRange,
    signal: AbortSignal,
  ): AsyncIterable<readonly RawMessage[]>;
  /** The first offset held, and the last stable one, exclusive. */
  bounds(
    topic: string,
    partition: number,
    signal?: AbortSignal,
  ): Promise<{ readonly first: number; readonly end: number }>;
  /** Of the first record whose timestamp is this or later; the end when there is none. */
  offsetAt(topic: string, partition: number, timestampMs: number): Promise<number>;
  close(): Promise<void>;
}

export interface RangeReaderOptions {
  /** How long a broker that does not answer is tried. Default: 30 s. */
  readonly giveUpMs?: number;
  /** Whose batches may be empty for good; of all others every record up to the end is waited for. Default: of none. */
  readonly mayBeCompacted?: (topic: string) => boolean;
}

/** Some 2,000 records of 1 KB: 10 ms of decoding at a time. */
export const FETCH_BYTES = 2 * 1024 * 1024;
/** What is asked for is there already: the broker never has to wait for it. */
const MAX_WAIT_MS = 100;
/** Of a compacted topic, a fetch that says nothing of what must be there: the broker was held up (a move), or that is gone. */
const EMPTY_FETCHES = 3;
/** The broker has waited for as long as it was let; what it fetches from a slow store takes a little longer. */
const EMPTY_WAIT_MS = 50;

const EARLIEST = -2;
const LATEST = -1;
const NEVER = new AbortController().signal;

export function createRangeReader(client: KafkaClient, options: RangeReaderOptions = {}): RangeReader {
  const { giveUpMs = GIVE_UP_MS, mayBeCompacted = () => false } = options;
  const leaders = createLeaders(client, giveUpMs);
  const list = (place: Place, timestamp: number, signal = NEVER): Promise<number> =>
    leaders.ask(place, (leader) => listOffset(leader, place, timestamp), signal);

  async function boundsOf(place: Place, signal = NEVER) {
    const [first, end] = await Promise.all([list(place, EARLIEST, signal), list(place, LATEST, signal)]);
    return { first, end };
  }

  return {
    read(topic, partition, range, signal) {
      const terms = {
        giveUpMs,
        isCompacted: mayBeCompacted(topic),
        writtenTo: range.isWritten ? range.to : 0,
      };
      return readRange({ leaders, boundsOf, place: { topic, partition }, ...terms }, range, signal);
    },
    bounds: (topic, partition, signal) => boundsOf({ topic, partition }, signal),
    async offsetAt(topic, partition, timestampMs) {
      const place = { topic, partition };
      const offset = await list(place, Math.max(0, Math.floor(timestampMs)));
      return offset < 0 ? list(place, LATEST) : offset;
    },
    close: () => leaders.close(),
  };
}

async function listOffset(leader: RawBroker, { topic, partition }: Place, timestamp: number) {
  const topics = [{ topic, partitions: [{ partition, timestamp }] }];
  // A client is replica -1; kafkajs sets it where it is left out.
  const { responses } = await leader.listOffsets({ isolationLevel: READ_COMMITTED, topics });
  return offsetOf(responses[0]?.partitions[0]?.offset ?? '-1');
}

interface Reading {
  readonly leaders: Leaders;
  readonly place: Place;
  readonly giveUpMs: number;
  readonly isCompacted: boolean;
  /** Below it everything was there to be read once. */
  readonly writtenTo: number;
  boundsOf(place: Place, signal: AbortSignal): Promise<{ readonly first: number; readonly end: number }>;
}

async function* readRange(
  reading: Reading,
  { from, to, maxBytes = FETCH_BYTES }: ReadRange,
  signal: AbortSignal,
): AsyncGenerator<readonly RawMessage[], void> {
  const fetchAt = (offset: number): Promise<FetchedRecords> => {
    const fetched = fetchFrom(reading, offset, maxBytes, signal);
    // Nobody may come for it any more.
    fetched.catch(() => undefined);
    return fetched;
  };
  try {
    let ahead = from < to ? fetchAt(from) : undefined;
    while (ahead) {
      const { messages, next, end } = await ahead;
      if (signal.aborted) return;
      ahead = next < Math.min(to, Math.max(end, reading.writtenTo)) ? fetchAt(next) : undefined;
      const wanted = next <= to ? messages : messages.filter(({ offset }) => offset < to);
      if (wanted.length > 0) yield wanted;
      if (signal.aborted) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function fetchFrom(
  reading: Reading,
  from: number,
  maxBytes: number,
  signal: AbortSignal,
): Promise<FetchedRecords> {
  const silence = createSilence(reading);
  for (;;) {
    const fetched = await fetchOnce(reading, from, maxBytes, signal);
    if (fetched !== 'held_back') {
      const { next, end } = fetched;
      if (next > from || (from >= end && !silence.isLag(from))) return fetched;
      if (from < end && silence.isForGood()) return { ...fetched, next: end };
    }
    await pause(EMPTY_WAIT_MS, undefined, { signal });
  }
}

/** What is made of fetches that hold nothing of what there is. */
function createSilence({ place: { topic, partition }, giveUpMs, isCompacted, writtenTo }: Reading) {
  let since: number | undefined;
  let empty = 0;
  /** Throws when the broker has been silent about records that there are for too long. */
  function bear(): void {
    since ??= performance.now();
    if (performance.now() - since < giveUpMs) return;
    const message = `reading partition ${partition} of ${topic}: it has more records and its broker gave none for ${giveUpMs} ms`;
    throw new LogError('log_unavailable', message);
  }
  return {
    /** Above the end: whether the leader is to be waited for. Throws as `bear`. */
    isLag(offset: number): boolean {
      if (offset < writtenTo) bear();
      return offset < writtenTo;
    },
    /** Below the end: to be asked after each fetch. Throws as `bear`. */
    isForGood(): boolean {
      empty += 1;
      // Batches that compaction has emptied say nothing of themselves: only they are left, up to the end.
      if (isCompacted) return empty >= EMPTY_FETCHES;
      bear();
      return false;
    },
  };
}

async function fetchOnce(
  { leaders, place, boundsOf }: Reading,
  from: number,
  maxBytes: number,
  signal: AbortSignal,
): Promise<FetchedRecords | 'held_back'> {
  const request = fetchRequest(place, from, maxBytes);
  try {
    const answer = await leaders.ask(place, (leader) => leader.fetch(request), signal);
    const partition = answer.responses[0]?.partitions[0];
    // Beyond a client's quota a broker leaves the partitions out of its answer: that is no end.
    return partition === undefined ? 'held_back' : recordsIn(partition, from);
  } catch (error) {
    if (protocolErrorOf(error) !== 'OFFSET_OUT_OF_RANGE') throw error;
    const { first, end } = await boundsOf(place, signal);
    // Above the end the partition was cut or made anew: there is nothing of what was asked for.
    return { messages: [], next: Math.max(from, first), end };
  }
}

function fetchRequest({ topic, partition }: Place, from: number, maxBytes: number): FetchRequest {
  const partitions = [{ partition, fetchOffset: String(from), maxBytes }];
  return {
    isolationLevel: READ_COMMITTED,
    maxWaitTime: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes,
    topics: [{ topic, partitions }],
  };
}
