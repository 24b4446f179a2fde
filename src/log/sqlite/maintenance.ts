/** Retention while nothing is written: small steps in the worker, at once while there is more to do, seldom otherwise. */
import type { LogError } from '../log.ts';
import type { StoreClient } from './client.ts';
import type { MaintainResult } from './protocol.ts';

const BUSY_MS = 50;
const IDLE_MS = 2000;

export interface Maintenance {
  stop(): void;
}

export interface MaintenanceEvents {
  readonly onDone: (result: MaintainResult) => void;
  readonly onFailed: (error: LogError) => void;
}

/** Runs until stopped; does not keep the process alive. */
export function startMaintenance(
  client: StoreClient,
  now: () => number,
  events: MaintenanceEvents,
): Maintenance {
  let stopped = false;
  let timer = setTimeout(step, IDLE_MS).unref();

  async function step(): Promise<void> {
    const more = await client.call('maintain', now()).then(finished, failed);
    if (!stopped) timer = setTimeout(step, more ? BUSY_MS : IDLE_MS).unref();
  }

  function finished(result: MaintainResult): boolean {
    events.onDone(result);
    return result.more;
  }

  /** Deleting needs a little room as well; on a full disk it is tried again later. */
  function failed(error: LogError): boolean {
    if (!stopped && error.code === 'log_failing') events.onFailed(error);
    return false;
  }

  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
