/** A log whose records are in memory and whose letters and requests are those of Kafka, over topics in memory. */
import { createKafkaLetters, type KafkaLetters } from '../../../../src/log/kafka/letters.ts';
import { createKafkaRequests, type KafkaRequests } from '../../../../src/log/kafka/requests.ts';
import type { EventLog } from '../../../../src/log/log.ts';
import { createMemoryLog } from '../../../../src/log/memory-log.ts';
import { createMemoryState } from '../../../../src/log/memory-state.ts';
import { EVENTS_TOPIC } from '../../../../src/model/record.ts';
import { type HarnessOptions, type LogHarness, START } from '../../../support/log-harness.ts';
import { createTopics } from './topics-in-memory.ts';

export const LETTER_TOPIC = { topic: 'letters', partitions: 3, maxMessageBytes: 1_000_000 };
export const REQUEST_TOPIC = { topic: 'requests', partitions: 3, maxMessageBytes: 1_000_000 };

/** Roomy limits. */
export const LIMITS = { retainMs: 1e15, maxBytes: 1e12 };

export function composedHarness({ now = () => START, ...options }: HarnessOptions = {}): LogHarness {
  const state = createMemoryState();
  const topics = createTopics();
  const opened: { close(): void }[] = [];

  async function open(): Promise<EventLog> {
    const memory = createMemoryLog({ state, now, ...options });
    const letters = createKafkaLetters({
      ...topics,
      topic: LETTER_TOPIC,
      limits: options.letters ?? LIMITS,
      now,
      append: (topic, records) => memory.append(topic, records),
      onWarning: (message) => {
        throw new Error(message);
      },
    });
    const requests = await createKafkaRequests({
      ...topics,
      topic: REQUEST_TOPIC,
      now,
      assigned: () => undefined,
    });
    opened.push(letters, requests);
    return compose(memory, letters, requests);
  }

  return {
    topic: EVENTS_TOPIC,
    open,
    async reopen(log) {
      await log.close();
      return open();
    },
    crash: open,
    async dispose() {
      for (const each of opened) each.close();
    },
  };
}

function compose(memory: EventLog, letters: KafkaLetters, requests: KafkaRequests): EventLog {
  const { put, stats, close, ...asked } = letters;
  const own: Partial<EventLog> = {
    ...asked,
    newRequestId: requests.newRequestId,
    note: requests.note,
    unfinished: requests.unfinished,
    requests: requests.requests,
    async append(topic, records, more = []) {
      const [result] = await Promise.all([memory.append(topic, records), put(more)]);
      return result;
    },
    /** The letters of a commit that is ignored are not written: the memory knows which. */
    async commit(...commit: Parameters<EventLog['commit']>) {
      await memory.commit(...commit);
      const [, , , , more = []] = commit;
      const taken = await Promise.all(more.map(({ id }) => memory.letter(id)));
      await put(taken.filter((letter) => letter !== undefined));
    },
    stats: () => ({ ...memory.stats(), ...stats() }),
    async close() {
      close();
      requests.close();
      await memory.close();
    },
  };
  return new Proxy(memory, {
    get(target, name) {
      const found: unknown = Reflect.get(own, name) ?? Reflect.get(target, name);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
}
