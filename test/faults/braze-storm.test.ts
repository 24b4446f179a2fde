/** Braze fails, for long or now and then: it is asked less and less, nothing is lost, and nobody storms in afterwards. */
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { createDice } from '../support/dice.ts';
import { type FastDelivery, fastClock, mostIn, startFastDelivery } from '../support/fast-delivery.ts';
import { PATIENT, underFire } from '../support/harness.ts';
import { expectPromiseKept } from '../support/judge.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A compressed second is a hundredth of one. */
const FACTOR = 100;
const minutes = (count: number) => count * 60_000;
/** 10 requests a second, of which a quarter of a second's may go at once. */
const RATE = { requests: 30, perSeconds: 3 };
const MOST_IN_3_S = 30 + 3;

async function fast() {
  const clock = fastClock(FACTOR);
  const random = createDice(inject('seed'));
  const rig = await startFastDelivery({
    clock,
    random,
    rateLimit: RATE,
    concurrency: { start: 16, max: 32 },
  });
  cleanups.push(rig.close);
  return { clock, rig };
}

function addPeople(rig: FastDelivery, round: number): void {
  for (let person = 0; person < 100; person += 1) rig.add(`p${round % 5}-${person}`);
}

const allSettled = (rig: FastDelivery) => vi.waitFor(() => expect(rig.open).toBe(0), PATIENT);

describe('row 25: a 5xx storm', { timeout: 180_000 }, () => {
  it('of ten minutes: Braze is asked ever less often, and then at no more than the rate', async () => {
    const { clock, rig } = await fast();
    rig.sandbox.addFaults([{ do: { status: 503 } }]);
    const from = clock.monotonicMs();
    for (let round = 0; clock.monotonicMs() < from + minutes(10); round += 1) {
      if (round < 40) addPeople(rig, round);
      await clock.delay(5_000, AbortSignal.timeout(minutes(1)));
    }
    const until = clock.monotonicMs();
    const running = rig.delivery.running;
    const late = rig.sentAt.filter((at) => at > until - minutes(5));
    // Waits are drawn from 0 to 30 s: in five minutes about twenty of each request, not hundreds; fewer on a busy machine.
    expect(late.length).toBeLessThan(running * 40);
    expect(late.length).toBeGreaterThan(running);

    rig.sandbox.clearFaults();
    await allSettled(rig);
    const after = rig.sentAt.filter((at) => at > until);
    expect(mostIn(after, 3_000), 'most requests in 3 s').toBeLessThanOrEqual(MOST_IN_3_S);
    const judgement = rig.judge();
    console.log({ row: 25, running, inLast5Minutes: late.length, after: after.length, ...judgement });
    expectPromiseKept(judgement, 0);
    expect(judgement).toMatchObject({ acknowledged: 4_000, delivered: 4_000, doubled: 0 });
  });

  it('of some seconds: what is accepted meanwhile waits in the log and arrives', async () => {
    const judgement = await underFire(
      { load: { batchesPerLane: 20, peoplePerLane: 250 } },
      async ({ sandbox, producer, drained, metric, ready }) => {
        sandbox.addFaults([{ do: { status: 500 } }]);
        await producer.done;
        expect((await fetch(`${ready.admin}/health/ready`)).status).toBe(200);
        await vi.waitFor(
          async () => expect(await metric('brazier_delivery_attempts_total')).toBeGreaterThan(15),
          PATIENT,
        );
        sandbox.clearFaults();
        await drained();
      },
    );
    expect(judgement).toMatchObject({ acknowledged: 2_001, doubled: 0, deadLetters: 0 });
  });
});

describe('row 24: after a 429 storm', { timeout: 180_000 }, () => {
  it('with the reset a minute ahead nothing goes for a minute, and then no more than the rate', async () => {
    const { clock, rig } = await fast();
    rig.sandbox.addFaults([{ do: { status: 429, headers: { 'retry-after': '60' } } }]);
    for (let round = 0; round < 40; round += 1) addPeople(rig, round);
    await vi.waitFor(() => expect(rig.sandbox.requests().length).toBeGreaterThan(1), PATIENT);
    rig.sandbox.clearFaults();
    await allSettled(rig);
    const [first = 0] = rig.sentAt;
    const later = rig.sentAt.filter((at) => at > first + minutes(0.5));
    expect(Math.min(...later) - first).toBeGreaterThanOrEqual(minutes(1));
    expect(mostIn(later, 3_000)).toBeLessThanOrEqual(MOST_IN_3_S);
    const judgement = rig.judge();
    console.log({ row: 24, before: rig.sentAt.length - later.length, after: later.length, ...judgement });
    expectPromiseKept(judgement, 0);
    expect(clock.monotonicMs()).toBeGreaterThan(first + minutes(1));
  });
});

describe('row 26: a Braze that fails now and then', { timeout: 180_000 }, () => {
  it.each([
    ['every other request, by the dice', 0.5],
    ['one request in a hundred', 0.01],
  ])('%s: each arrives once, in order', async (_, probability) => {
    const judgement = await underFire(
      { load: { batchesPerLane: 30, eventsPerBatch: 10 }, destination: { lingerMs: 2 } },
      async ({ sandbox, drained }) => {
        sandbox.addFaults([{ probability, do: { status: 500 } }]);
        await drained();
        console.log(
          'failed',
          sandbox.requests().filter(({ status }) => status === 500).length,
          'of',
          sandbox.requests().length,
        );
      },
    );
    expect(judgement).toMatchObject({ acknowledged: 1_201, doubled: 0, deadLetters: 0 });
  });
});
