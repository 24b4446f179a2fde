/** How much may be read and unsettled: counts records and their bytes; reading waits while it is full. */
export interface Window {
  readonly records: number;
  add(bytes: number): void;
  release(bytes: number): void;
  isFull(): boolean;
  /** Resolves with the next record that is settled, or call of `wake`; rejects with the signal's reason when it aborts. */
  released(signal: AbortSignal): Promise<void>;
  /** Who waits is to look again. */
  wake(): void;
}

export interface WindowLimits {
  readonly records: number;
  readonly bytes: number;
}

export function createWindow(limits: WindowLimits): Window {
  let records = 0;
  let bytes = 0;
  let waiting: PromiseWithResolvers<void> | undefined;
  const wake = () => {
    waiting?.resolve();
    waiting = undefined;
  };
  return {
    get records() {
      return records;
    },
    add(size) {
      records += 1;
      bytes += size;
    },
    release(size) {
      records -= 1;
      bytes -= size;
      wake();
    },
    wake,
    isFull: () => records >= limits.records || bytes >= limits.bytes,
    async released(signal) {
      signal.throwIfAborted();
      waiting ??= Promise.withResolvers();
      const { promise, reject } = waiting;
      const onAbort = () => {
        waiting = undefined;
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      await promise.finally(() => signal.removeEventListener('abort', onAbort));
    },
  };
}
