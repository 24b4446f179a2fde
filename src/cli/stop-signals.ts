/** What ends a command that runs on: the first signal stops it in peace, a second one at once, one Ctrl-C counts once. */

export interface StopSignals {
  /** Stops in peace; called once. */
  stop(): void;
  /** Ends the process at once, with a code that is not 0. */
  abort(): void;
  /** Milliseconds. */
  now(): number;
}

/**
 * A terminal sends Ctrl-C to all of its processes, and npm passes its own on: of one press `npm start` makes two SIGINT,
 * a few milliseconds apart.
 */
const ONE_PRESS_MS = 500;

/** The listener of SIGTERM and SIGINT. */
export function createStopSignals({ stop, abort, now }: StopSignals): (signal: NodeJS.Signals) => void {
  let stoppedAt: number | undefined;
  return (signal) => {
    if (stoppedAt === undefined) {
      stoppedAt = now();
      stop();
    } else if (signal !== 'SIGINT' || now() - stoppedAt >= ONE_PRESS_MS) abort();
  };
}

/**
 * SIGHUP: the configuration is to be read again. From the call on it no longer ends the process; one that comes before
 * there is a server to reload waits for it.
 */
export function reloadOnHangup(): { use(reload: () => void): void } {
  let wanted = false;
  let act = () => {
    wanted = true;
  };
  process.on('SIGHUP', () => act());
  return {
    use(reload) {
      act = reload;
      if (wanted) reload();
    },
  };
}

/** Listens for both signals until the process ends. */
export function stopOnSignal(stop: () => void): void {
  const listener = createStopSignals({ stop, abort: () => process.exit(1), now: () => performance.now() });
  process.on('SIGTERM', listener);
  process.on('SIGINT', listener);
}
