/**
 * The guard against duplicates on Kafka. An append cannot know whether an event is there already, so it is found when it is
 * read: the same id with the same content at a lower offset of the partition, within `guardMs`. The partition's own records
 * are the store; a process remembers of them what it has read, and looks back for what it has not when a partition becomes
 * its own. Weaker than the embedded log's: the look back and the memory are bounded, and a partition knows only itself.
 *
 * Every group of the process asks the same memory, at its own pace, and may ask again: the answers are those of the
 * partition's records, not of who asked first.
 */
import { digestOf } from '../guard-id.ts';
import type { OffsetRange } from '../log.ts';
import { createGuardPlaces, type GuardedPlace } from './guard-places.ts';
import { createGuardTable, type Verdict } from './guard-table.ts';
import type { RangeReader } from './range-reader.ts';
import type { Place, RawMessage, StoredRecord } from './record-codec.ts';
import type { TopicMark } from './topic-marks.ts';

export interface KafkaGuard {
  /** For one group that reads in this process. */
  reader(): GuardReader;
  /** Ids that are remembered. */
  readonly size: number;
  /** Records that were looked back at: while it rises, `ready` gets on. */
  readonly looked: number;
}

/** A partition that a group is about to read. */
export interface GuardedStart extends Place {
  /** The first offset that it reads. */
  readonly from: number;
  /** Which topic the name stands for; null: the brokers do not say. */
  readonly mark: TopicMark | null;
}

/** Knows which topics its group reads: one that was made anew is not judged by the memory of the old one. */
export interface GuardReader {
  /**
   * Before the group reads: what stands before is known, as far as the guard looks back. Of the records from there on it
   * must be asked about each, also those that the group has settled and passes over.
   * Resolves early when the signal fires. Rejects with `LogError`; it may be called again then.
   */
  ready(starts: readonly GuardedStart[], signal: AbortSignal): Promise<void>;
  /** Asked of each record, in the order of the partition. A record without a guard id, or a damaged one, never is. */
  isDuplicate(record: StoredRecord): boolean;
}

export interface KafkaGuardOptions {
  readonly reader: RangeReader;
  readonly decode: (message: RawMessage, place: Place) => StoredRecord;
  readonly guardMs: number;
  /** ms since the epoch. */
  readonly now: () => number;
  /** A known id came with other content: it is no duplicate, but nobody should make such ids. */
  readonly onConflict: (place: Place) => void;
  /** Offsets of a partition that are looked back for at most. Default: `GUARD_LOOK_BACK`. */
  readonly lookBack?: number;
  /** Ids that are remembered in all; default: `GUARD_MAX_IDS`. All partitions' looks back have room in it. */
  readonly maxIds?: number;
}

/** 200 MB of records of 1 KB: read in some seconds. */
export const GUARD_LOOK_BACK = 200_000;
/** At 45 bytes each: 90 MB. */
export const GUARD_MAX_IDS = 2_000_000;
/** Partitions that are looked back in at a time: the connection is kept busy, and the memory of what was fetched is small. */
const LOOKS_AT_A_TIME = 4;
/** Clocks of those who accept events differ, and an append may be tried for a while. */
const CLOCK_SLACK_MS = 10 * 60 * 1000;
/** Enough for one record that says when it was written. */
const PEEK = { records: 1_000, maxBytes: 64 * 1024 };

export function createKafkaGuard(options: KafkaGuardOptions): KafkaGuard {
  const { reader, decode, guardMs, now, onConflict } = options;
  const { lookBack = GUARD_LOOK_BACK, maxIds = GUARD_MAX_IDS } = options;
  const places = createGuardPlaces();
  let looked = 0;
  const turns = createTurns(LOOKS_AT_A_TIME);
  const table = createGuardTable({
    guardMs,
    maxRuns: maxIds,
    onDropped: ({ place, offset }) => places.at(place)?.coverage.forget(offset),
  });

  function judge(record: StoredRecord, { number: place }: GuardedPlace): Verdict {
    const { guardId, guardContent: content = null, offset, timestamp } = record;
    if (guardId === undefined || record.corrupt) return 'new';
    return table.judge({ place, ...halvesOf(guardId), content, offset, timestamp });
  }

  /** Where looking back begins: `guardMs` before the first record that will be asked about, or less far. */
  async function sinceOf({ topic, partition }: Place, range: OffsetRange, signal: AbortSignal) {
    const peek = { from: range.to, to: range.to + PEEK.records, maxBytes: PEEK.maxBytes };
    let at = now();
    for await (const [message] of reader.read(topic, partition, peek, signal)) {
      at = Math.min(at, message?.timestamp ?? at);
      break;
    }
    return Math.max(range.from, await reader.offsetAt(topic, partition, at - guardMs - CLOCK_SLACK_MS));
  }

  async function lookBackOver(place: GuardedPlace, range: OffsetRange, signal: AbortSignal): Promise<void> {
    const { topic, partition, coverage } = place;
    // A group has read up to here: a new leader that does not know it yet must not make us miss what a repeat is of.
    for await (const messages of reader.read(topic, partition, { ...range, isWritten: true }, signal)) {
      for (const message of messages) judge(decode(message, place), place);
      looked += messages.length;
      coverage.add({ from: range.from, to: (messages.at(-1)?.offset ?? range.from) + 1 });
    }
    if (!signal.aborted) coverage.add(range);
  }

  async function look(place: GuardedPlace, from: number, signal: AbortSignal): Promise<void> {
    const share = Math.min(lookBack, Math.floor(maxIds / places.size));
    const wanted = { from: Math.max(0, from - share), to: from };
    if (place.coverage.missing(wanted).length === 0) return;
    const since = await sinceOf(place, wanted, signal);
    for (const gap of place.coverage.missing({ from: since, to: from })) {
      if (!signal.aborted) await lookBackOver(place, gap, signal);
    }
  }

  function createGuardReader(): GuardReader {
    const marks = new Map<string, TopicMark | null>();
    const guarded = (place: Place): GuardedPlace => places.of(place, marks.get(place.topic) ?? null);
    return {
      async ready(starts, signal) {
        for (const { topic, mark } of starts) marks.set(topic, mark ?? marks.get(topic) ?? null);
        // All of them are known before the first begins: they share the memory.
        const wanted = starts.map((start) => ({ place: guarded(start), from: start.from }));
        await Promise.all(
          wanted.map(({ place, from }) =>
            turns.take(async () => {
              if (!signal.aborted) await look(place, from, signal);
            }),
          ),
        );
      },
      isDuplicate(record) {
        const place = guarded(record);
        place.coverage.reach(record.offset);
        const verdict = judge(record, place);
        if (verdict === 'conflict') onConflict({ topic: record.topic, partition: record.partition });
        return verdict === 'duplicate';
      },
    };
  }

  return {
    reader: createGuardReader,
    get size() {
      return table.size;
    },
    get looked() {
      return looked;
    },
  };
}

function halvesOf(id: string): { high: number; low: number } {
  const digest = Buffer.from(digestOf(id).slice(0, 8), 'latin1');
  return { high: digest.readUInt32LE(0), low: digest.readUInt32LE(4) };
}

interface Turns {
  take(work: () => Promise<void>): Promise<void>;
}

/** At most so many at a time, the others in the order they came. */
function createTurns(atATime: number): Turns {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async take(work) {
      // Those that are asked for together all know of each other before the first begins.
      await Promise.resolve();
      if (running === atATime) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      try {
        await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running -= 1;
      }
    },
  };
}
