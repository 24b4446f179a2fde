/** A broker is ready when it answers as one: by the protocol, since its output says nothing. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { patchRequestTimer } from '../../../src/log/kafka/timer-patch.ts';
import type { KafkaNode } from './node.ts';

/** Three brokers take 10 s on two idle cores, and have taken more than a minute on busy ones. */
const READY_WITHIN_MS = 240_000;
const AGAIN_AFTER_MS = 100;

async function untilReady(
  nodes: readonly KafkaNode[],
  what: string,
  attempt: () => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const ended = nodes.find((node) => node.pid === null);
      if (ended) throw new Error(`broker ${ended.nodeId} ended: ${ended.output()}`);
      if (Date.now() > deadline)
        throw new Error(`${what}: not within ${READY_WITHIN_MS} ms`, { cause: error });
    }
    await delay(AGAIN_AFTER_MS);
  }
}

function clientOf(brokers: string[]): Kafka {
  patchRequestTimer();
  const retry = { retries: 0 };
  return new Kafka({
    brokers,
    clientId: 'ready',
    retry,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2000,
  });
}

/** Resolves when this broker answers and knows of as many brokers as there are to be. */
export function nodeReady(node: KafkaNode, brokers: number): Promise<void> {
  return untilReady([node], `broker ${node.nodeId}`, async () => {
    const admin = clientOf([node.address]).admin();
    try {
      await admin.connect();
      const cluster = await admin.describeCluster();
      if (cluster.brokers.length < brokers) throw new Error(`it knows ${cluster.brokers.length} brokers`);
    } finally {
      await admin.disconnect();
    }
  });
}

/** Resolves when a record was written and read on the cluster, and its coordinators of groups have loaded. */
export async function clusterReady(nodes: readonly KafkaNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => nodeReady(node, nodes.length)));
  const kafka = clientOf(nodes.map((node) => node.address));
  const topic = `ready-${randomUUID()}`;
  await untilReady(nodes, 'the cluster', async () => {
    const admin = kafka.admin();
    const producer = kafka.producer({ createPartitioner: () => () => 0, allowAutoTopicCreation: false });
    try {
      await Promise.all([admin.connect(), producer.connect()]);
      await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
      await producer.send({ topic, messages: [{ value: 'ready' }] });
      const [end] = await admin.fetchTopicOffsets(topic);
      if (Number(end?.high) < 1) throw new Error('the record is not there');
      // Of as many groups that every partition of the offsets topic has answered, as good as surely.
      const groups = Array.from({ length: 16 }, (_, i) => `ready-${i}`);
      await Promise.all(groups.map((groupId) => admin.fetchOffsets({ groupId, topics: [topic] })));
      await admin.deleteTopics({ topics: [topic] });
    } finally {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    }
  });
}
