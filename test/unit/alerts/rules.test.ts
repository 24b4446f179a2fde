import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Condition, createJudge, unjudged } from '../../../src/alerts/rules.ts';
import type { Signs } from '../../../src/alerts/signs.ts';
import { CONFIG, destination, HALTED, MINUTE } from './support.ts';

const NOTHING: Signs = { destinations: [], log: null, disk: null };

/** Judges each of the signs, ten seconds apart unless said otherwise, and gives what the last one came to. */
function last(all: readonly Partial<Signs>[], everyMs = 10_000, config = CONFIG): readonly Condition[] {
  const judge = createJudge({ known: [], isLate: false });
  return all.map((signs, index) => judge({ ...NOTHING, ...signs }, config, index * everyMs)).at(-1) ?? [];
}

const of = (...signs: Parameters<typeof destination>) => ({ destinations: [destination(...signs)] });
const told = (conditions: readonly Condition[]) =>
  conditions.map(({ name, severity }) => `${name} ${severity}`);

describe('a halted destination', () => {
  it('is an alert after the hold, with its code and what waits', () => {
    const [condition] = last([of({ halted: 'key_refused', waiting: 7 })]);
    expect(condition).toMatchObject({
      name: 'BrazierDestinationHalted',
      severity: 'critical',
      destination: 'braze',
    });
    expect(condition).toMatchObject({ code: 'key_refused', holdMs: MINUTE });
    expect(condition?.summary).toContain('7 events wait');
  });

  it('is not told as one that delivers nothing', () => {
    const stuck = Array.from({ length: 200 }, (_, i) =>
      of({ halted: 'key_refused', waiting: i, arrived: i }),
    );
    expect(told(last(stuck))).toEqual(['BrazierDestinationHalted critical']);
  });

  it('is nothing when it is detached', () => {
    expect(last([of({ halted: 'key_refused', isDetached: true })])).toEqual([]);
  });
});

describe('nothing delivered', () => {
  const stuckFor = (minutes: number, signs: (i: number) => Parameters<typeof destination>[0]) =>
    Array.from({ length: minutes * 6 + 2 }, (_, i) => of(signs(i)));

  it('is an alert when events wait and come for the time without an outcome', () => {
    const looks = stuckFor(15, (i) => ({ waiting: i, arrived: i, settled: 5 }));
    expect(told(last(looks))).toEqual(['BrazierNothingDelivered critical']);
    expect(told(last(looks.slice(0, -3)))).toEqual([]);
  });

  it('is none while one event gets through now and then', () => {
    const looks = stuckFor(60, (i) => ({ waiting: 10, arrived: i, settled: Math.floor(i / 50) }));
    expect(last(looks)).toEqual([]);
  });

  it('is none when one person waits alone and nobody else comes', () => {
    expect(last(stuckFor(60, () => ({ waiting: 1, arrived: 9, settled: 8 })))).toEqual([]);
  });

  it('is none when nothing waits, and when partitions went to another worker', () => {
    expect(last(stuckFor(60, () => ({ waiting: 0, arrived: 9, settled: 9 })))).toEqual([]);
    expect(last(stuckFor(60, (i) => ({ waiting: 5, arrived: i < 60 ? 100 + i : 20, settled: 3 })))).toEqual(
      [],
    );
  });

  it('is over with the first outcome, and not before when the process was restarted', () => {
    const name = 'BrazierNothingDelivered' as const;
    const judge = createJudge({ known: [{ ...HALTED, name, code: null }], isLate: false });
    const at = (ms: number, signs: Parameters<typeof destination>[0]) =>
      told(judge({ ...NOTHING, ...of(signs) }, CONFIG, ms));
    expect(at(0, { waiting: 4, arrived: 4 })).toEqual([`${name} critical`]);
    expect(at(60_000, { waiting: 4, arrived: 4 })).toEqual([`${name} critical`]);
    expect(at(70_000, { waiting: 3, arrived: 4, settled: 1 })).toEqual([]);
    expect(at(80_000, { waiting: 3, arrived: 4, settled: 1 })).toEqual([]);
  });
});

