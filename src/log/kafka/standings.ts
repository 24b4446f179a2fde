/** Where the groups stand on Kafka: asked of the brokers each time, since other processes move them too. */
import type { Admin } from 'kafkajs';
import { type GroupStanding, LogError, type OffsetRange, type Progress } from '../log.ts';
import type { KafkaClient } from './client.ts';
import { logErrorOf } from './failure.ts';
import { decodeProgress } from './progress-codec.ts';
import type { RangeReader } from './range-reader.ts';
import type { RawMessage } from './record-codec.ts';
import type { TopicShape } from './topics.ts';

export interface Standings {
  /** Which groups there are: exactly these from now on, without their prefix. */
  know(groups: readonly string[]): void;
  /** By name. `bytes` goes by the size of some records; `oldestAt` may be a few seconds old. Rejects with `LogError`. */
  groups(): Promise<readonly GroupStanding[]>;
  close(): Promise<void>;
}

export interface StandingsParts {
  readonly client: Pick<KafkaClient, 'kafka'>;
  readonly reader: RangeReader;
  readonly events: TopicShape;
  readonly groupPrefix: string;
  readonly now: () => number;
}

/** How old the oldest unsettled record's time may be when the watermark has moved on since. */
const OLDEST_FOR_MS = 5_000;
const PEEK_BYTES = 64 * 1024;
const NEVER = new AbortController().signal;

/** What a group has before it in one partition. */
interface Backlog {
  readonly unsettled: number;
  readonly bytes: number;
  readonly oldestAt: number | null;
}

const NO_BACKLOG: Backlog = { unsettled: 0, bytes: 0, oldestAt: null };

/** The first records from a watermark on. */
interface Peek {
  readonly watermark: number;
  readonly lookedAt: number;
  /** Null: there are none. */
  readonly oldestAt: number | null;
  readonly recordBytes: number;
}

export function createStandings({ client, reader, events, groupPrefix, now }: StandingsParts): Standings {
  const { topic } = events;
  const partitions = Array.from({ length: events.partitions }, (_, partition) => partition);
  const peeks = new Map<string, Peek>();
  let known: readonly string[] = [];
  let connected: Promise<Admin> | undefined;
  let refreshed: Promise<unknown> = Promise.resolve();
  let isClosing = false;

  function admin(): Promise<Admin> {
    connected ??= connect(client).catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  }

  async function peekAt(group: string, partition: number, range: OffsetRange): Promise<Peek> {
    const name = `${group}/${partition}`;
    const last = peeks.get(name);
    const lookedAt = now();
    const isFresh = last?.oldestAt != null && lookedAt - last.lookedAt < OLDEST_FOR_MS;
    if (last && (isFresh || last.watermark === range.from) && last.oldestAt !== null) return last;
    let first: readonly RawMessage[] = [];
    const peek = { ...range, maxBytes: PEEK_BYTES };
    for await (const messages of reader.read(topic, partition, peek, NEVER)) {
      first = messages;
      break;
    }
    const bytes = first.reduce((sum, message) => sum + bytesOf(message), 0);
    const recordBytes = bytes / Math.max(1, first.length);
    const found = { watermark: range.from, lookedAt, oldestAt: first[0]?.timestamp ?? null, recordBytes };
    peeks.set(name, found);
    return found;
  }

  async function backlogOf(group: string, partition: number, committed: Committed): Promise<Backlog> {
    const { first, end } = await reader.bounds(topic, partition);
    const { watermark, settled } = progressFrom(committed, first);
    if (watermark >= end) return NO_BACKLOG;
    const peek = await peekAt(group, partition, { from: watermark, to: end });
    // What is left are the marks of transactions.
    if (peek.oldestAt === null) return NO_BACKLOG;
    const unsettled = settled.reduce((open, { from, to }) => open - (to - from), end - watermark);
    return { unsettled, bytes: unsettled * peek.recordBytes, oldestAt: peek.oldestAt };
  }

  async function standingOf(group: string): Promise<GroupStanding> {
    const groupId = `${groupPrefix}.${group}`;
    const [committed] = await (await admin()).fetchOffsets({ groupId, topics: [topic] });
    const backlogs = await Promise.all(
      partitions.map((partition) => {
        const own = committed?.partitions.find((each) => each.partition === partition);
        return backlogOf(group, partition, own ?? NOTHING_COMMITTED);
      }),
    );
    return { group, detached: false, ...sumOf(backlogs) };
  }

  async function refresh(): Promise<readonly GroupStanding[]> {
    if (isClosing) throw new LogError('log_closing', 'the log is closing');
    try {
      return await Promise.all(known.map(standingOf));
    } catch (error) {
      throw logErrorOf(error, 'asking where the groups stand');
    }
  }

  return {
    know(groups) {
      known = [...groups].sort();
    },
    groups() {
      // One at a time: a slow broker is not asked more often for being slow.
      const standings = refreshed.then(refresh);
      refreshed = standings.catch(() => undefined);
      return standings;
    },
    async close() {
      isClosing = true;
      await (await connected?.catch(() => undefined))?.disconnect();
    },
  };
}

async function connect({ kafka }: Pick<KafkaClient, 'kafka'>): Promise<Admin> {
  const admin = kafka.admin();
  await admin.connect();
  return admin;
}

/** As the brokers have it: an offset of -1 where the group has none. */
interface Committed {
  readonly offset: string;
  readonly metadata: string | null;
}

const NOTHING_COMMITTED: Committed = { offset: '-1', metadata: null };

/** Where retention has passed the group, it stands at the first offset held. */
function progressFrom({ offset, metadata }: Committed, first: number): Progress {
  const { progress } = decodeProgress(Number(offset), metadata);
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
