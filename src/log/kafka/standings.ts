/** Where the groups stand on Kafka: asked of the brokers each time, since other processes move them too. */
import {
  type GroupStanding,
  LogError,
  type OffsetRange,
  type PartitionStanding,
  type Progress,
} from '../log.ts';
import type { ForeignTopics } from './attach.ts';
import type { KafkaClient } from './client.ts';
import { placeKey } from './commits.ts';
import { logErrorOf } from './failure.ts';
import { decodeProgress } from './progress-codec.ts';
import type { RangeReader } from './range-reader.ts';
import type { Place, RawMessage } from './record-codec.ts';
import { createGroupOffsets, type PartitionBounds, type StoredOffset } from './session-offsets.ts';
import type { TopicShape } from './topics.ts';

export interface Standings {
  /** Which groups there are: exactly these from now on, without their prefix. */
  know(groups: readonly string[]): void;
  /** By name, with every partition. `bytes` goes by the size of some records; `oldestAt` may be a few seconds old. Rejects with `LogError`. */
  groups(): Promise<readonly GroupStanding[]>;
  close(): Promise<void>;
}

export interface StandingsParts {
  readonly client: KafkaClient;
  readonly reader: RangeReader;
  readonly events: TopicShape;
  /** What every group reads beside the events. */
  readonly direct?: Pick<ForeignTopics, 'topics'>;
  readonly groupPrefix: string;
  readonly now: () => number;
}

/** How old the oldest unsettled record's time may be when the watermark has moved on since. */
const OLDEST_FOR_MS = 5_000;
const PEEK_BYTES = 64 * 1024;
const NEVER = new AbortController().signal;

/** What a group has before it in one partition. */
interface Backlog {
  /** Records from the watermark to the end; those settled between are among them. */
  readonly lag: number;
  readonly unsettled: number;
  readonly bytes: number;
  readonly oldestAt: number | null;
}

const NO_BACKLOG: Backlog = { lag: 0, unsettled: 0, bytes: 0, oldestAt: null };

/** The first records from a watermark on. */
interface Peek {
  readonly watermark: number;
  readonly lookedAt: number;
  /** Null: there are none. */
  readonly oldestAt: number | null;
  readonly recordBytes: number;
}

/** A partition that the groups read, and what it holds. */
type HeldPlace = Place & PartitionBounds;

