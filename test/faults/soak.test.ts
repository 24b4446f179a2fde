import { describe, expect, inject, it } from 'vitest';
import type { Judgement } from '../support/judge.ts';
import { slopeOf } from '../support/resident.ts';
import { runSoak } from '../support/soak.ts';
import { type SoakEvidence, verdictOf } from '../support/soak-verdict.ts';

/** The longer form is `npm run soak`. */
const MINUTES = 2;

it(`row 55: ${MINUTES} minutes of kills, restarts, reloads, storms, resets and lost replies at random break no invariant`, {
  timeout: 600_000,
}, async () => {
  const { judgement, requests, stderr, ...report } = await runSoak({
    minutes: MINUTES,
    seed: inject('seed'),
  });
  console.log('row 55:', {
    ...report,
    requests: requests.length,
    ...judgement,
    doubledRequests: [...judgement.doubledRequests.values()],
  });
  expect(report.broken, stderr.slice(-2_000)).toEqual([]);
  expect(judgement.acknowledged).toBeGreaterThan(2_000);
  expect(Object.keys(report.happened)).toEqual(
    expect.arrayContaining(['kill', 'kill while it starts', 'restart', 'reload', 'bad reload']),
  );
});

const JUDGEMENT: Judgement = {
  acknowledged: 10,
  delivered: 10,
  deadLetters: 0,
  lost: 0,
  reordered: 0,
  changed: 0,
  strange: 0,
  doubled: 0,
  doubledRequests: new Map(),
};
const MB = 2 ** 20;
const FINE: SoakEvidence = {
  judgement: JUDGEMENT,
  requests: [],
  lifeOf: ({ at }) => Number(at),
  killed: new Set([1]),
  cut: new Map(),
  underWay: 8,
  orphans: 0,
  vitals: { before: { peakBytes: MB, openFiles: 30 }, after: { peakBytes: MB, openFiles: 40 } },
  resident: { mostMb: 200, slopeMbPerMinute: 0 },
  minutes: 30,
};
const brokenOf = (evidence: Partial<SoakEvidence>) => verdictOf({ ...FINE, ...evidence }).broken;
const doubled = (life: number, count: number): Partial<SoakEvidence> => ({
  judgement: { ...JUDGEMENT, doubledRequests: new Map([[life, count]]) },
});

describe('the verdict of a soak', () => {
  it('breaks nothing when all is well', () => expect(brokenOf({})).toEqual([]));

  it.each<[string, Partial<SoakEvidence>]>([
    ['I1', { judgement: { ...JUDGEMENT, lost: 1 } }],
    ['I1', { orphans: 1 }],
    ['I2', { judgement: { ...JUDGEMENT, reordered: 1 } }],
    ['I3', { judgement: { ...JUDGEMENT, changed: 1 } }],
    ['I4', { judgement: { ...JUDGEMENT, strange: 1 } }],
    ['I6', doubled(1, 9)],
    ['I6', doubled(2, 1)],
    ['I7', { resident: { mostMb: 400, slopeMbPerMinute: 0 } }],
    ['I7', { resident: { mostMb: 200, slopeMbPerMinute: 2 } }],
    ['I7', { vitals: { ...FINE.vitals, after: { peakBytes: MB, openFiles: 100 } } }],
  ])('breaks %s for %j', (invariant, evidence) => {
    const broken = brokenOf(evidence);
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatch(new RegExp(`^${invariant}: `));
  });

  it('lets a life double what was under way when it was killed and whatever it got no reply to, and no more', () => {
    const lost = { at: '2', status: 201, reply: null };
    expect(brokenOf(doubled(1, 8))).toEqual([]);
    expect(brokenOf({ ...doubled(2, 1), requests: [lost] })).toEqual([]);
    expect(brokenOf({ ...doubled(2, 2), requests: [lost], cut: new Map([[2, 1]]) })).toEqual([]);
    expect(brokenOf({ ...doubled(2, 1), requests: [{ ...lost, status: 500 }] })).toHaveLength(1);
  });
});

describe('the slope of the resident memory', () => {
  const life = (pid: number, from: number, mb: (minute: number) => number) =>
    Array.from({ length: 300 }, (_, second) => ({ pid, minute: from + second / 60, mb: mb(second / 60) }));

  it('is that within each process, however much the next begins with', () => {
    const falling = [
      ...life(1, 0, (minute) => 200 + 3 * minute),
      ...life(2, 5, (minute) => 100 + 3 * minute),
    ];
    expect(slopeOf(falling)).toBeCloseTo(3);
  });

  it('leaves out the first two minutes, in which modules are loaded', () => {
    expect(slopeOf(life(1, 0, (minute) => (minute < 2 ? 100 * minute : 200)))).toBe(0);
  });
});
