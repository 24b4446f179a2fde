import { expect, inject, it } from 'vitest';
import { expectPromiseKept } from '../support/judge.ts';
import { runKillLoop } from '../support/kill-loop.ts';

/** Each takes 0.7 s on an idle machine, and 3 s on a very busy one. */
const KILLS = 100;
const MAX_SECONDS = 400;

it(`row 1: ${KILLS} kills under load and during the start lose nothing, reorder nobody, double at most what was under way`, {
  timeout: 600_000,
}, async () => {
  const report = await runKillLoop({ kills: KILLS, seed: inject('seed'), maxSeconds: MAX_SECONDS });
  const { judgement, underWay, ...counted } = report;
  console.log('row 1:', {
    ...counted,
    ...judgement,
    doubledRequests: [...judgement.doubledRequests.values()],
  });
  expect(report.kills).toBe(KILLS);
  expect(judgement.acknowledged).toBeGreaterThan(500);
  expectPromiseKept(judgement, underWay);
  expect(report.orphans).toEqual([]);
  expect(report.exitCode).toBe(0);
  expect(report.peakBytes).toBeLessThan(320 * 2 ** 20);
});
