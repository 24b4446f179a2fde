/** Time as something passed in, so that tests can hold it still. */
import { setTimeout as wait } from 'node:timers/promises';

export interface Clock {
  /** ms; never goes back, whatever happens to the machine's date. For waits and rates. */
  monotonicMs(): number;
  /** ms since the epoch. For what leaves the process: records, letters, headers. */
  epochMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  delay(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  epochMs: () => Date.now(),
  async delay(ms, signal) {
    // Node warns above 2^31-1 ms and fires at once.
    await wait(Math.min(ms, 2 ** 31 - 1), undefined, { signal });
  },
};
