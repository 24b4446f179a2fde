/** Logs on the shared broker, each with topics and groups of its own, for the contract that every log keeps. */
import { randomUUID } from 'node:crypto';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import type { EventLog } from '../../../src/log/log.ts';
import { type HarnessOptions, type LogHarness, START } from '../log-harness.ts';
import { kafkaOptions } from './options.ts';
import { kafkaBrokers, openScratch } from './shared.ts';

/** The contract's records are of long ago by the brokers' clock. */
const LONG_HOURS = 100_000;
const KEEP = { retainMs: 1e15, maxBytes: 1e15 };

/** A crash and a close leave the same behind: what was acknowledged, and nothing of what was under way. */
export function kafkaHarness({ now = () => START, letters }: HarnessOptions = {}): LogHarness {
  const topic = `contract-${randomUUID().slice(0, 13)}`;
  const options = kafkaBrokers().then((brokers) =>
    kafkaOptions(brokers, { topic, partitions: 1, retainHours: LONG_HOURS, letters: letters ?? KEEP, now }),
  );
  const logs: EventLog[] = [];
  const open = async () => {
    const log = await openKafkaLog(await options);
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
