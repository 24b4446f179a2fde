/** Three brokers of which some go: their partitions, groups and controllers move, and nothing of what was promised with them. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { createOutbox } from '../../src/log/kafka/outbox.ts';
import { NO_SIGNS } from '../../src/log/kafka/signs.ts';
import { prepareTopics } from '../../src/log/kafka/topics.ts';
import { UNDER_WAY } from '../support/harness.ts';
import { type KafkaCluster, startKafka } from '../support/kafka/broker.ts';
import {
  asking,
  controllerOf,
  coordinatorOf,
  expectRefused,
  leaderOf,
  PROBE,
  startProbes,
} from '../support/kafka/faults.ts';
import { kafkaOptions, plainConnection } from '../support/kafka/options.ts';
import { describeKafka } from '../support/kafka/shared.ts';
import { type Workforce, withWorkers } from '../support/kafka/workers.ts';

const PARTITIONS = 3;
const load = {
  lanes: 4,
  peoplePerLane: 10,
  eventsPerBatch: 5,
  batchesPerLane: Number.POSITIVE_INFINITY,
  restMs: 100,
};
const ROW_WITHIN_MS = 300_000;
const GETS_ON = { timeout: 60_000, interval: 100 };
const TOO_FEW_MS = 10_000;

/** What the two workers had under way, and what they had not committed yet. */
const mayDouble = () => 4 * UNDER_WAY;

const deliveredBy = ({ sandbox }: Workforce) =>
  sandbox.requests().filter(({ status }) => status === 201).length;

/** Something that is sent from now on is taken, and something more delivered; after how many ms. */
async function getsOn(workforce: Workforce): Promise<number> {
  const { producer } = workforce;
  const from = performance.now();
  const taken = producer.acknowledged.size;
  await vi.waitFor(() => expect(producer.acknowledged.size, 'taken').toBeGreaterThan(taken), GETS_ON);
  const before = deliveredBy(workforce);
  await vi.waitFor(() => expect(deliveredBy(workforce), 'delivered').toBeGreaterThan(before + 1), GETS_ON);
  return Math.round(performance.now() - from);
}

