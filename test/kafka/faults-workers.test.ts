/** Workers that come, go and die while they deliver: what a group of them may never lose, reorder or double. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeKafka } from '../support/kafka/shared.ts';
import { NOBODY_DIES, type Workforce, withWorkers } from '../support/kafka/workers.ts';

const EVERY_MS = 5_000;
/** Longer by hand: `BRAZIER_REBALANCE_SECONDS=600`. */
const SECONDS = Number(process.env.BRAZIER_REBALANCE_SECONDS ?? 120);
const IN_PEACE_SECONDS = 20;
const WITHIN_MS = SECONDS * 1_000 + 240_000;

/** A steady load that goes on until it is stopped. */
const load = {
  lanes: 3,
  peoplePerLane: 20,
  eventsPerBatch: 10,
  batchesPerLane: Number.POSITIVE_INFINITY,
  restMs: 300,
};

type Change = (workforce: Workforce) => Promise<unknown>;

const hire: Change = ({ hire }) => hire();

/** One of those that run goes, at random. */
const end =
  (signal: NodeJS.Signals): Change =>
  ({ workers, dice }) =>
    workers[Math.floor(dice() * workers.length)]?.end(signal) ?? Promise.resolve();

/** Every five seconds the next of these; what takes longer than that does not hold the others up. */
async function changing(workforce: Workforce, changes: readonly Change[], seconds: number): Promise<void> {
  const from = performance.now();
  const under: Promise<unknown>[] = [];
  for (let turn = 0; performance.now() - from < seconds * 1_000; turn += 1) {
    const change = changes[turn % changes.length];
    if (change) under.push(change(workforce));
    await wait(EVERY_MS);
  }
  await Promise.all(under);
  await workforce.producer.stop();
}

describeKafka('workers that come and go', () => {
  it('row 18: with some stopped and some killed, nothing is lost or out of order, and only what was under way is doubled', {
    timeout: WITHIN_MS,
  }, async () => {
    await withWorkers({ load, sandbox: { latencyMs: 20 } }, async (workforce) => {
      await workforce.dealt();
      await changing(workforce, [hire, end('SIGKILL'), hire, end('SIGTERM')], SECONDS);
      expect(workforce.killed).toBeGreaterThan(0);
    });
  });

  it('row 18: with all stopped in peace, nothing is doubled', { timeout: WITHIN_MS }, async () => {
    const options = { load, sandbox: { latencyMs: 20 }, log: NOBODY_DIES };
    const { doubled } = await withWorkers(options, async (workforce) => {
      await workforce.dealt();
      await changing(workforce, [hire, end('SIGTERM')], IN_PEACE_SECONDS);
    });
    expect(doubled).toBe(0);
  });
});
