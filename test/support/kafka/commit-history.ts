/** Every offset commit of a group in the order in which the broker took them, read where it keeps them itself. */
import { createKafkaClient } from '../../../src/log/kafka/client.ts';
import { createRangeReader } from '../../../src/log/kafka/range-reader.ts';
import { plainConnection } from './options.ts';

/** Kafka's own topic of commits and of members. */
const TOPIC = '__consumer_offsets';

export interface OffsetCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface CommitHistory {
  /** Those taken since it was opened. */
  commits(groupId: string): Promise<readonly OffsetCommit[]>;
  close(): Promise<void>;
}

export async function openCommitHistory(brokers: readonly string[]): Promise<CommitHistory> {
  const client = createKafkaClient(plainConnection(brokers), () => undefined);
  const admin = client.kafka.admin();
  await admin.connect();
  const reader = createRangeReader(client, { mayBeCompacted: () => true });
  const begun = new Map((await ends()).map(({ partition, end }) => [partition, end]));
  const never = new AbortController().signal;

  async function ends() {
    const offsets = await admin.fetchTopicOffsets(TOPIC);
    return offsets.map(({ partition, high }) => ({ partition, end: Number(high) }));
  }

  async function* records() {
    for (const { partition, end } of await ends()) {
      const range = { from: begun.get(partition) ?? 0, to: end };
      for await (const messages of reader.read(TOPIC, partition, range, never)) yield* messages;
    }
  }

  return {
    async commits(groupId) {
      const found: OffsetCommit[] = [];
      for await (const { key, value } of records()) {
        const commit = key && value && commitIn(Buffer.from(key), Buffer.from(value));
        if (commit && commit.groupId === groupId) found.push(commit);
      }
      return found;
    },
    async close() {
      await reader.close();
      await admin.disconnect();
    },
  };
}

/** Kafka's OffsetCommitKey, versions 0 and 1, and the beginning of its OffsetCommitValue; other records are of members. */
function commitIn(key: Buffer, value: Buffer): (OffsetCommit & { readonly groupId: string }) | undefined {
  if (key.readInt16BE(0) > 1) return undefined;
  const group = textAt(key, 2);
  const topic = textAt(key, group.end);
  const at = { topic: topic.text, partition: key.readInt32BE(topic.end) };
  return { groupId: group.text, ...at, offset: Number(value.readBigInt64BE(2)) };
}

function textAt(buffer: Buffer, at: number): { readonly text: string; readonly end: number } {
  const end = at + 2 + buffer.readInt16BE(at);
  return { text: buffer.toString('utf8', at + 2, end), end };
}

/** Commits that took a partition back behind an earlier one. */
export function backwardIn(commits: readonly OffsetCommit[]): OffsetCommit[] {
  const highest = new Map<string, number>();
  return commits.filter(({ topic, partition, offset }) => {
    const place = `${topic}/${partition}`;
    const before = highest.get(place) ?? 0;
    highest.set(place, Math.max(before, offset));
    return offset < before;
  });
}