describeKafka(
  'three brokers',
  () => {
    let kafka: KafkaCluster;
    let brokers: string[];
    beforeAll(async () => {
      kafka = await startKafka({ brokers: 3, heapMb: 256 });
      brokers = kafka.brokers;
    }, 300_000);
    afterAll(() => kafka?.stop(), 60_000);

    /** While these brokers are away, one after the other: a stopped one hands its partitions over and leaves the replicas in sync. */
    async function without<T>(
      nodeIds: readonly number[],
      end: 'stop' | 'kill',
      body: () => Promise<T>,
    ): Promise<T> {
      for (const id of nodeIds) await kafka.node(id)[end]();
      try {
        return await body();
      } finally {
        await Promise.all(nodeIds.map((id) => kafka.restart(id)));
      }
    }

    it('topics get three replicas of which two must have a record, and with a broker away the log starts all the same', {
      timeout: ROW_WITHIN_MS,
    }, async () => {
      const warnings: string[] = [];
      const log = kafkaOptions(brokers, { onWarning: (line) => warnings.push(line) });
      const prepare = () =>
        prepareTopics(
          createKafkaClient(log.connection, () => undefined),
          log,
        );
      await prepare();
      expect(warnings).toEqual([]);
      const { topics } = await asking(brokers, (admin) => admin.fetchTopicMetadata({ topics: [log.topic] }));
      expect(topics[0]?.partitions.map(({ replicas }) => replicas.length)).toEqual([3, 3, 3]);
      await without([2], 'kill', () =>
        expect(prepare()).resolves.toMatchObject({ events: { partitions: 3 } }),
      );
      await kafka.ready();
    });

    const options = (log = {}) => ({
      brokers,
      load,
      log: { replicationFactor: 3, partitions: PARTITIONS, ...log },
      notJudged: [PROBE],
      mayDouble,
    });

    /** Names groups so that this broker coordinates the destination's. */
    async function prefixAt(nodeId: number): Promise<string> {
      for (let n = 0; ; n += 1) {
        const prefix = `at-${nodeId}-${n}`;
        if ((await coordinatorOf(brokers, `${prefix}.braze`)) === nodeId) return prefix;
      }
    }

    /** The outbox says why. */
    async function expectTooFew(topic: string): Promise<void> {
      const client = createKafkaClient(plainConnection(brokers), () => undefined);
      const told: string[] = [];
      const signs = { ...NO_SIGNS, replicasMissing: (name: string) => void told.push(name) };
      const own = { compression: 'none', signs, giveUpMs: 4_000, topics: [] } as const;
      const outbox = await createOutbox(client, own);
      const message = { key: null, value: Buffer.of(), headers: {}, timestamp: Date.now() };
      await expect(outbox.send(topic, 0, [message])).rejects.toMatchObject({
        message: expect.stringMatching(/fewer replicas are in sync than min\.insync\.replicas asks for/),
      });
      expect(told).toContain(topic);
      await outbox.close();
    }

    it('row 14: a leader is stopped, another lets go of its partition: nothing is lost, no commit goes back', {
      timeout: ROW_WITHIN_MS,
    }, async () => {
      await withWorkers(options(), async (workforce) => {
        const { topic, groupId } = workforce;
        await workforce.dealt();
        await getsOn(workforce);
        // It leads one of the three partitions, and its commits are asked of another from then on.
        const stopped = await coordinatorOf(brokers, groupId);
        const [stoppedMs, leader] = await without([stopped], 'stop', async () => [
          await getsOn(workforce),
          await leaderOf(brokers, topic, 0),
        ]);
        expect(leader).not.toBe(stopped);
        const replicas = [1, 2, 3].filter((id) => id !== leader);
        const topics = [{ topic, partitionAssignment: [{ partition: 0, replicas }] }];
        await asking(brokers, (admin) => admin.alterPartitionReassignments({ topics }));
        await vi.waitFor(async () => expect(replicas).toContain(await leaderOf(brokers, topic, 0)), GETS_ON);
        const movedMs = await getsOn(workforce);
        const rebalances = await workforce.metric('brazier_kafka_rebalances_total');
        console.log({ row: 14, stoppedMs, movedMs, rebalances });
        await workforce.producer.stop();
      });
    });

    it('row 16: the broker that coordinates the group and is the controller is killed: the group finds together again', {
      timeout: ROW_WITHIN_MS,
    }, async () => {
      const controller = await controllerOf(brokers);
      await withWorkers(options({ groupPrefix: await prefixAt(controller) }), async (workforce) => {
        await workforce.dealt();
        await getsOn(workforce);
        await without([controller], 'kill', async () => {
          const resumedMs = await getsOn(workforce);
          await vi.waitFor(async () => {
            expect(await coordinatorOf(brokers, workforce.groupId)).not.toBe(controller);
            expect(await controllerOf(brokers)).not.toBe(controller);
          }, GETS_ON);
          await workforce.dealt();
          const rebalances = await workforce.metric('brazier_kafka_rebalances_total');
          console.log({ row: 16, resumedMs, rebalances });
        });
        await workforce.producer.stop();
      });
    });

    it('row 17: two of three are stopped: nothing is acknowledged with too few replicas in sync, and all goes on with them', {
      timeout: ROW_WITHIN_MS,
    }, async () => {
      await withWorkers(options(), async (workforce) => {
        await workforce.dealt();
        await getsOn(workforce);
        // Handing over is the controller's to allow, and without a second vote no other broker can become it: the one that
        // is, stays.
        const controller = await controllerOf(brokers);
        const others = [1, 2, 3].filter((id) => id !== controller);
        const answers = await without(others, 'stop', async () => {
          const acknowledged = workforce.producer.acknowledged.size;
          const probes = startProbes(workforce.ingest);
          await Promise.all([expectTooFew(workforce.topic), wait(TOO_FEW_MS)]);
          const all = await probes.stop();
          expect(workforce.producer.acknowledged.size, 'acknowledged meanwhile').toBe(acknowledged);
          return all;
        });
        expectRefused(answers);
        const resumedMs = await getsOn(workforce);
        console.log({ row: 17, refused: answers.length, resumedMs });
        await workforce.producer.stop();
      });
    });
  },
  'own',
);
