/**
 * From a deal of partitions to reading them: where the group stands in each, what the guard against duplicates must know
 * first, and then the member's share. Every question is asked again until it is answered or the epoch is lost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BufferLimits, PartitionBuffer } from './buffers.ts';
import { createBuffer } from './buffers.ts';
import { type CommitEntry, type CommitOutcome, createCommits, placeKey } from './commits.ts';
import type { Epoch, EpochParts } from './epoch.ts';
import { logErrorOf } from './failure.ts';
import type { GroupOffsets, PartitionBounds } from './session-offsets.ts';
import type { DealtPlace } from './session-parts.ts';
import { type Place, placeOf } from './session-places.ts';
import type { KafkaSigns, PartitionPlace } from './signs.ts';
import type { TopicMark } from './topic-marks.ts';

export interface JoinOptions {
  readonly group: string;
  readonly groupId: string;
  /** The topics subscribed to. */
  topics(): readonly string[];
  readonly offsets: GroupOffsets;
  readonly signs: KafkaSigns;
  prepare(places: readonly DealtPlace[], lost: AbortSignal): Promise<void>;
  send(entries: readonly CommitEntry[]): Promise<CommitOutcome>;
  onWarning(message: string): void;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;
/** Failures in a row after which it is told. */
const TOLD_AFTER = 5;
/** A leader that has just been elected may not know the end yet: it is asked twice before the beginning is gone back to. */
const SECOND_LOOK_MS = 2_000;

/**
 * Ahead of a reader: enough for the time until a paused partition is fetched again (some 0.3 s), shared by the
 * partitions, and little enough for a process with many destinations.
 */
const AHEAD = { records: 60_000, bytes: 48 * 1024 * 1024 };
const MOST: BufferLimits = { records: 30_000, bytes: 16 * 1024 * 1024 };
const LEAST: BufferLimits = { records: 5_000, bytes: 4 * 1024 * 1024 };

export function limitsFor(partitions: number): BufferLimits {
  const within = (name: keyof BufferLimits) =>
    Math.max(LEAST[name], Math.min(MOST[name], Math.floor(AHEAD[name] / partitions)));
  return { records: within('records'), bytes: within('bytes') };
}

/** What `ask` answers; undefined once `lost` has fired. */
export async function untilAnswered<T>(
  ask: () => Promise<T>,
  lost: AbortSignal,
  onFailing: (error: unknown) => void,
): Promise<T | undefined> {
  for (let failures = 0; !lost.aborted; ) {
    try {
      const answer = await ask();
      return lost.aborted ? undefined : answer;
    } catch (error) {
      failures += 1;
      if (failures === TOLD_AFTER) onFailing(error);
      const ms = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), MAX_RETRY_MS);
      await sleep(ms, undefined, { signal: lost }).catch(() => undefined);
    }
  }
  return undefined;
}

/** Where a partition begins and ends now; undefined once `lost` has fired. */
export function boundsOf(
  { topic, partition }: PartitionPlace,
  offsets: Pick<GroupOffsets, 'bounds'>,
  lost: AbortSignal,
  onWarning: (message: string) => void,
): Promise<PartitionBounds | undefined> {
  const ask = async (): Promise<PartitionBounds> => {
    const bounds = (await offsets.bounds(topic)).find((each) => each.partition === partition);
    if (bounds === undefined) throw new Error(`the cluster knows no partition ${partition} of ${topic}`);
    return bounds;
  };
  const doing = `where ${topic}/${partition} begins`;
  return untilAnswered(ask, lost, (error) => onWarning(logErrorOf(error, doing).message));
}

export interface JoinedParts extends EpochParts {
  /** Which topics are read, by name. */
  readonly marks: ReadonlyMap<string, TopicMark>;
}

/** Undefined once the epoch is lost. */
export async function partsOf(epoch: Epoch, options: JoinOptions): Promise<JoinedParts | undefined> {
  const { lost } = epoch;
  const failing = (error: unknown): void =>
    options.onWarning(`${logErrorOf(error, `${options.groupId} has joined and cannot begin yet`).message}`);
  const learned = await untilAnswered(() => learnAndPrepare(epoch, options), lost, failing);
  return learned && build(epoch, learned, options);
}

/** One try of both: where a try failed, the topic may be another by the next, or cut, and begin elsewhere. */
async function learnAndPrepare({ places, lost }: Epoch, options: JoinOptions): Promise<Learned> {
  const learned = await learn(places, options, lost);
  const froms = learned.places.map(({ place, at }) => ({
    ...place,
    from: at.progress.watermark,
    mark: learned.marks.get(place.topic) ?? null,
  }));
  await options.prepare(froms, lost);
  return learned;
}

interface Learned {
  readonly places: readonly { readonly place: PartitionPlace; readonly at: Place }[];
  readonly share: number;
  readonly marks: ReadonlyMap<string, TopicMark>;
}

async function learn(
  places: readonly PartitionPlace[],
  options: JoinOptions,
  lost: AbortSignal,
): Promise<Learned> {
  const { offsets, groupId } = options;
  // The topics first: what is committed for one that is deleted meanwhile is told from what is its own.
  const marks = await offsets.marks(groupId, [...new Set(places.map(({ topic }) => topic))]);
  const stored = await offsets.stored(groupId, places);
  const bounds = await boundsOfAll(options);
  const at = (place: PartitionPlace, from: ReadonlyMap<string, PartitionBounds>): Place => {
    const [known, held] = [stored.get(placeKey(place)), from.get(placeKey(place))];
    if (!known || !held) throw new Error(`${placeKey(place)} is not known yet`);
    return placeOf(known, held, marks.get(place.topic) ?? null);
  };
  const isBeyond = (place: PartitionPlace): boolean => at(place, bounds).isBeyond;
  let held = bounds;
  if (places.some(isBeyond)) {
    await sleep(SECOND_LOOK_MS, undefined, { signal: lost });
    held = await boundsOfAll(options);
  }
  return {
    places: places.map((place) => ({ place, at: at(place, held) })),
    share: places.length / held.size,
    marks,
  };
}

async function boundsOfAll({ topics, offsets }: JoinOptions): Promise<ReadonlyMap<string, PartitionBounds>> {
  const all = await Promise.all(
    topics().map(async (topic) =>
      (await offsets.bounds(topic)).map(
        (bounds) => [placeKey({ topic, partition: bounds.partition }), bounds] as const,
      ),
    ),
  );
  return new Map(all.flat());
}

function build(epoch: Epoch, { places, share, marks }: Learned, options: JoinOptions): JoinedParts {
  const { group, signs, send, onWarning } = options;
  const limits = limitsFor(places.length);
  const buffers = new Map<string, PartitionBuffer>();
  const start = new Map<string, Place>();
  for (const { place, at } of places) {
    tell(place, at, options);
    start.set(placeKey(place), at);
    const from = { ...place, resumed: at.progress, highWatermark: at.end };
    buffers.set(placeKey(place), createBuffer(from, limits));
  }
  const commits = createCommits({ group, start, marks, lost: epoch.lost, signs, send, onWarning });
  return { buffers, commits, share, marks };
}

function tell({ topic, partition }: PartitionPlace, { lost, warning }: Place, options: JoinOptions): void {
  const { group, signs, onWarning } = options;
  // How many is not always known: one stands for them.
  if (lost !== undefined && lost !== 0) signs.recordsLost(group, topic, partition, lost ?? 1);
  if (warning !== undefined) onWarning(`${group}, ${topic}/${partition}: ${warning}`);
}
