/** A broker that dies, and one that hangs: senders are told to come again, and everything goes on by itself. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Harness, UNDER_WAY, underFire } from '../support/harness.ts';
import { type KafkaCluster, startKafka } from '../support/kafka/broker.ts';
import {
  type Answer,
  expectRefused,
  logOn,
  PROBE,
  startLooks,
  startProbes,
} from '../support/kafka/faults.ts';
import { describeKafka } from '../support/kafka/shared.ts';

const load = { lanes: 4, peoplePerLane: 10, eventsPerBatch: 5, batchesPerLane: Number.POSITIVE_INFINITY };
const DOWN_MS = 20_000;
const FROZEN_MS = 40_000;
/** Whatever waited for the broker would wait for a request's timeout, 15 s; a busy machine stands for a second or two. */
const WAITS_MS = 7_000;
const RESUMES_WITHIN_MS = 60_000;
/** A minute for the judge, and for a busy machine as long again. */
const ROW_WITHIN_MS = 300_000;

/** Requests that Braze took. */
const deliveredBy = ({ sandbox }: Harness) =>
  sandbox.requests().filter(({ status }) => status === 201).length;

async function busy(harness: Harness): Promise<void> {
  await vi.waitFor(() => expect(deliveredBy(harness)).toBeGreaterThan(30), { timeout: 60_000 });
}

/** What senders are answered for so long. */
async function answersOf({ ready }: Harness, ms: number): Promise<readonly Answer[]> {
  const probes = startProbes(ready);
  await wait(ms);
  return probes.stop();
}

/** Since `back`, ms: when the first event was taken again, and when the first was delivered. */
async function resumed(harness: Harness, back: number) {
  const before = { acknowledged: harness.producer.acknowledged.size, delivered: deliveredBy(harness) };
  const since = async (more: () => boolean) => {
    await vi.waitFor(() => expect(more()).toBe(true), { timeout: RESUMES_WITHIN_MS, interval: 50 });
    return Math.round(performance.now() - back);
  };
  return Promise.all([
    since(() => harness.producer.acknowledged.size > before.acknowledged),
    since(() => deliveredBy(harness) > before.delivered),
  ]);
}

describeKafka(
  'one broker',
  () => {
    let kafka: KafkaCluster;
    beforeAll(async () => {
      kafka = await startKafka({ heapMb: 256 });
    }, 300_000);
    afterAll(() => kafka?.stop(), 60_000);

    /** Of the requests under way when it went and of those whose progress was not written yet. */
    const mayDouble = () => 2 * UNDER_WAY;
    const options = () => ({ log: logOn(kafka.brokers), load, notJudged: [PROBE], mayDouble });

    it('row 13: killed for 20 s, senders get 503 with a time to come again, and all goes on by itself', {
      timeout: ROW_WITHIN_MS,
    }, async () => {
      await underFire(options(), async (harness) => {
        await busy(harness);
        await kafka.node(1).kill();
        const answers = await answersOf(harness, DOWN_MS).finally(() => kafka.node(1).start());
        const back = performance.now();
        const ready = kafka.restart(1).then(() => Math.round(performance.now() - back));
        const [readyMs, [takenMs, deliveredMs]] = await Promise.all([ready, resumed(harness, back)]);
        expectRefused(answers);
        console.log({ row: 13, refused: answers.length, readyMs, takenMs, deliveredMs });
        await harness.producer.stop();
      });
    });

    it('row 15: frozen for 40 s, requests time out, nothing else waits, and all goes on when it is woken', {
      timeout: ROW_WITHIN_MS,
    }, async () => {
      await underFire(options(), async (harness) => {
        await busy(harness);
        const told = harness.server.stderr().length;
        const looks = startLooks(harness.ready);
        kafka.node(1).freeze();
        const answers = await answersOf(harness, FROZEN_MS).finally(() => kafka.node(1).thaw());
        const back = performance.now();
        const [slowestMs, [takenMs, deliveredMs]] = await Promise.all([looks.stop(), resumed(harness, back)]);
        expectRefused(answers);
        expect(slowestMs, 'of the answers to whether it lives').toBeLessThan(WAITS_MS);
        const blocks = harness.server
          .stderr()
          .slice(told)
          .matchAll(/"blockedMs":(\d+)/g);
        const longestMs = Math.max(0, ...[...blocks].map(([, ms]) => Number(ms)));
        expect(longestMs, 'that the event loop stood').toBeLessThan(WAITS_MS);
        console.log({ row: 15, refused: answers.length, slowestMs, takenMs, deliveredMs });
        await harness.producer.stop();
      });
    });
  },
  'own',
);
