/**
 * Asks the leader of a partition, over connections of its own that are made when they are first needed: through changes of
 * leader, lost connections and broker restarts, for so long as they may take. Whoever asks gets an answer or a `LogError`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LogError } from '../log-error.ts';
import type { KafkaClient } from './client.ts';
import { logErrorOf } from './failure.ts';
import type { RawBroker } from './internals.ts';
import type { Place } from './record-codec.ts';

export interface Leaders {
  /**
   * What `ask` gets of the partition's leader. Rejects with the signal's reason when that fires, else with `LogError`:
   * `log_unavailable` when no leader answered for `giveUpMs`, `log_closing`.
   */
  ask<T>(place: Place, ask: (leader: RawBroker) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Ends what is being asked, and the connections. */
  close(): Promise<void>;
}

/** A broker starts in some 5 s and a leader is elected within as many: tried for longer than both. */
export const GIVE_UP_MS = 30_000;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;
/** kafkajs waits for requests under way before it disconnects; reads have nothing to lose. */
const CLOSE_MS = 1_000;

/** Not marked as such by kafkajs, yet over by themselves: a broker that starts, a connection that takes its time. */
const PASSING = ['BROKER_NOT_AVAILABLE', 'KafkaJSLockTimeout', 'KafkaJSNumberOfRetriesExceeded'];

class NoLeader extends Error {
  readonly retriable = true;
}

export function createLeaders(client: KafkaClient, giveUpMs = GIVE_UP_MS): Leaders {
  const closing = new AbortController();
  const clusters = new Map<string, TopicCluster>();

  function clusterOf(topic: string): TopicCluster {
    const known = clusters.get(topic);
    if (known) return known;
    const cluster = createTopicCluster(client, topic);
    clusters.set(topic, cluster);
    return cluster;
  }

  async function askOnce<T>(
    cluster: TopicCluster,
    partition: number,
    ask: (leader: RawBroker) => Promise<T>,
  ): Promise<T> {
    try {
      return await ask(await cluster.leaderOf(partition));
    } catch (error) {
      cluster.doubt();
      throw error;
    } finally {
      // A connection may have been made while all of them were being closed.
      if (closing.signal.aborted) cluster.disconnect().catch(() => undefined);
    }
  }

  return {
    async ask(place, ask, signal) {
      const cluster = clusterOf(place.topic);
      const patience = createPatience(giveUpMs, [signal, closing.signal]);
      try {
        for (;;) {
          try {
            return await unlessAborted(askOnce(cluster, place.partition, ask), patience.ends);
          } catch (error) {
            signal.throwIfAborted();
            if (closing.signal.aborted) throw new LogError('log_closing', 'the log is closing');
            patience.bear(error, place);
          }
          await patience.wait();
        }
      } finally {
        patience.end();
      }
    },
    async close() {
      closing.abort();
      const closed = Promise.allSettled([...clusters.values()].map((cluster) => cluster.disconnect()));
      await Promise.race([closed, pause(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}

/** Connections for one topic: kafkajs gives metadata of all topics that it was asked about or of none, and one may go. */
interface TopicCluster {
  leaderOf(partition: number): Promise<RawBroker>;
  /** What it knows may be the reason for a failure. */
  doubt(): void;
  disconnect(): Promise<void>;
}

function createTopicCluster(client: KafkaClient, topic: string): TopicCluster {
  const cluster = client.newCluster();
  let connecting: Promise<void> | undefined;
  let isDoubted = false;

  async function connect(): Promise<void> {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
  }

  return {
    async leaderOf(partition) {
      connecting ??= connect().catch((error: unknown) => {
        connecting = undefined;
        throw error;
      });
      await connecting;
      if (isDoubted) await cluster.refreshMetadata();
      else await cluster.refreshMetadataIfNecessary();
      isDoubted = false;
      const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      if (nodeId === undefined) throw new NoLeader(`the cluster knows no partition ${partition} of ${topic}`);
      return cluster.findBroker({ nodeId });
    },
    doubt() {
      isDoubted = true;
    },
    disconnect: () => cluster.disconnect(),
  };
}

interface Patience {
  /** What ends the waiting for an answer: the signals, and having waited for too long. */
  readonly ends: readonly AbortSignal[];
  /** Throws what it makes of the failure when that will not pass, or has not for too long. */
  bear(error: unknown, place: Place): void;
  /** Longer each time; until one of the ends. */
  wait(): Promise<void>;
  end(): void;
}

function createPatience(giveUpMs: number, signals: readonly AbortSignal[]): Patience {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${giveUpMs} ms`)), giveUpMs);
  const ends = [...signals, deadline.signal];
  let failure: unknown;
  let waitMs = FIRST_WAIT_MS;
  return {
    ends,
    bear(error, { topic, partition }) {
      // What the deadline cut short may have failed before, for a better reason.
      if (failure === undefined || !deadline.signal.aborted) failure = error;
      if (deadline.signal.aborted || !isPassing(failure)) {
        throw logErrorOf(failure, `reading partition ${partition} of ${topic}`);
      }
    },
    async wait() {
      const waited = waitMs;
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      await pause(waited, undefined, { signal: AbortSignal.any([...ends]) }).catch(() => undefined);
    },
    end: () => clearTimeout(timer),
  };
}

/** Rejects with the reason of the first signal that fires; the work goes on unheard. */
function unlessAborted<T>(work: Promise<T>, signals: readonly AbortSignal[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      for (const signal of signals) signal.removeEventListener('abort', stop);
    };
    const stop = (): void => {
      leave();
      reject(signals.find(({ aborted }) => aborted)?.reason);
    };
    for (const signal of signals) signal.addEventListener('abort', stop);
    work.finally(leave).then(resolve, reject);
    if (signals.some(({ aborted }) => aborted)) stop();
  });
}

/** Errors are wrapped a few times, at worst in themselves. */
const DEEPEST_CAUSE = 8;

/** Whether it may go by itself: what kafkajs says of it or of what caused it. */
function isPassing(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < DEEPEST_CAUSE && cause instanceof Error; depth += 1) {
    const { retriable, type = '', name } = cause as Error & { retriable?: boolean; type?: string };
    if (retriable === true || PASSING.includes(type) || PASSING.includes(name)) return true;
    cause = cause.cause;
  }
  return false;
}
