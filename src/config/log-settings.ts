/** The log's settings from its checked members, in either form, and what the schema cannot say about them. */
import type { JsonObject } from '../model/json.ts';
import type { KafkaLogConfig, LogConfig } from './config.ts';
import { type Findings, numberAt, textAt } from './findings.ts';
import { buildConnection } from './kafka-connection.ts';

/** `log` is good only when nothing was found. */
export function buildLog(log: JsonObject, findings: Findings): LogConfig {
  const path = textAt(log, 'path') ?? '';
  const retainHours = numberAt(log, 'retainHours');
  if (log.kind !== 'kafka')
    return { kind: 'embedded', path, maxBytes: numberAt(log, 'maxBytes'), retainHours };
  checkTopics(log, findings);
  return {
    kind: 'kafka',
    path,
    ...buildConnection({ value: log, path: ['log'] }, findings),
    topic: textAt(log, 'topic') ?? '',
    deadLetterTopic: textAt(log, 'deadLetterTopic') ?? '',
    requestTopic: textAt(log, 'requestTopic') ?? '',
    groupPrefix: textAt(log, 'groupPrefix') ?? '',
    createTopics: log.createTopics === true,
    partitions: numberAt(log, 'partitions'),
    replicationFactor: typeof log.replicationFactor === 'number' ? log.replicationFactor : null,
    retainHours,
    compression: compressionOf(log),
    sessionTimeoutMs: numberAt(log, 'sessionTimeoutMs'),
  };
}

function compressionOf({ compression }: JsonObject): KafkaLogConfig['compression'] {
  return compression === 'gzip' || compression === 'none' ? compression : 'zstd';
}

const TOPIC_KEYS = ['topic', 'deadLetterTopic', 'requestTopic'] as const;

/** Each holds records of its own kind. */
function checkTopics(log: JsonObject, { faults }: Findings): void {
  const first = new Map<string, string>();
  for (const key of TOPIC_KEYS) {
    const topic = textAt(log, key);
    if (topic === undefined) continue;
    const earlier = first.get(topic);
    first.set(topic, earlier ?? key);
    if (earlier === undefined) continue;
    const message = `found "${topic}", which log.${earlier} is already, expected a topic of its own`;
    faults.push({ path: ['log', key], message });
  }
}

/** The topics that the log keeps for itself. */
export function ownTopics({ topic, deadLetterTopic, requestTopic }: KafkaLogConfig): readonly string[] {
  return [topic, deadLetterTopic, requestTopic];
}
