/** Writes notes however long the brokers are away: delivery must not stop for a broker that restarts. */
import { setTimeout as delay } from 'node:timers/promises';
import { LogError, type LogErrorCode } from '../log-error.ts';
import type { Outbox } from './outbox.ts';
import type { OutMessage } from './record-codec.ts';

/**
 * Resolves with the message's offset when it is durable; with undefined when `lost` fires, and then it may not be
 * written. Rejects with `LogError`, when the log closes.
 */
export type PatientWrite = (
  partition: number,
  message: OutMessage,
  lost: AbortSignal,
) => Promise<number | undefined>;

/** Between attempts: at first, and at most. */
const RETRY_MS = { first: 100, most: 2_000 };

const PASSING: readonly LogErrorCode[] = ['log_unavailable', 'log_full'];

/** Whether waiting helps: brokers come back, and what waits for them goes. */
export function isPassing(error: unknown): error is LogError {
  return error instanceof LogError && PASSING.includes(error.code);
}

export function createPatientWrite(
  outbox: Pick<Outbox, 'send'>,
  topic: string,
  closing: AbortSignal,
): PatientWrite {
  return async (partition, message, lost) => {
    for (let waitMs = RETRY_MS.first; !lost.aborted; waitMs = Math.min(waitMs * 2, RETRY_MS.most)) {
      closing.throwIfAborted();
      try {
        return await outbox.send(topic, partition, [message]);
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
      const signal = AbortSignal.any([lost, closing]);
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  };
}
