/** What the log on Kafka tells the metrics. */
import type { KafkaSigns } from '../log/kafka/signs.ts';
import type { GroupStanding } from '../log/log.ts';
import { systemClock } from '../model/time.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** @param now ms since the epoch */
export function kafkaSigns(metrics: Metrics, now: () => number = systemClock.epochMs): KafkaSigns {
  const moved = (group: string) => metrics.kafkaLastProgress.set({ group }, now() / 1000);
  return {
    rebalanced: (group) => metrics.kafkaRebalances.inc({ group }),
    assigned: (group, partitions) => metrics.kafkaAssigned.set({ group }, partitions.length),
    committed(group, outcome) {
      metrics.kafkaCommits.inc({ group, outcome });
      if (outcome === 'ok') moved(group);
    },
    recordsLost: (group, topic, partition, count) =>
      metrics.kafkaRecordsLost.inc({ group, topic, partition }, count),
    crashed: (group, restart) => metrics.kafkaCrashes.inc({ group, restart: String(restart) }),
    conflicted: (topic) => metrics.kafkaConflicts.inc({ topic }),
    progressCut: (group, ranges) => metrics.kafkaProgressCut.inc({ group }, ranges),
    fetched(group, records) {
      if (records > 0) moved(group);
    },
    produced: (topic, outcome, records) => metrics.kafkaMessages.inc({ topic, outcome }, records),
    replicasMissing: (topic, records) => metrics.kafkaReplicasMissing.inc({ topic }, records),
  };
}

/**
 * How far behind this process is in what it reads: partitions that are not its any more have no series from then on.
 * @param now ms since the epoch
 */
export function publishLag(standings: readonly GroupStanding[], metrics: Metrics, now: number): void {
  metrics.kafkaLag.reset();
  metrics.kafkaLagSeconds.reset();
  for (const { group, partitions = [] } of standings) {
    for (const { topic, partition, lag, oldestAt } of partitions) {
      const labels = { group, topic, partition };
      metrics.kafkaLag.set(labels, lag);
      metrics.kafkaLagSeconds.set(labels, oldestAt === null ? 0 : Math.max(0, now - oldestAt) / 1000);
    }
  }
}
