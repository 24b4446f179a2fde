/** Says in time that the log runs out of room, and which destination keeps it from being freed. */
import type { GroupStanding, LogStats } from '../log/log.ts';

/** The share of `maxBytes` at which there is still time to act, and the one below which it is well again. */
const ALARM_SHARE = 0.8;
const CLEAR_SHARE = 0.75;

const LOOK_MS = 5_000;

export interface LogWatchOptions {
  readonly stats: () => LogStats;
  readonly groups: () => Promise<readonly GroupStanding[]>;
  /** `near`: 80 % is held by what is not delivered, and by dead letters. */
  readonly onChange: (near: boolean) => void;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface LogWatch {
  /** Looks once. Never rejects: a log that does not answer is told elsewhere. */
  look(): Promise<void>;
  stop(): void;
}

/**
 * Looks every 5 s until stopped; does not keep the process alive. An alarm is told once, when it begins. A log without a
 * cap is not looked at: it is its brokers' to hold.
 */
export function watchLogRoom({ stats, groups, onChange, warn }: LogWatchOptions): LogWatch {
  let isNear = false;

  async function look(): Promise<void> {
    const standings = await groups().catch(() => null);
    // A log that does not answer has no more room for it.
    if (!standings) return;
    const slowest = slowestOf(standings);
    const share = heldShare(standings, stats());
    const now = share >= (isNear ? CLEAR_SHARE : ALARM_SHARE);
    if (now === isNear) return;
    isNear = now;
    onChange(now);
    if (now) tell(slowest);
  }

  /** Settled segments do not count: they make room by themselves. */
  function tell(slowest: GroupStanding | undefined): void {
    const { letterBytes } = stats();
    const fields = { code: 'log_near_cap', letterBytes };
    if (!slowest || slowest.bytes < letterBytes) {
      warn('dead letters fill the log to 80 % of log.maxBytes: at the cap senders get 429', fields);
      return;
    }
    const { group, unsettled, bytes } = slowest;
    warn(
      `${group} holds the log at 80 % of log.maxBytes: ${unsettled} events behind, about ${bytes} bytes; at the cap senders get 429`,
      { ...fields, destination: group, events: unsettled, bytes },
    );
  }

  const timer = Number.isFinite(stats().maxBytes) ? setInterval(look, LOOK_MS).unref() : undefined;
  return { look, stop: () => clearInterval(timer) };
}

/** Of `maxBytes`, by the destination that is furthest behind and by dead letters; what is settled makes room by itself. */
export function heldShare(
  groups: readonly GroupStanding[],
  { letterBytes, maxBytes }: Pick<LogStats, 'letterBytes' | 'maxBytes'>,
): number {
  return ((slowestOf(groups)?.bytes ?? 0) + letterBytes) / maxBytes;
}

function slowestOf(groups: readonly GroupStanding[]): GroupStanding | undefined {
  return groups.toSorted((a, b) => b.bytes - a.bytes)[0];
}
