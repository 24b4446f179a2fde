/** Commits that the brokers refuse or never answer: who made them begins anew, nobody crashes and nothing goes back. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { PATIENT, UNDER_WAY } from '../support/harness.ts';
import { plainConnection } from '../support/kafka/options.ts';
import { type Relay, startRelay } from '../support/kafka/relay.ts';
import { describeKafka, startedKafka } from '../support/kafka/shared.ts';
import { NOBODY_DIES, SESSION_MS, type Workforce, withWorkers } from '../support/kafka/workers.ts';

const WITHIN_MS = 240_000;
const load = {
  lanes: 2,
  peoplePerLane: 20,
  eventsPerBatch: 10,
  batchesPerLane: Number.POSITIVE_INFINITY,
  restMs: 100,
};
const sandbox = { latencyMs: 50 };

/** Of all that run; each must be alive to answer. */
const crashes = ({ metric }: Workforce) => metric('brazier_kafka_crashes_total');

/** The worker that the first member is: what it commits is refused from now on, and it has not been told. */
async function giveUp({ scratch, groupId, members }: Workforce): Promise<void> {
  const [memberId = ''] = await members();
  const cluster = createKafkaClient(plainConnection(scratch.brokers), () => undefined).newCluster();
  try {
    await cluster.connect();
    const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as {
      leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
    };
    await coordinator.leaveGroup({ groupId, memberId });
  } finally {
    await cluster.disconnect();
  }
}

describeKafka('commits that fail', () => {
  it('row 23: of a member that the group has given up behind its back: it begins anew, and nothing is lost', {
    timeout: WITHIN_MS,
  }, async () => {
    let times = 0;
    // What was answered and could not be committed any more goes again: what was under way, each time.
    await withWorkers({ load, sandbox, mayDouble: () => 2 * UNDER_WAY * times }, async (workforce) => {
      await workforce.dealt();
      for (; times < 3; times += 1) {
        await giveUp(workforce);
        await wait(1_000);
        await workforce.dealt();
      }
      await workforce.producer.stop();
      expect(await workforce.metric('brazier_kafka_commits_total', 'outcome="lost"')).toBeGreaterThan(0);
      expect(await crashes(workforce), 'crashes').toBe(0);
    });
  });

  it('row 23: of a process that was frozen longer than its session: it commits nothing over what others did meanwhile', {
    timeout: WITHIN_MS,
  }, async () => {
    await withWorkers({ load, sandbox, mayDouble: () => 2 * UNDER_WAY }, async (workforce) => {
      await workforce.dealt();
      const [frozen, other] = workforce.workers;
      frozen?.process.kill('SIGSTOP');
      await vi.waitFor(
        async () => expect(await other?.metric('brazier_kafka_assigned_partitions')).toBe(6),
        PATIENT,
      );
      await wait(SESSION_MS / 2);
      frozen?.process.kill('SIGCONT');
      await workforce.dealt();
      await workforce.producer.stop();
    });
  });
});

describeKafka(
  'commits over connections that are cut',
  () => {
    let relay: Relay;
    let brokers: string[];
    beforeAll(async () => {
      const { relay: way } = await startedKafka();
      relay = await startRelay(way);
      brokers = [`127.0.0.1:${way.port}`];
    });
    afterAll(() => relay?.close());

    it('row 23: again and again, to the coordinator and to all: they are made once more, and nothing is lost or doubled', {
      timeout: WITHIN_MS,
    }, async () => {
      const { doubled } = await withWorkers(
        { load, sandbox, brokers, log: NOBODY_DIES },
        async (workforce) => {
          await workforce.dealt();
          const before = await workforce.members();
          let count = 0;
          for (let times = 0; times < 15; times += 1) {
            count += relay.cut();
            await wait(200 + workforce.dice() * 600);
          }
          expect(count, 'connections that were cut').toBeGreaterThan(30);
          await workforce.dealt();
          expect(await workforce.members()).toEqual(before);
          await workforce.producer.stop();
        },
      );
      expect(doubled).toBe(0);
    });
  },
  'started',
);