export function createStandings({
  client,
  reader,
  events,
  direct,
  groupPrefix,
  now,
}: StandingsParts): Standings {
  const offsets = createGroupOffsets(client);
  const peeks = new Map<string, Peek>();
  let known: readonly string[] = [];
  let isClosing = false;

  async function topicsRead(): Promise<readonly string[]> {
    if (direct === undefined || direct.topics.length === 0) return [events.topic];
    const isMeant = (name: string): boolean =>
      direct.topics.some((topic) => (typeof topic === 'string' ? topic === name : topic.test(name)));
    return [events.topic, ...(await offsets.topics()).filter(isMeant)];
  }

  async function heldPlaces(): Promise<readonly HeldPlace[]> {
    const topics = await topicsRead();
    const bounds = await Promise.all(topics.map((topic) => offsets.bounds(topic)));
    return topics.flatMap((topic, index) => (bounds[index] ?? []).map((each) => ({ topic, ...each })));
  }

  async function peekAt(group: string, place: Place, range: OffsetRange): Promise<Peek> {
    const name = `${group}/${placeKey(place)}`;
    const last = peeks.get(name);
    const lookedAt = now();
    const isGood =
      last?.watermark === range.from || (last !== undefined && lookedAt - last.lookedAt < OLDEST_FOR_MS);
    // Where there was none there may be one by now.
    if (last && isGood && last.oldestAt !== null) return last;
    const first = await firstOf(reader, place, range);
    const bytes = first.reduce((sum, message) => sum + bytesOf(message), 0);
    const recordBytes = bytes / Math.max(1, first.length);
    const peek = { watermark: range.from, lookedAt, oldestAt: first[0]?.timestamp ?? null, recordBytes };
    peeks.set(name, peek);
    return peek;
  }

  async function backlogOf(group: string, place: HeldPlace, stored?: StoredOffset): Promise<Backlog> {
    const { first, end } = place;
    const { watermark, settled } = progressFrom(stored ?? NOTHING_STORED, first);
    if (watermark >= end) return NO_BACKLOG;
    const peek = await peekAt(group, place, { from: watermark, to: end });
    // What is left are the marks of transactions.
    if (peek.oldestAt === null) return NO_BACKLOG;
    const unsettled = settled.reduce((open, { from, to }) => open - (to - from), end - watermark);
    const { oldestAt, recordBytes } = peek;
    return { lag: end - watermark, unsettled, bytes: unsettled * recordBytes, oldestAt };
  }

  async function standingOf(group: string, places: readonly HeldPlace[]): Promise<GroupStanding> {
    const stored = await offsets.stored(`${groupPrefix}.${group}`, places);
    const backlogs = await Promise.all(
      places.map((place) => backlogOf(group, place, stored.get(placeKey(place)))),
    );
    return { group, detached: false, ...sumOf(backlogs), partitions: partitionsOf(places, backlogs) };
  }

  async function refresh(): Promise<readonly GroupStanding[]> {
    if (isClosing) throw new LogError('log_closing', 'the log is closing');
    try {
      if (known.length === 0) return [];
      const places = await heldPlaces();
      return await Promise.all(known.map((group) => standingOf(group, places)));
    } catch (error) {
      throw logErrorOf(error, 'asking where the groups stand');
    }
  }

  return {
    know(groups) {
      known = [...groups].sort();
    },
    groups: oneAtATime(refresh),
    async close() {
      isClosing = true;
      await offsets.close().catch(() => undefined);
    },
  };
}

/** Who asks while an answer is awaited shares the next one: slow brokers are not asked more often for being slow. */
function oneAtATime<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    next ??= running.then(() => {
      next = undefined;
      const answer = ask();
      running = answer.catch(() => undefined);
      return answer;
    });
    return next;
  };
}

const NOTHING_STORED: StoredOffset = { offset: -1, metadata: null };

async function firstOf(
  reader: RangeReader,
  { topic, partition }: Place,
  range: OffsetRange,
): Promise<readonly RawMessage[]> {
  for await (const messages of reader.read(topic, partition, { ...range, maxBytes: PEEK_BYTES }, NEVER)) {
    return messages;
  }
  return [];
}

function partitionsOf(places: readonly Place[], backlogs: readonly Backlog[]): PartitionStanding[] {
  return places.map(({ topic, partition }, index) => {
    const { lag, oldestAt } = backlogs[index] ?? NO_BACKLOG;
    return { topic, partition, lag, oldestAt };
  });
}

/** Where retention has passed the group, it stands at the first offset held. */
function progressFrom({ offset, metadata }: StoredOffset, first: number): Progress {
  const { progress } = decodeProgress(offset, metadata);
  if (progress.watermark >= first) return progress;
  const settled = progress.settled.filter(({ to }) => to > first);
  const reached = settled[0];
  if (reached === undefined || reached.from > first) return { watermark: first, settled };
  return { watermark: reached.to, settled: settled.slice(1) };
}

function bytesOf({ key, value }: RawMessage): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}

function sumOf(backlogs: readonly Backlog[]): Omit<GroupStanding, 'group' | 'detached'> {
  const times = backlogs.flatMap(({ oldestAt }) => oldestAt ?? []);
  return {
    unsettled: backlogs.reduce((sum, { unsettled }) => sum + unsettled, 0),
    bytes: Math.round(backlogs.reduce((sum, { bytes }) => sum + bytes, 0)),
    oldestAt: times.length === 0 ? null : Math.min(...times),
  };
}
