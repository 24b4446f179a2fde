/** Reads what one assignment of partitions gives, until it is stopped: each record into the log, then the commit behind it. */
import type { Chunk } from '../log/log.ts';
import type { TopicOwners } from '../model/subscription.ts';
import { createLanes } from './lanes.ts';
import type { IntakeLimits } from './limits.ts';
import { piecesOf } from './pieces.ts';
import type { IntakeSession } from './session.ts';
import type { Store } from './store.ts';
import type { Take } from './take.ts';

export interface RunParts {
  /** Resolved once the group is joined. */
  readonly session: Promise<Pick<IntakeSession, 'read' | 'commit'>>;
  readonly owners: Pick<TopicOwners, 'of'>;
  readonly take: Take;
  readonly store: Store;
  readonly limits: IntakeLimits;
  /** What was read may have been lost on the way: the run is over. */
  readonly onError: (error: unknown) => void;
}

export interface Run {
  /**
   * Reads no more and lets what is on its way into the log get there and be committed, until the deadline. When it
   * resolves nothing is committed any more; what was not is read again by whoever has the partition next.
   */
  stop(deadline: AbortSignal): Promise<void>;
}

export function startRun(parts: RunParts): Run {
  const { owners, take, store, limits } = parts;
  const reading = new AbortController();
  const lanes = createLanes(limits.maxWaitingBytes);
  const givenUp = new AbortController();

  async function move(chunk: Chunk, session: Pick<IntakeSession, 'commit'>): Promise<void> {
    if (reading.signal.aborted) return;
    const { topic, partition, lost } = chunk;
    const subscription = owners.of(topic);
    if (!subscription) throw new Error(`read ${topic}, to which there is no subscription`);
    const over = AbortSignal.any([lost, givenUp.signal]);
    for (const piece of piecesOf(chunk, subscription, take, limits)) {
      if (!(await store(piece, over)) || over.aborted) return;
      await session.commit(topic, partition, piece.progress, 0);
      if (reading.signal.aborted) return;
    }
  }

  async function readAll(): Promise<void> {
    const session = await parts.session;
    for await (const chunk of session.read(reading.signal)) {
      const place = `${chunk.topic}/${chunk.partition}`;
      await lanes.push(place, chunk.bytes, () => move(chunk, session).catch(fail));
    }
    await lanes.idle();
  }

  function fail(error: unknown): void {
    // Whatever follows in the partition must not be committed over what failed.
    reading.abort();
    givenUp.abort();
    parts.onError(error);
  }

  const ended = readAll().catch(fail);
  return {
    async stop(deadline) {
      reading.abort();
      const onDeadline = () => givenUp.abort();
      deadline.addEventListener('abort', onDeadline, { once: true });
      if (deadline.aborted) onDeadline();
      await Promise.race([ended, abortOf(givenUp.signal)]);
      deadline.removeEventListener('abort', onDeadline);
      givenUp.abort();
    },
  };
}

async function abortOf(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
}
