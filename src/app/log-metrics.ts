/** Brings the metrics about the log up to date: its size, its dead letters, and where the destinations stand in it. */
import type { DeadLettersConfig } from '../config/config.ts';
import type { EventLog, GroupStanding, LetterLimits } from '../log/log.ts';
import { systemClock } from '../model/time.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const DAY_MS = 86_400_000;

export function letterLimits({ retainDays, maxBytes }: DeadLettersConfig): LetterLimits {
  return { retainMs: retainDays * DAY_MS, maxBytes };
}

export function publishLog(log: EventLog, metrics: Metrics): void {
  const { bytes, maxBytes } = log.stats();
  // Kafka keeps its topics by its own rules.
  if (!Number.isFinite(maxBytes)) return;
  metrics.logBytes.set(bytes);
  metrics.logMaxBytes.set(maxBytes);
}

/** @param now ms since the epoch */
export function publishStandings(standings: readonly GroupStanding[], metrics: Metrics, now: number): void {
  metrics.heldBytes.reset();
  metrics.oldestUnsettledAge.reset();
  for (const { group: destination, bytes, oldestAt } of standings) {
    metrics.heldBytes.set({ destination }, bytes);
    metrics.oldestUnsettledAge.set(
      { destination },
      oldestAt === null ? 0 : Math.max(0, now - oldestAt) / 1000,
    );
  }
}

export function publishLetters(log: EventLog, metrics: Metrics, config: DeadLettersConfig): void {
  const { letters, letterBytes, oldestLetterAt, lettersDropped } = log.stats();
  const limits = letterLimits(config);
  metrics.letterCount.reset();
  for (const [destination, count] of letters) metrics.letterCount.set({ destination }, count);
  metrics.letterBytes.set(letterBytes);
  metrics.letterMaxBytes.set(limits.maxBytes);
  const ageMs = oldestLetterAt === null ? 0 : Math.max(0, systemClock.epochMs() - oldestLetterAt);
  metrics.letterOldestAge.set(ageMs / 1000);
  metrics.letterMaxAge.set(limits.retainMs / 1000);
  metrics.lettersDropped.reset();
  for (const [reason, count] of Object.entries(lettersDropped)) metrics.lettersDropped.inc({ reason }, count);
}

/** What the log still has to give. */
export interface Held {
  /** Events without a durable outcome, of all destinations together. */
  readonly undelivered: number;
  readonly letters: number;
}

export async function heldBy(log: Pick<EventLog, 'groups' | 'stats'>): Promise<Held> {
  const groups = await log.groups();
  const letters = [...log.stats().letters.values()];
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  return { undelivered: sum(groups.map(({ unsettled }) => unsettled)), letters: sum(letters) };
}
