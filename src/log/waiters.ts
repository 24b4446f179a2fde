/** Readers asleep at the log's end: woken all together, or one by one by their signals. */

export interface Waiters {
  /** Resolves at the next `wake`, or when one of the signals fires or has fired. */
  wait(signals: readonly AbortSignal[]): Promise<void>;
  wake(): void;
}

export function createWaiters(): Waiters {
  const waiting = new Set<() => void>();
  return {
    wait(signals) {
      if (signals.some(({ aborted }) => aborted)) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          waiting.delete(done);
          for (const signal of signals) signal.removeEventListener('abort', done);
          resolve();
        };
        for (const signal of signals) signal.addEventListener('abort', done);
        waiting.add(done);
      });
    },
    wake() {
      for (const done of [...waiting]) done();
    },
  };
}
