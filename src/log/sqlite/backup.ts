/** The log's end of a copy: asked of the worker, one at a time, ended early when nobody wants it any more. */
import { rmSync } from 'node:fs';
import { LogError } from '../log.ts';
import type { StoreClient } from './client.ts';
import { type CopyResult, copyRunning } from './copy.ts';

export interface Backup {
  /**
   * Copies the log, as it is at one instant, into a new file in the data folder, which is the caller's to take away. The
   * log goes on meanwhile. Rejects with `LogError` backup_failed, also while another copy is made, and when the signal
   * aborts; nothing is left then.
   */
  copy(signal: AbortSignal): Promise<CopyResult>;
  /** Ends a copy that is being made; none is begun from now on. */
  close(): Promise<void>;
}

export function createBackup(client: StoreClient, folder: string): Backup {
  let running: Promise<CopyResult> | undefined;
  let isClosed = false;
  const stop = () => {
    client.call('stopCopy', null).catch(() => undefined);
  };

  async function copyUntil(signal: AbortSignal): Promise<CopyResult> {
    signal.addEventListener('abort', stop, { once: true });
    const result = await client.call('copy', folder).finally(() => signal.removeEventListener('abort', stop));
    if (!signal.aborted) return result;
    rmSync(result.path, { force: true });
    throw new LogError('backup_failed', 'nobody waits for it any more');
  }

  return {
    async copy(signal) {
      if (isClosed || signal.aborted) throw new LogError('backup_failed', 'the server is stopping');
      // Here, since who is refused must not be able to stop the copy of the other.
      if (running) throw copyRunning();
      running = copyUntil(signal).finally(() => {
        running = undefined;
      });
      return running;
    },
    async close() {
      isClosed = true;
      stop();
      await running?.catch(() => undefined);
    },
  };
}
