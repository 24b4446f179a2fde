import { expect, it } from 'vitest';
import { keyOf } from '../../../src/alerts/alert.ts';
import type { Condition } from '../../../src/alerts/rules.ts';
import { createTracks, type Seen } from '../../../src/alerts/tracks.ts';
import { HALTED } from './support.ts';

const { since: _, ...what } = HALTED;
const halted: Condition = { ...what, holdMs: 60_000 };
const instant = (ms: number) => ({ ms, at: 1_000_000 + ms });
const RESOLVE_AFTER_MS = 120_000;

function rig(known: Parameters<typeof createTracks>[0] = []) {
  const tracks = createTracks(known, instant(0));
  const look = (seconds: number, seen: Seen) => [
    ...tracks.advance(seen, instant(seconds * 1000), RESOLVE_AFTER_MS).values(),
  ];
  return Object.assign(
    (seconds: number, ...conditions: readonly Condition[]) => look(seconds, { conditions, unjudged: [] }),
    { unknown: (seconds: number) => look(seconds, { conditions: [], unjudged: [halted.name] }) },
  );
}

it('fires when it has lasted for the hold, since when it began', () => {
  const look = rig();
  expect(look(10, halted)).toEqual([]);
  expect(look(69, halted)).toEqual([]);
  expect(look(70, halted)).toEqual([{ ...what, since: 1_010_000 }]);
});

it('fires at once without a hold', () => {
  expect(rig()(10, { ...halted, holdMs: 0 })).toHaveLength(1);
});

it('does not fire for a flicker: the hold begins anew', () => {
  const look = rig();
  look(0, halted);
  look(50);
  expect(look(60, halted)).toEqual([]);
  expect(look(119, halted)).toEqual([]);
  expect(look(120, halted)).toMatchObject([{ since: 1_060_000 }]);
});

it('goes on while it is well for a moment, and is over when it has been well for long enough', () => {
  const look = rig();
  look(0, halted);
  look(60, halted);
  expect(look(100)).toHaveLength(1);
  expect(look(110, halted)).toHaveLength(1);
  expect(look(229)).toHaveLength(1);
  expect(look(230)).toEqual([]);
  expect(look(240, halted)).toEqual([]);
});

it('goes on while nobody knows, however long, and is over when it is known to have been well for long enough', () => {
  const look = rig();
  look(0, halted);
  look(60, halted);
  expect(look.unknown(70)).toHaveLength(1);
  expect(look.unknown(900)).toHaveLength(1);
  expect(look(910)).toHaveLength(1);
  expect(look(1019)).toHaveLength(1);
  expect(look(1020)).toEqual([]);
});

it('does not begin to fire while nobody knows', () => {
  const look = rig();
  look(0, halted);
  expect(look.unknown(70)).toEqual([]);
  expect(look(80)).toEqual([]);
  expect(look(90, halted)).toEqual([]);
});

it('tells the newest words', () => {
  const look = rig();
  look(0, halted);
  expect(look(60, { ...halted, summary: 'other words' })).toMatchObject([{ summary: 'other words' }]);
});

it('of before a restart it goes on until it has not been seen for long enough', () => {
  const look = rig([HALTED]);
  expect(look(10)).toEqual([HALTED]);
  expect(look(20, halted)).toMatchObject([{ since: HALTED.since }]);
  expect(look(139)).toHaveLength(1);
  expect(look(140)).toEqual([]);
});

it('keeps both severities of one alert apart, and each destination', () => {
  const keys = [
    HALTED,
    { ...HALTED, severity: 'warning' as const },
    { ...HALTED, destination: 'other' },
    { ...HALTED, destination: null },
  ].map(keyOf);
  expect(new Set(keys).size).toBe(4);
});
