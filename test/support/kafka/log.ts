/** Logs on the shared broker, each with topics and groups of its own, for the contract that every log keeps. */
import { randomUUID } from 'node:crypto';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import { type KafkaLogOptions, REVOKE_MS } from '../../../src/log/kafka/options.ts';
import { NO_SIGNS } from '../../../src/log/kafka/signs.ts';
import type { EventLog } from '../../../src/log/log.ts';
import { type HarnessOptions, type LogHarness, START } from '../log-harness.ts';
import { kafkaBrokers, openScratch } from './shared.ts';

const DAY_MS = 86_400_000;

/** A log's options on these brokers; what is told as fatal fails the test. */
export function kafkaLogOptions(
  brokers: readonly string[],
  more: Partial<KafkaLogOptions> = {},
): KafkaLogOptions {
  const name = `log-${randomUUID().slice(0, 13)}`;
  return {
    connection: { brokers, clientId: 'test', ssl: null, sasl: null },
    topic: `${name}.events`,
    deadLetterTopic: `${name}.dead`,
    requestTopic: `${name}.requests`,
    groupPrefix: name,
    createTopics: true,
    partitions: 1,
    replicationFactor: 1,
    retainHours: 100_000,
    compression: 'none',
    letters: { retainMs: 1e15, maxBytes: 1e15 },
    guardMs: DAY_MS,
    revokeMs: REVOKE_MS,
    now: () => START,
    signs: NO_SIGNS,
    onFatal(error) {
      throw error;
    },
    onWarning: () => undefined,
    tell: () => undefined,
    ...more,
  };
}

/** A crash and a close leave the same behind: what was acknowledged, and nothing of what was under way. */
export function kafkaHarness({ now = () => START, letters }: HarnessOptions = {}): LogHarness {
  const options = kafkaBrokers().then((brokers) =>
    kafkaLogOptions(brokers, { now, ...(letters && { letters }) }),
  );
  const logs: EventLog[] = [];
  const topic = `contract-${randomUUID().slice(0, 13)}`;
  const open = async () => {
    const log = await openKafkaLog({ ...(await options), topic });
    logs.push(log);
    return log;
  };
  const again = async (log: EventLog) => {
    await log.close();
    return open();
  };
  return {
    topic,
    open,
    reopen: again,
    crash: again,
    async dispose() {
      for (const log of logs) await log.close();
      const { deadLetterTopic, requestTopic } = await options;
      const { admin, close } = await openScratch();
      const topics = (await admin.listTopics()).filter((name) =>
        [topic, deadLetterTopic, requestTopic].includes(name),
      );
      await admin.deleteTopics({ topics });
      await close();
    },
  };
}
