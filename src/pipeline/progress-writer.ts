/**
 * Makes progress durable, continuously: what settled during the last commit is the next one. A rejected record's dead
 * letter rides in the same commit, so the watermark never passes a letter that is not stored.
 */
import { type EventLog, LogError } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';
import type { Clock } from '../model/time.ts';
import type { Watermark } from './watermark.ts';

/** One partition while this process has it. */
export interface Partition {
  readonly topic: string;
  readonly partition: number;
  readonly watermark: Watermark;
}

export interface ProgressWriter {
  /** The partition's progress has moved; `letter` is to be stored with it. */
  moved(partition: Partition, letter?: DeadLetter): void;
  /**
   * Resolves when everything moved before this call is durable. Rejects when a commit failed, and from then on always:
   * a later one would pass the letters of the one that failed.
   */
  flush(): Promise<void>;
}

export interface ProgressWriterOptions {
  readonly log: Pick<EventLog, 'commit'>;
  readonly group: string;
  readonly clock: Clock;
  /** Ends the waiting for a full disk. */
  readonly signal: AbortSignal;
  /** The disk is full: tried again until it is not; delivery waits meanwhile. */
  readonly onDiskFull: (error: LogError) => void;
}

/** Many settled ranges are written rarely: each commit writes them all, 3 bytes a range. One more ms for each so many. */
const RANGES_PER_MS = 1_000;

/** How often a commit that found the disk full is tried again. */
const DISK_FULL_RETRY_MS = 1_000;

export function createProgressWriter(options: ProgressWriterOptions): ProgressWriter {
  let dirty = new Map<Partition, DeadLetter[]>();
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let failed: Promise<never> | undefined;
  return {
    moved(partition, letter) {
      const letters = dirty.get(partition) ?? [];
      if (letter) letters.push(letter);
      dirty.set(partition, letters);
    },
    flush() {
      if (failed) return failed;
      if (!running) return start();
      next ??= running.then(start);
      return next;
    },
  };

  function start(): Promise<void> {
    next = undefined;
    running = commitAll().then(
      () => {
        running = undefined;
      },
      (error: unknown) => {
        failed = Promise.reject(error);
        return failed;
      },
    );
    return running;
  }

  /** A stop does not wait for it. */
  function rest(ms: number): Promise<void> {
    return options.clock.delay(ms, options.signal).catch(() => undefined);
  }

  async function commitAll(): Promise<void> {
    const moved = dirty;
    dirty = new Map();
    await Promise.all([...moved].map(([partition, letters]) => commit(partition, letters)));
  }

  async function commit({ topic, partition, watermark }: Partition, letters: DeadLetter[]): Promise<void> {
    const progress = watermark.progress();
    for (;;) {
      try {
        await options.log.commit(options.group, topic, partition, progress, letters);
        const restMs = Math.floor(progress.settled.length / RANGES_PER_MS);
        return restMs > 0 ? await rest(restMs) : undefined;
      } catch (error) {
        if (!(error instanceof LogError) || error.code !== 'disk_full') throw error;
        options.onDiskFull(error);
        await options.clock.delay(DISK_FULL_RETRY_MS, options.signal);
      }
    }
  }
}
