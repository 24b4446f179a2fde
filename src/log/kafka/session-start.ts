/** Brings a group's consumer to run, and keeps a subscription by pattern up to date with the topics that exist. */
import { logErrorOf } from './failure.ts';
import type { GroupConsumer } from './session-consumer.ts';
import { untilAnswered } from './session-join.ts';
import type { GroupOffsets } from './session-offsets.ts';

export interface Subscription {
  /** What the group reads, once it has started. */
  readonly topics: readonly string[];
  /** Tries until it has subscribed, has failed for good, or `closed` fires. Never rejects. */
  start(): Promise<void>;
  /** To be called now and then: topics that a pattern finds anew are read too. */
  look(): Promise<void>;
  /** Leaves the group and joins it anew, as it stands then. Nothing happens while that is under way. */
  again(): Promise<void>;
}

export interface SubscriptionOptions {
  readonly groupId: string;
  readonly wanted: readonly (string | RegExp)[];
  readonly consumer: Pick<GroupConsumer, 'start' | 'stop'>;
  readonly offsets: Pick<GroupOffsets, 'topics'>;
  readonly closed: AbortSignal;
  now(): number;
  /** Before the group is left to subscribe anew. */
  beforeStop(): Promise<void>;
  onFatal(error: Error): void;
  onWarning(message: string): void;
}

/** New topics are found within it. */
const PATTERN_MS = 30_000;

export function createSubscription(options: SubscriptionOptions): Subscription {
  const { groupId, wanted, consumer, offsets, closed, now, onWarning } = options;
  const hasPattern = wanted.some((topic) => typeof topic !== 'string');
  let topics: readonly string[] = [];
  let lookedAt = now();
  let isStarted = false;

  async function matching(): Promise<readonly string[]> {
    if (!hasPattern) return wanted as readonly string[];
    const existing = await offsets.topics();
    const found = wanted.flatMap((topic) =>
      typeof topic === 'string' ? [topic] : existing.filter((name) => topic.test(name)),
    );
    return [...new Set(found)].sort();
  }

  async function begin(): Promise<void> {
    topics = await matching();
    if (topics.length === 0) onWarning(`${groupId}: no topic matches ${wanted.join(', ')} yet`);
    else await consumer.start(topics);
    isStarted = true;
  }

  /** Waiting does not help where the reason is a setting. */
  function unlessHopeless(error: unknown): void {
    const failure = logErrorOf(error, `${groupId} cannot read`);
    if (failure.code === 'log_unavailable') throw error;
    options.onFatal(failure);
  }

  function start(): Promise<void> {
    const failing = (error: unknown): void =>
      onWarning(logErrorOf(error, `${groupId} cannot begin to read`).message);
    return untilAnswered(() => begin().catch(unlessHopeless), closed, failing);
  }

  async function again(): Promise<void> {
    if (closed.aborted || !isStarted) return;
    isStarted = false;
    await options.beforeStop();
    await consumer.stop();
    await start();
  }

  return {
    get topics() {
      return topics;
    },
    start,
    async look() {
      if (!hasPattern || !isStarted || now() - lookedAt < PATTERN_MS) return;
      lookedAt = now();
      const found = await matching().catch(() => topics);
      if (found.join() !== topics.join()) await again();
    },
    again,
  };
}
