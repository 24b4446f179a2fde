/** Metrics of the log on Kafka; without it none of them has a series. `group` is the destination, whatever the prefix. */
import { Counter, Gauge, type Registry } from 'prom-client';

export function kafkaMetrics(registry: Registry) {
  const registers = [registry];
  return { ...readingMetrics(registers), ...groupMetrics(registers), ...faultMetrics(registers) };
}

function readingMetrics(registers: Registry[]) {
  return {
    kafkaLag: new Gauge({
      name: 'brazier_kafka_consumer_lag',
      help: 'Records from the watermark to the end of a partition that this process reads; those settled between are among them.',
      labelNames: ['group', 'topic', 'partition'],
      registers,
    }),
    kafkaLagSeconds: new Gauge({
      name: 'brazier_kafka_consumer_lag_seconds',
      help: 'Age of the record at the watermark of a partition that this process reads; 0 without lag.',
      labelNames: ['group', 'topic', 'partition'],
      registers,
    }),
    kafkaMessages: new Counter({
      name: 'brazier_kafka_messages_total',
      help: 'Messages written to a topic; outcome is ok (acknowledged by all replicas in sync) or failed.',
      labelNames: ['topic', 'outcome'],
      registers,
    }),
    kafkaReplicasMissing: new Counter({
      name: 'brazier_kafka_replicas_missing_total',
      help: 'Messages that a topic refused because fewer replicas were in sync than min.insync.replicas, each time that they were tried.',
      labelNames: ['topic'],
      registers,
    }),
  };
}

function groupMetrics(registers: Registry[]) {
  return {
    kafkaAssigned: new Gauge({
      name: 'brazier_kafka_assigned_partitions',
      help: 'Partitions of a group that this process reads.',
      labelNames: ['group'],
      registers,
    }),
    kafkaRebalances: new Counter({
      name: 'brazier_kafka_rebalances_total',
      help: 'How often the partitions of a group were dealt anew.',
      labelNames: ['group'],
      registers,
    }),
    kafkaCommits: new Counter({
      name: 'brazier_kafka_commits_total',
      help: "Commits of progress; outcome is ok, failed (tried again) or lost (the partition was another's by then).",
      labelNames: ['group', 'outcome'],
      registers,
    }),
    kafkaLastProgress: new Gauge({
      name: 'brazier_kafka_last_progress_timestamp_seconds',
      help: 'When a group last got records or committed progress in this process.',
      labelNames: ['group'],
      registers,
    }),
  };
}

function faultMetrics(registers: Registry[]) {
  return {
    kafkaRecordsLost: new Counter({
      name: 'brazier_kafka_records_lost_total',
      help: 'Records that the brokers deleted before the group had read them: the retention is too short for the lag.',
      labelNames: ['group', 'topic', 'partition'],
      registers,
    }),
    kafkaConflicts: new Counter({
      name: 'brazier_kafka_conflicts_total',
      help: 'Records under a known messageId with other content, found when they were read: no repeats, and delivered.',
      labelNames: ['topic'],
      registers,
    }),
    kafkaProgressCut: new Counter({
      name: 'brazier_kafka_progress_cut_total',
      help: 'Settled ranges that did not fit into a commit: a crash would deliver their events again.',
      labelNames: ['group'],
      registers,
    }),
    kafkaCrashes: new Counter({
      name: 'brazier_kafka_crashes_total',
      help: 'Crashes of a reader; restart is true when it began again by itself.',
      labelNames: ['group', 'restart'],
      registers,
    }),
  };
}
