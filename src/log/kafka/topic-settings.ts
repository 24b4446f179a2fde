/** The settings that the log's own topics are created with, and how they are told to whoever must create them. */
import type { KafkaLogOptions } from './options.ts';

const HOUR_MS = 3_600_000;

/** What an own topic is for; the checks differ. */
export type TopicUse = 'events' | 'dead letters' | 'requests';

export interface WantedTopic {
  readonly topic: string;
  readonly use: TopicUse;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Settings of the topic, by Kafka's names. */
  readonly config: Readonly<Record<string, string>>;
  /** How long its records are wanted, ms. */
  readonly retainMs: number;
}

/** Of a cluster that has as many: one may go without anything lost, and one more without anything acknowledged lost. */
const REPLICAS = 3;

/** A record that two brokers have outlives either; more would stop writes when two of three are away. */
const MIN_IN_SYNC = 2;

/** Letters and notes are kept by key until they are given up, and then by age. */
const COMPACTED = 'compact,delete';

/** @param brokers how many the cluster has */
export function wantedTopics(options: KafkaLogOptions, brokers: number): readonly WantedTopic[] {
  const replicationFactor = options.replicationFactor ?? Math.min(REPLICAS, Math.max(1, brokers));
  const wanted = (topic: string, use: TopicUse, retainMs: number): WantedTopic => ({
    topic,
    use,
    partitions: options.partitions,
    replicationFactor,
    retainMs,
    config: {
      'cleanup.policy': use === 'events' ? 'delete' : COMPACTED,
      'retention.ms': String(Math.ceil(retainMs)),
      'min.insync.replicas': String(Math.min(MIN_IN_SYNC, replicationFactor)),
    },
  });
  const retainMs = options.retainHours * HOUR_MS;
  return [
    wanted(options.topic, 'events', retainMs),
    wanted(options.deadLetterTopic, 'dead letters', options.letters.retainMs),
    wanted(options.requestTopic, 'requests', retainMs),
  ];
}

/** As `kafka-topics --create` takes them. */
export function settingsText({ topic, partitions, replicationFactor, config }: WantedTopic): string {
  const settings = Object.entries(config).map(([name, value]) => `--config ${name}=${value}`);
  return `--topic ${topic} --partitions ${partitions} --replication-factor ${replicationFactor} ${settings.join(' ')}`;
}