describe('dead letters', () => {
  it('are a warning from the first on, until the window is over', () => {
    const looks = (minutes: number) => [
      of(),
      ...Array.from({ length: minutes * 6 }, () => of({ settled: 100, rejected: 1 })),
    ];
    expect(told(last(looks(29)))).toEqual(['BrazierDeadLetters warning']);
    expect(last(looks(29))[0]?.summary).toContain('Dead letters for braze: 1 within 30 minutes.');
    expect(told(last(looks(32)))).toEqual([]);
  });

  it('are a warning from as many on as are configured', () => {
    const looks = [of(), of({ settled: 100, rejected: 4 })];
    expect(last(looks, 10_000, { ...CONFIG, deadLetters: 5 })).toEqual([]);
    expect(last(looks, 10_000, { ...CONFIG, deadLetters: 4 })).toHaveLength(1);
  });

  it('are critical as well when they are a tenth and more than twenty', () => {
    const critical = 'BrazierDeadLetters critical';
    expect(told(last([of(), of({ settled: 100, rejected: 21 })]))).toContain(critical);
    expect(told(last([of(), of({ settled: 300, rejected: 21 })]))).not.toContain(critical);
    expect(told(last([of(), of({ settled: 20, rejected: 20 })]))).not.toContain(critical);
  });

  it('count from the first look on where that is long after the start, and of a new destination from its own', () => {
    const judge = createJudge({ known: [], isLate: true });
    const at = (ms: number, ...destinations: readonly ReturnType<typeof destination>[]) =>
      judge({ ...NOTHING, destinations }, CONFIG, ms).map(({ summary }) => summary);
    const before = { settled: 90, rejected: 90 };
    expect(at(0, destination(before))).toEqual([]);
    const [braze, other] = at(
      2_000,
      destination({ settled: 91, rejected: 91 }),
      destination({ id: 'other', settled: 1, rejected: 1 }),
    );
    expect(braze).toContain('Dead letters for braze: 1 within');
    expect(other).toContain('Dead letters for other: 1 within');
  });

  it('are those of the window as it is now, when a reload changes that', () => {
    const judge = createJudge({ known: [], isLate: false });
    const at = (minutes: number, rejected: number, deadLettersWindowMs: number) =>
      judge(
        { ...NOTHING, ...of({ settled: 1_000, rejected }) },
        { ...CONFIG, deadLettersWindowMs },
        minutes * MINUTE,
      ).map(({ summary }) => summary);
    at(0, 0, 30 * MINUTE);
    for (let minute = 1; minute < 20; minute += 1) at(minute, 7, 30 * MINUTE);
    expect(at(20, 8, 5 * MINUTE)).toEqual([expect.stringContaining('1 within 5 minutes')]);
    expect(at(21, 8, 60 * MINUTE)).toEqual([expect.stringContaining('1 within 60 minutes')]);
  });

  it('count each destination by itself', () => {
    const both = { destinations: [destination({ rejected: 3, settled: 3 }), destination({ id: 'other' })] };
    expect(last([both]).map((condition) => condition.destination)).toEqual(['braze']);
  });
});

describe('the log', () => {
  const log = (...shares: readonly number[]) =>
    told(last(shares.map((heldShare) => ({ log: { heldShare } }))));

  it('is a warning at 80 %, critical above 95 %, and well again only a little below', () => {
    expect(log(0.79)).toEqual([]);
    expect(log(0.8)).toEqual(['BrazierLogNearlyFull warning']);
    expect(log(0.96)).toEqual(['BrazierLogNearlyFull warning', 'BrazierLogNearlyFull critical']);
    expect(log(0.96, 0.92)).toEqual(['BrazierLogNearlyFull warning', 'BrazierLogNearlyFull critical']);
    expect(log(0.96, 0.89)).toEqual(['BrazierLogNearlyFull warning']);
    expect(log(0.8, 0.76)).toHaveLength(1);
    expect(log(0.8, 0.74)).toEqual([]);
  });
});

describe('the disk', () => {
  const disk = (...free: readonly number[]) =>
    last(free.map((freeBytes) => ({ disk: { freeBytes, totalBytes: 1000 } })));

  it('is critical below the share, and well again with a fifth more', () => {
    expect(disk(50)).toEqual([]);
    expect(told(disk(49))).toEqual(['BrazierDiskNearlyFull critical']);
    expect(disk(49, 59)).toHaveLength(1);
    expect(disk(49, 61)).toEqual([]);
    expect(disk(49)[0]?.summary).toContain('4.9 % left');
  });

  it('is never judged when the share is 0', () => {
    expect(last([{ disk: { freeBytes: 0, totalBytes: 1000 } }], 0, { ...CONFIG, diskFreeRatio: 0 })).toEqual(
      [],
    );
  });
});

it('what does not answer is not judged, and what is not there is nothing to be judged', () => {
  const silent: Signs = { destinations: [], log: 'unknown', disk: 'unknown' };
  expect(last([silent])).toEqual([]);
  expect(unjudged(silent)).toEqual(['BrazierLogNearlyFull', 'BrazierDiskNearlyFull']);
  expect(unjudged(NOTHING)).toEqual([]);
});

it('names and severities are those of the rules for Prometheus', () => {
  const file = join(import.meta.dirname, '../../../helm/brazier/alerts/brazier.rules.yaml');
  const { groups } = parse(readFileSync(file, 'utf8')) as {
    groups: readonly { rules: readonly { alert: string; labels: { severity: string } }[] }[];
  };
  const known = groups.flatMap(({ rules }) =>
    rules.map(({ alert, labels }) => `${alert} ${labels.severity}`),
  );
  const all = [
    ...last([of({ halted: 'key_refused', settled: 50, rejected: 50 })]),
    ...last([{ log: { heldShare: 1 }, disk: { freeBytes: 0, totalBytes: 1 } }]),
    ...last(Array.from({ length: 95 }, (_, i) => of({ waiting: i, arrived: i }))),
  ];
  expect(new Set(told(all)).size).toBe(7);
  for (const each of told(all)) expect(known).toContain(each);
});
