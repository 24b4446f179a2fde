/** Applies accepted changes later, as Braze does: strictly in the order accepted, each after the same delay. */
import type { Change } from './verdict.ts';

export interface Schedule {
  add(changes: readonly Change[]): void;
  /** Applies everything that waits, now. */
  flush(): void;
  /** Forgets everything that waits. */
  clear(): void;
}

interface Waiting {
  readonly changes: readonly Change[];
  isDone: boolean;
}

/** With a delay of 0, `add` applies at once. Waiting changes do not keep the process alive. */
export function createSchedule(delayMs: number, apply: (change: Change) => void): Schedule {
  let queue: Waiting[] = [];

  function applyUpTo(last: Waiting | undefined): void {
    while (last === undefined || !last.isDone) {
      const waiting = queue.shift();
      if (waiting === undefined) return;
      waiting.isDone = true;
      for (const change of waiting.changes) apply(change);
    }
  }

  return {
    add(changes) {
      if (changes.length === 0) return;
      const waiting = { changes, isDone: false };
      queue.push(waiting);
      if (delayMs === 0) applyUpTo(waiting);
      else setTimeout(applyUpTo, delayMs, waiting).unref();
    },
    flush: () => applyUpTo(undefined),
    clear() {
      for (const waiting of queue) waiting.isDone = true;
      queue = [];
    },
  };
}
