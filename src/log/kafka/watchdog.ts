/**
 * Notices a group that has something to read and does not get on, as kafkajs has done after broker restarts: then the
 * process must end, and whoever supervises it starts it again.
 */

export interface Watchdog {
  /** Something was fetched, taken, committed or dealt. */
  progress(): void;
  /** To be called now and then. */
  look(): Promise<void>;
}

export interface WatchdogOptions {
  now(): number;
  /** So long without progress, with something to do. */
  readonly limitMs: number;
  /**
   * Why there is something to do that nobody outside holds up; undefined: nothing, or it is not known. Asked only
   * after a quarter of the time without progress; may ask the brokers.
   */
  behind(): Promise<string | undefined>;
  onStuck(why: string, quietMs: number): void;
}

export function createWatchdog({ now, limitMs, behind, onStuck }: WatchdogOptions): Watchdog {
  let last = now();
  /** Since when there has been something to do, as far as it was looked at. */
  let since: number | undefined;
  let isLooking = false;

  async function look(): Promise<void> {
    const seen = last;
    const why = await behind();
    if (seen !== last) return;
    if (why === undefined) since = undefined;
    else {
      since ??= now();
      const quietMs = now() - Math.max(since, last);
      if (quietMs >= limitMs) onStuck(why, quietMs);
    }
  }

  return {
    progress() {
      last = now();
      since = undefined;
    },
    async look() {
      if (isLooking || now() - last < limitMs / 4) return;
      isLooking = true;
      await look().finally(() => {
        isLooking = false;
      });
    },
  };
}
