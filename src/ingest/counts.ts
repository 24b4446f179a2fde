/** Counts events by what became of them on the way into the log, whichever way that was. */
import type { AppendResult } from '../log/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Rejection } from './accept.ts';

/** Whose events they are, and how they came. */
export interface Channel {
  readonly source: string;
  readonly channel: 'http' | 'kafka';
}

/** Counts what an append has made durable. Returns how many of it came under a messageId that was another event's. */
export function countStored(
  metrics: Metrics,
  way: Channel,
  records: number,
  { duplicates, conflicts }: AppendResult,
): number {
  const accepted = records - duplicates.length;
  if (accepted > 0) metrics.ingestEvents.count({ ...way, outcome: 'accepted' }, accepted);
  if (duplicates.length > 0) metrics.ingestEvents.count({ ...way, outcome: 'duplicate' }, duplicates.length);
  const reused = conflicts?.length ?? 0;
  if (reused > 0) metrics.ingestConflicts.inc({ source: way.source }, reused);
  return reused;
}

/** Counts events that were turned away, each under its code. */
export function countRejected(
  metrics: Metrics,
  way: Channel,
  rejections: readonly Pick<Rejection, 'outcome'>[],
): void {
  if (rejections.length === 0) return;
  metrics.ingestEvents.inc({ ...way, outcome: 'rejected' }, rejections.length);
  for (const { outcome } of rejections)
    metrics.ingestRejections.inc({ source: way.source, reason: outcome.code });
}
