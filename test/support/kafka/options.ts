/** Options of a Kafka log for a test: topics and groups of names of its own, small, and quick to end. */
import { randomUUID } from 'node:crypto';
import type { KafkaConnection, KafkaLogOptions } from '../../../src/log/kafka/options.ts';
import { NO_SIGNS } from '../../../src/log/kafka/signs.ts';

const HOUR_MS = 3_600_000;

export function plainConnection(brokers: readonly string[]): KafkaConnection {
  return { brokers, clientId: 'test', ssl: null, sasl: null };
}

/** @param over what a test wants otherwise */
export function kafkaOptions(
  brokers: readonly string[],
  over: Partial<KafkaLogOptions> = {},
): KafkaLogOptions {
  const name = randomUUID().slice(0, 13);
  return {
    connection: plainConnection(brokers),
    topic: `${name}.events`,
    deadLetterTopic: `${name}.dead-letters`,
    requestTopic: `${name}.requests`,
    groupPrefix: name,
    createTopics: true,
    partitions: 3,
    replicationFactor: null,
    retainHours: 168,
    compression: 'none',
    letters: { retainMs: 720 * HOUR_MS, maxBytes: 1024 * 1024 * 1024 },
    guardMs: 24 * HOUR_MS,
    revokeMs: 2_000,
    now: Date.now,
    signs: NO_SIGNS,
    onFatal: (error) => {
      throw error;
    },
    onWarning: () => undefined,
    tell: () => undefined,
    ...over,
  };
}
