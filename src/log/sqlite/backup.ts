/** The log's end of a copy: asked of the worker, ended early when nobody wants it any more. */
import { LogError } from '../log.ts';
import type { StoreClient } from './client.ts';
import type { CopyResult } from './copy.ts';

export interface Backup {
  /**
   * Copies the log, as it is at one instant, into a file in the data folder, which is the caller's to take away. The
   * log goes on meanwhile. Rejects with `LogError` backup_failed, also when the signal aborts; nothing is left then.
   */
  copy(signal: AbortSignal): Promise<CopyResult>;
  /** Ends a copy that is being made; none is begun from now on. */
  close(): Promise<void>;
}

export function createBackup(client: StoreClient, folder: string): Backup {
  let running: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const stop = () => {
    client.call('stopCopy', null).catch(() => undefined);
  };

  return {
    async copy(signal) {
      if (isClosed || signal.aborted) throw new LogError('backup_failed', 'the server is stopping');
      signal.addEventListener('abort', stop, { once: true });
      const copying = client.call('copy', folder);
      running = Promise.allSettled([running, copying]);
      return copying.finally(() => signal.removeEventListener('abort', stop));
    },
    async close() {
      isClosed = true;
      stop();
      await running;
    },
  };
}
