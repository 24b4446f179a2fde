/** Braze answers late, everybody or one person: who waits for it keeps its place in the group, and nobody else waits. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { partitionOf } from '../../src/log/kafka/partitioner.ts';
import { externalIdKey } from '../../src/model/person.ts';
import { PATIENT } from '../support/harness.ts';
import { arrivalsIn } from '../support/kafka/arrivals.ts';
import { describeKafka } from '../support/kafka/shared.ts';
import { PARTITIONS, SESSION_MS, type Workforce, withWorkers } from '../support/kafka/workers.ts';

const WITHIN_MS = 240_000;
/** As 60 s are to sessions of 45 s, and more. */
const LATE_MS = 2.5 * SESSION_MS;

const standing = async ({ members, metric }: Workforce) => ({
  members: await members(),
  rebalances: await metric('brazier_kafka_rebalances_total'),
  crashes: await metric('brazier_kafka_crashes_total'),
});

/** How late the slowest of a hundred is; ms. */
function p99(latencies: readonly number[]): number {
  return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? Number.NaN;
}

/** Everybody's next event, in turns; latencies from the answer of ingest to the arrival at Braze, ms, by id. */
async function latenciesOf(workforce: Workforce, people: readonly string[], turns: number) {
  const acceptedAt = new Map<string, number>();
  for (let turn = 0; turn < turns; turn += 1) {
    const produced = await workforce.producer.produce(people);
    for (const { id } of produced) acceptedAt.set(id, Date.now());
    await wait(100);
  }
  return vi.waitFor(
    () => {
      const arrivals = arrivalsIn(workforce.sandbox);
      const missing = [...acceptedAt.keys()].filter((id) => !arrivals.has(id));
      expect(missing, 'events that have not arrived').toEqual([]);
      return new Map([...acceptedAt].map(([id, at]) => [id, Math.max(0, Number(arrivals.get(id)) - at)]));
    },
    { timeout: 60_000, interval: 100 },
  );
}

describeKafka('workers whose Braze is slow', () => {
  it.concurrent('row 19: replies later than the session, and no member is given up, nothing dealt anew', {
    timeout: WITHIN_MS,
  }, async () => {
    const load = { lanes: 2, batchesPerLane: 10, restMs: 20 };
    const { doubled } = await withWorkers({ load }, async (workforce) => {
      const { sandbox, dealt, metric, drained, producer } = workforce;
      await dealt();
      await producer.done;
      await drained();
      const before = await standing(workforce);
      sandbox.addFaults([{ do: { delayMs: LATE_MS } }]);
      await producer.produce(Array.from({ length: 50 }, (_, index) => `late-${index}`));
      await vi.waitFor(
        async () => expect(await metric('brazier_delivery_requests_running')).toBeGreaterThan(0),
        PATIENT,
      );
      await wait(LATE_MS);
      sandbox.clearFaults();
      await drained();
      expect(await standing(workforce)).toEqual(before);
    });
    expect(doubled).toBe(0);
  });

  it.concurrent('row 20: one person whom Braze answers late holds up nobody else, in no partition', {
    timeout: WITHIN_MS,
  }, async () => {
    const HOT = 'hot';
    const people = Array.from({ length: 40 }, (_, index) => `other-${index}`);
    const placeOf = (person: string) => partitionOf(externalIdKey(person), PARTITIONS);
    expect(people.filter((person) => placeOf(person) === placeOf(HOT)).length).toBeGreaterThan(0);
    await withWorkers({ load: false }, async (workforce) => {
      const { sandbox, dealt, producer, drained, metric } = workforce;
      await dealt();
      // They are known by their ids from here on: the anonymous past is behind them.
      for (let turn = 0; turn < 6; turn += 1) await producer.produce([HOT, ...people]);
      await drained();
      const usual = await latenciesOf(workforce, people, 30);
      await drained();
      sandbox.addFaults([{ match: { externalId: HOT }, do: { delayMs: 20_000 }, times: 1 }]);
      await producer.produce([HOT]);
      await vi.waitFor(
        async () => expect(await metric('brazier_delivery_requests_running')).toBe(1),
        PATIENT,
      );
      const [waiting] = await producer.produce([HOT]);
      const besideHot = await latenciesOf(workforce, people, 30);
      expect(arrivalsIn(sandbox).has(String(waiting?.id)), 'the hot person still waits').toBe(false);
      const before = p99([...usual.values()]);
      const beside = p99([...besideHot.values()]);
      console.log({ p99Ms: before, p99BesideMs: beside, ratio: Number((beside / before).toFixed(2)) });
    });
  });
});
