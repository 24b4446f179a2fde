/** Counts records whose key is not their person's, and says so once a minute for each subscription. */
import type { Subscription } from '../model/subscription.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const QUIET_MS = 60_000;

const MESSAGE =
  "records are not keyed by their person: that person's events may be delivered out of order; mend the producer, or leave out the subscription's key";

export function createKeyWatch(
  metrics: Pick<Metrics, 'subscriptionKeyMismatches'>,
  logger: Pick<Logger, 'warn'>,
  now: () => number,
): (subscription: Subscription) => void {
  const told = new Map<Subscription, { at: number; records: number }>();
  return (subscription) => {
    const { source, key, topic } = subscription;
    metrics.subscriptionKeyMismatches.inc({ source });
    const last = told.get(subscription) ?? { at: Number.NEGATIVE_INFINITY, records: 0 };
    last.records += 1;
    told.set(subscription, last);
    if (now() - last.at < QUIET_MS) return;
    logger.warn(MESSAGE, {
      code: 'subscription_key_mismatch',
      source,
      topic: String(topic),
      key,
      records: last.records,
    });
    told.set(subscription, { at: now(), records: 0 });
  };
}
