/** The main thread's end of the log's worker: calls in, promises out, answered in the order of the calls. */
import { type Transferable, Worker } from 'node:worker_threads';
import { LogError } from '../log.ts';
import { failing } from './errors.ts';
import type { AnswerMessage, CallMessage, StoreCall, StoreCalls } from './protocol.ts';

export interface StoreClient {
  /** Rejects with `LogError`. The buffers of `transfer` are gone from this side afterwards. */
  call<K extends StoreCall>(
    call: K,
    arg: StoreCalls[K]['arg'],
    transfer?: Transferable[],
  ): Promise<StoreCalls[K]['result']>;
  /** Ends the thread; calls that are still out reject. */
  end(): Promise<void>;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: LogError): void;
}

/** Starts the thread. A thread that dies by itself rejects every call with `log_failing`, from then on. */
export function startStoreWorker(): StoreClient {
  const worker = new Worker(new URL('./start-worker.cjs', import.meta.url), { name: 'brazier-log' });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let gone: LogError | undefined;

  function lose(error: LogError): void {
    gone ??= error;
    for (const { reject } of waiting.values()) reject(gone);
    waiting.clear();
  }

  worker.on('message', (answer: AnswerMessage) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) call?.resolve(answer.result);
    else call?.reject(new LogError(answer.code, answer.message));
  });
  worker.on('error', (error) => lose(failing(`its thread ended: ${String(error)}`, error)));
  worker.on('exit', () => lose(failing('its thread ended')));

  return {
    call<K extends StoreCall>(call: K, arg: StoreCalls[K]['arg'], transfer: Transferable[] = []) {
      if (gone !== undefined) return Promise.reject(gone);
      const id = nextId++;
      return new Promise<StoreCalls[K]['result']>((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
        const message: CallMessage = { id, call, arg };
        worker.postMessage(message, transfer);
      });
    },
    async end() {
      await worker.terminate();
    },
  };
}
