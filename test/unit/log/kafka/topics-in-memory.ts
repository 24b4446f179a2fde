/** Topics in memory, behind the interfaces that the parts of the Kafka log write and read by; they can be compacted and cut. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Outbox } from '../../../../src/log/kafka/outbox.ts';
import type { RangeReader } from '../../../../src/log/kafka/range-reader.ts';
import type { OutMessage, RawMessage } from '../../../../src/log/kafka/record-codec.ts';
import { LogError } from '../../../../src/log/log.ts';

interface Partition {
  first: number;
  end: number;
  messages: RawMessage[];
}

export interface TopicsInMemory {
  readonly outbox: Outbox;
  readonly reader: RangeReader;
  partition(topic: string, partition: number): Partition;
  /** So many sends fail from now on, nothing of them written. */
  failSends(count: number): void;
  /** The next send is refused for good. */
  refuseSend(): void;
  /** Keeps of each key the last message alone, and tombstones as they are. */
  compact(topic: string): void;
  /** As the topic's retention does. */
  cut(topic: string, partition: number, first: number): void;
  /** Messages handed out by reads so far. */
  readonly handedOut: number;
}

export function createTopics(): TopicsInMemory {
  const partitions = new Map<string, Partition>();
  let failing = 0;
  let isRefusing = false;
  let handedOut = 0;

  function partitionOf(topic: string, partition: number): Partition {
    const name = `${topic}/${partition}`;
    const known = partitions.get(name) ?? { first: 0, end: 0, messages: [] };
    partitions.set(name, known);
    return known;
  }

  const outbox: Outbox = {
    waitingBytes: 0,
    async send(topic, partition, messages) {
      if (isRefusing) {
        isRefusing = false;
        await turn();
        throw new LogError('log_unusable', 'no ACL');
      }
      if (failing > 0) {
        failing -= 1;
        await turn();
        throw new LogError('log_unavailable', 'no broker');
      }
      const into = partitionOf(topic, partition);
      const first = into.end;
      for (const message of messages) into.messages.push(stored(message, into.end++));
      await turn();
      return first;
    },
    close: async () => undefined,
  };

  const reader: RangeReader = {
    async *read(topic, partition, { from, to }, signal) {
      const { messages } = partitionOf(topic, partition);
      const wanted = messages.filter(({ offset }) => from <= offset && offset < to);
      for (let at = 0; at < wanted.length; at += 3) {
        await turn();
        if (signal.aborted) return;
        const piece = wanted.slice(at, at + 3);
        handedOut += piece.length;
        yield piece;
      }
    },
    async bounds(topic, partition) {
      await turn();
      const { first, end } = partitionOf(topic, partition);
      return { first, end };
    },
    async offsetAt(topic, partition, timestamp) {
      const { messages, end } = partitionOf(topic, partition);
      return messages.find((message) => message.timestamp >= timestamp)?.offset ?? end;
    },
    close: async () => undefined,
  };

  return {
    outbox,
    reader,
    partition: partitionOf,
    failSends(count) {
      failing = count;
    },
    refuseSend() {
      isRefusing = true;
    },
    compact(topic) {
      for (const [name, partition] of partitions) {
        if (!name.startsWith(`${topic}/`)) continue;
        const last = new Map(partition.messages.map(({ key, offset }) => [key?.toString(), offset]));
        partition.messages = partition.messages.filter(
          ({ key, offset }) => last.get(key?.toString()) === offset,
        );
      }
    },
    cut(topic, partition, first) {
      const held = partitionOf(topic, partition);
      held.first = first;
      held.messages = held.messages.filter(({ offset }) => offset >= first);
    },
    get handedOut() {
      return handedOut;
    },
  };
}

function stored({ key, value, headers, timestamp }: OutMessage, offset: number): RawMessage {
  return {
    offset,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
    timestamp,
  };
}
