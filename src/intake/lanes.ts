/** Work of partitions: in order within one, side by side otherwise, and only so much of it waiting. */

export interface Lanes {
  /** Queues the work behind that of the same place; resolves when there is room for more. */
  push(place: string, bytes: number, work: () => Promise<void>): Promise<void>;
  /** Resolves when nothing waits or runs any more. */
  idle(): Promise<void>;
}

/** @param maxBytes that may wait or run at once; what comes when there is room may go beyond it */
export function createLanes(maxBytes: number): Lanes {
  const ends = new Map<string, Promise<void>>();
  let waiting = 0;

  async function run(before: Promise<void> | undefined, bytes: number, work: () => Promise<void>) {
    try {
      await before;
      await work();
    } finally {
      waiting -= bytes;
    }
  }

  return {
    async push(place, bytes, work) {
      waiting += bytes;
      const end = run(ends.get(place), bytes, work).finally(() => {
        if (ends.get(place) === end) ends.delete(place);
      });
      ends.set(place, end);
      while (waiting > maxBytes) await Promise.race(ends.values());
    },
    async idle() {
      await Promise.all(ends.values());
    },
  };
}
