/** Whether a topic keeps what it acknowledged: what of its settings stops the log, and what its operator should know. */
import { LogError } from '../log-error.ts';
import { checkCodecSetting } from './codec-check.ts';
import { LEAST_MAX_MESSAGE_BYTES } from './outbox-size.ts';
import type { WantedTopic } from './topic-settings.ts';

/** A topic as the brokers describe it. */
export interface FoundTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Of the partition that has fewest. */
  readonly replicas: number;
  /** By Kafka's names; null when this user may not read them. */
  readonly config: ReadonlyMap<string, string> | null;
}

/** The settings that the checks look at. */
export const CHECKED_SETTINGS: readonly string[] = [
  'cleanup.policy',
  'compression.type',
  'max.message.bytes',
  'min.insync.replicas',
  'retention.bytes',
  'retention.ms',
  'unclean.leader.election.enable',
];

const HOUR_MS = 3_600_000;

const hours = (ms: number) => `${Math.round(ms / HOUR_MS)} h`;

/** `LogError` for settings with which the log would lose records, or could not write or read them. */
export function checkUsable({ topic, replicas, config }: FoundTopic, { use }: WantedTopic): void {
  checkCodecSetting(topic, config);
  if (use === 'events' && config?.get('cleanup.policy')?.includes('compact')) {
    throw new LogError(
      'log_unusable',
      `topic ${topic} is compacted, which would keep only the last event of a person: set cleanup.policy=delete`,
    );
  }
  const maxBytes = Number(config?.get('max.message.bytes') ?? LEAST_MAX_MESSAGE_BYTES);
  if (use === 'events' && maxBytes < LEAST_MAX_MESSAGE_BYTES) {
    throw new LogError(
      'log_unusable',
      `topic ${topic} has max.message.bytes=${maxBytes}, too little for an event and what travels with it: set it to ${LEAST_MAX_MESSAGE_BYTES} or more, best to 1048588`,
    );
  }
  const minInSync = Number(config?.get('min.insync.replicas') ?? 1);
  if (minInSync > replicas) {
    throw new LogError(
      'log_unusable',
      `topic ${topic} takes no records: it has ${replicas} replicas and min.insync.replicas=${minInSync}; add replicas, or lower the setting`,
    );
  }
}

/** In plain words: what an operator who cares for every event would change. */
export function warningsAbout(found: FoundTopic, wanted: WantedTopic): readonly string[] {
  if (found.config === null) {
    return [
      `the settings of topic ${found.topic} cannot be read (no DescribeConfigs for this user): whether it keeps what it acknowledged is not checked`,
    ];
  }
  return [replicaWarning(found), uncleanWarning(found), ageWarning(found, wanted), sizeWarning(found)].filter(
    (line) => line !== null,
  );
}

function replicaWarning({ topic, replicas, config }: FoundTopic): string | null {
  if (replicas === 1) {
    return `topic ${topic} has one replica: what was acknowledged is lost with that broker's disk; use a replication factor of 3 and min.insync.replicas=2`;
  }
  if (Number(config?.get('min.insync.replicas') ?? 1) > 1) return null;
  return `topic ${topic} has min.insync.replicas=1: what was acknowledged may stand on one broker alone and be lost with it; set it to 2`;
}

function uncleanWarning({ topic, config }: FoundTopic): string | null {
  if (config?.get('unclean.leader.election.enable') !== 'true') return null;
  return `topic ${topic} has unclean.leader.election.enable=true: a broker that missed records may become the leader, and what was acknowledged is lost; set it to false`;
}

function ageWarning({ topic, config }: FoundTopic, { retainMs, use }: WantedTopic): string | null {
  const keptMs = Number(config?.get('retention.ms') ?? -1);
  if (keptMs < 0 || keptMs >= retainMs || !config?.get('cleanup.policy')?.includes('delete')) return null;
  const loss = use === 'events' ? 'events that are not delivered by then are lost' : 'they are lost then';
  return `topic ${topic} keeps records ${hours(keptMs)}, shorter than the ${hours(retainMs)} that are configured: ${loss}; raise its retention.ms`;
}

function sizeWarning({ topic, config }: FoundTopic): string | null {
  const bytes = Number(config?.get('retention.bytes') ?? -1);
  if (bytes < 0) return null;
  return `topic ${topic} has retention.bytes=${bytes}: when a partition is larger, its oldest records are deleted, delivered or not; set it to -1`;
}
