/** Follows a topic from its start: every message once, in order per partition; always a little behind, except when asked. */
import { setTimeout as delay } from 'node:timers/promises';
import type { OffsetRange } from '../log.ts';
import type { RangeReader } from './range-reader.ts';
import type { RawMessage } from './record-codec.ts';
import type { TopicShape } from './topics.ts';

export interface Tail {
  /** Resolves when everything has been taken that the topic held at the time of the call. Rejects with `LogError`. */
  catchUp(): Promise<void>;
  /** The offset that is taken next. */
  position(partition: number): number;
}

export interface TailParts {
  readonly reader: Pick<RangeReader, 'read' | 'bounds'>;
  readonly topic: TopicShape;
  /** A message; the next one waits for what it returns. */
  readonly take: (partition: number, message: RawMessage) => Promise<void> | undefined;
  /** The topic's retention has dropped what is below the offset. */
  readonly dropped: (partition: number, offset: number) => void;
  /** Following failed; it goes on by itself. */
  readonly onTrouble: (error: unknown) => void;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

/** So far behind are the figures of letters that other processes wrote, at most; who asks for letters never is. */
const FOLLOW_MS = 5_000;

export function createTail(parts: TailParts): Tail {
  const { reader, topic, signal } = parts;
  const positions = Array.from({ length: topic.partitions }, () => 0);
  const firsts = Array.from({ length: topic.partitions }, () => 0);
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function follow(partition: number): Promise<void> {
    const { first, end } = await reader.bounds(topic.topic, partition);
    if (first > (firsts[partition] ?? 0)) parts.dropped(partition, first);
    firsts[partition] = first;
    const from = Math.max(first, positions[partition] ?? 0);
    if (from < end) await takeAll(partition, { from, to: end });
    signal.throwIfAborted();
    positions[partition] = Math.max(end, positions[partition] ?? 0);
  }

  /** Waits only where there is something to wait for: of 500,000 messages hardly one is in pieces. */
  async function takeAll(partition: number, range: OffsetRange): Promise<void> {
    for await (const messages of reader.read(topic.topic, partition, range, signal)) {
      for (const message of messages) {
        const taking = parts.take(partition, message);
        if (taking !== undefined) await taking;
        positions[partition] = message.offset + 1;
      }
    }
  }

  /** Waits for all of them, so that no partition is followed twice at once. */
  async function followAll(): Promise<void> {
    const all = await Promise.allSettled(positions.map((_, partition) => follow(partition)));
    const failed = all.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  function run(): Promise<void> {
    running = followAll().finally(() => {
      running = undefined;
    });
    return running;
  }

  /** What is under way may have asked for the end before this call: then the next one counts. */
  function catchUp(): Promise<void> {
    if (running === undefined) return run();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return run();
      });
    return next;
  }

  async function followOn(): Promise<void> {
    while (!signal.aborted) {
      await catchUp().catch((error: unknown) => {
        if (!signal.aborted) parts.onTrouble(error);
      });
      await delay(FOLLOW_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  void followOn();
  return { catchUp, position: (partition) => positions[partition] ?? 0 };
}
