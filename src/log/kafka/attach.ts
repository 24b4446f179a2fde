/**
 * Gives groups that the cluster does not know a place to begin at, before anybody reads them. A group that has committed
 * anything, or has members, keeps what it has; of two processes that do it at once the lower place stays.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupStart } from '../group-log.ts';
import type { KafkaClient } from './client.ts';
import { placeKey } from './commits.ts';
import { logErrorOf } from './failure.ts';
import { createGroupOffsets, type GroupOffsets } from './session-offsets.ts';

/** `earliest`: the first record that is held. `latest`: what is appended from now on. A number: ms since the epoch. */
export type StartAt = 'earliest' | 'latest' | number;

export interface AttachOptions {
  /** The consumer group of a destination is `<prefix>.<destination>`. */
  readonly prefix: string;
  /** The events' topic. */
  readonly topic: string;
}

/** Rejects with `LogError` when the brokers do not answer. */
export async function attachGroups(
  client: KafkaClient,
  { prefix, topic }: AttachOptions,
  groups: readonly GroupStart[],
): Promise<void> {
  const offsets = createGroupOffsets(client);
  try {
    for (const { group, start } of groups) {
      if (start === 'end') await placeGroup(offsets, `${prefix}.${group}`, [topic], 'latest');
    }
  } finally {
    await offsets.close().catch(() => undefined);
  }
}

/** Topics of somebody else's, and where a group begins in each that it does not know yet. */
export interface ForeignTopics {
  /** A pattern means the topics that exist now; one that comes later is read from its first record on. */
  readonly topics: readonly (string | RegExp)[];
  startOf(topic: string): StartAt;
}

/** Resolves with the topics that are meant now. Rejects with `LogError` when the brokers do not answer. */
export async function startAt(
  client: KafkaClient,
  groupId: string,
  foreign: ForeignTopics,
): Promise<readonly string[]> {
  const { topics, startOf } = foreign;
  const offsets = createGroupOffsets(client);
  try {
    const existing = topics.length > 0 ? await offsets.topics() : [];
    const isMeant = (name: string) =>
      topics.some((topic) => (typeof topic === 'string' ? topic === name : topic.test(name)));
    const meant = existing.filter(isMeant);
    for (const topic of meant) await placeGroup(offsets, groupId, [topic], startOf(topic));
    return meant;
  } catch (error) {
    throw logErrorOf(error, `the beginning of ${groupId}`);
  } finally {
    await offsets.close().catch(() => undefined);
  }
}

/** Coordinators that load, and leaders that are elected, are back in less: some ten seconds. */
const TRIES = 12;
const MAX_WAIT_MS = 1_000;

async function placeGroup(
  offsets: GroupOffsets,
  groupId: string,
  topics: readonly string[],
  start: StartAt,
): Promise<void> {
  // A reader without a place begins at the first record that is held.
  if (start === 'earliest') return;
  for (let tries = 1; ; tries += 1) {
    try {
      await placeOnce(offsets, groupId, topics, start);
      return;
    } catch (error) {
      const failure = logErrorOf(error, `the beginning of ${groupId}`);
      if (tries >= TRIES || failure.code !== 'log_unavailable') throw failure;
      await sleep(Math.min(50 * 2 ** tries, MAX_WAIT_MS));
    }
  }
}

/** A topic by itself: one that was subscribed to later has its own beginning. */
async function placeOnce(
  offsets: GroupOffsets,
  groupId: string,
  topics: readonly string[],
  start: 'latest' | number,
): Promise<void> {
  for (const topic of topics) {
    const bounds = await offsets.bounds(topic);
    const places = bounds.map(({ partition }) => ({ topic, partition }));
    const stored = await offsets.stored(groupId, places);
    // Partitions that were added later begin at their first record: it was written when the group was there.
    if (places.some((place) => (stored.get(placeKey(place))?.offset ?? -1) !== -1)) continue;
    const at = start === 'latest' ? endsOf(bounds) : await offsets.offsetsAt(topic, start);
    const wanted = places.map((place) => ({ ...place, offset: at.get(place.partition) ?? 0 }));
    if (await offsets.place(groupId, wanted)) await placeLowest(offsets, groupId, wanted);
  }
}

/**
 * Another process may have placed the group at the same moment, at a later end: what came between would be skipped. Each
 * looks at what stands then, and the lower place stays. Kafka has no commit on a condition: a process that is held up
 * between its question and its commit for longer than this one takes to look can still come too late.
 */
async function placeLowest(offsets: GroupOffsets, groupId: string, wanted: readonly Wanted[]): Promise<void> {
  const stored = await offsets.stored(groupId, wanted);
  const overwritten = wanted.filter((place) => (stored.get(placeKey(place))?.offset ?? -1) > place.offset);
  if (overwritten.length > 0) await offsets.place(groupId, overwritten);
}

type Wanted = Parameters<GroupOffsets['place']>[1][number];

function endsOf(
  bounds: readonly { readonly partition: number; readonly end: number }[],
): Map<number, number> {
  return new Map(bounds.map(({ partition, end }) => [partition, end]));
}
