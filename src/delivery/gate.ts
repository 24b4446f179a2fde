/**
 * The halt of one destination: nothing new goes while it lasts. The request that hit the fault is the probe: it alone
 * is tried again, every now and then, until Braze answers something else; the others wait for that.
 */
import type { Clock } from '../model/time.ts';

export interface Halt {
  /** Code of docs/errors.md, e.g. `key_refused`. */
  readonly code: string;
  readonly message: string;
}

export interface Gate {
  readonly halted: Halt | undefined;
  /**
   * `holder` was answered with a halt. Resolves when it should try again: as the probe, or since the gate opened.
   * The probe goes early when `isMended` says that something has changed.
   */
  hold(holder: object, halt: Halt, signal: AbortSignal, isMended?: () => boolean): Promise<void>;
  /** `holder` was answered with anything but a halt. */
  pass(holder: object): void;
  /** Not halted, or `holder` is the probe. */
  isOpenTo(holder: object): boolean;
  /** Resolves when the gate is open to `holder`. */
  passage(holder: object, signal: AbortSignal): Promise<void>;
}

/** The first probe; doubled up to the last: soon after a quick mend, rarely over a night. */
const FIRST_PROBE_MS = 5_000;
const LAST_PROBE_MS = 60_000;
/** How often a held probe looks whether something was mended on our side. */
const LOOK_MS = 1_000;

export interface GateOptions {
  readonly clock: Clock;
  /** Told when a halt begins, changes its reason, or ends (undefined). */
  readonly onChange: (halt: Halt | undefined) => void;
  readonly firstProbeMs?: number;
}

export function createGate({ clock, onChange, firstProbeMs = FIRST_PROBE_MS }: GateOptions): Gate {
  let halted: Halt | undefined;
  let probe: object | undefined;
  let probeMs = firstProbeMs;
  let opened = Promise.withResolvers<void>();

  return {
    get halted() {
      return halted;
    },
    async hold(holder, halt, signal, isMended = () => false) {
      probe ??= holder;
      if (probe !== holder) return waitForOpening(signal);
      if (halted?.code !== halt.code || halted.message !== halt.message) onChange(halt);
      halted = halt;
      for (let leftMs = probeMs; leftMs > 0 && !isMended(); leftMs -= LOOK_MS) {
        await clock.delay(Math.min(leftMs, LOOK_MS), signal);
      }
      probeMs = Math.min(probeMs * 2, LAST_PROBE_MS);
    },
    pass(holder) {
      if (probe !== holder) return;
      probe = undefined;
      halted = undefined;
      probeMs = firstProbeMs;
      opened.resolve();
      opened = Promise.withResolvers();
      onChange(undefined);
    },
    isOpenTo,
    async passage(holder, signal) {
      while (!isOpenTo(holder)) await waitForOpening(signal);
    },
  };

  function isOpenTo(holder: object): boolean {
    return probe === undefined || probe === holder;
  }

  async function waitForOpening(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([opened.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}
