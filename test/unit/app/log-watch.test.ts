import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type LogWatch, watchLogRoom } from '../../../src/app/log-watch.ts';
import type { GroupStanding, LogStats } from '../../../src/log/log.ts';

const EMPTY: LogStats = {
  bytes: 0,
  maxBytes: 1_000,
  letters: new Map(),
  letterBytes: 0,
  oldestLetterAt: null,
  lettersDropped: { age: 0, bytes: 0 },
};
let letterBytes: number;
let standings: readonly GroupStanding[] | Error;
let said: { message: string; fields: Readonly<Record<string, unknown>> }[];
let changes: boolean[];
let watch: LogWatch;

beforeEach(() => {
  vi.useFakeTimers();
  letterBytes = 0;
  said = [];
  changes = [];
  watch = watchLogRoom({
    stats: () => ({ ...EMPTY, letterBytes }),
    async groups() {
      if (standings instanceof Error) throw standings;
      return standings;
    },
    onChange: (near) => changes.push(near),
    warn: (message, fields) => said.push({ message, fields }),
  });
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

const holding = (group: string, bytes: number): GroupStanding => ({
  group,
  detached: false,
  unsettled: bytes / 10,
  bytes,
  oldestAt: 1,
});

async function see(...groups: GroupStanding[]): Promise<typeof said> {
  said.length = 0;
  standings = groups;
  await vi.advanceTimersByTimeAsync(5_000);
  return said;
}

it('names the destination that is furthest behind, with its events and bytes, from 80 % on', async () => {
  expect(await see(holding('fast', 100), holding('sick', 799))).toEqual([]);
  const [line] = await see(holding('fast', 100), holding('sick', 800));
  expect(line!.message).toContain('sick holds the log');
  expect(line!.fields).toMatchObject({
    code: 'log_near_cap',
    destination: 'sick',
    events: 80,
    bytes: 800,
  });
});

it('says it once per crossing: it is over only below 75 %', async () => {
  expect(await see(holding('sick', 800))).toHaveLength(1);
  expect(await see(holding('sick', 900))).toEqual([]);
  expect(await see(holding('sick', 760))).toEqual([]);
  expect(await see(holding('sick', 810))).toEqual([]);
  expect(changes).toEqual([true]);
  expect(await see(holding('sick', 749))).toEqual([]);
  expect(changes).toEqual([true, false]);
  expect(await see(holding('sick', 810))).toHaveLength(1);
});

it('counts dead letters in, and names them where they are the most', async () => {
  letterBytes = 500;
  expect(await see(holding('sick', 290))).toEqual([]);
  const [line] = await see(holding('sick', 300));
  expect(line!.message).toContain('dead letters');
  expect(line!.fields).not.toHaveProperty('destination');
});

it('says nothing of what is only kept for a replay', async () => {
  expect(await see()).toEqual([]);
  expect(changes).toEqual([]);
});

it('lives through a log that does not answer: it is as full as it was', async () => {
  standings = new Error('gone');
  await watch.look();
  expect(said).toEqual([]);
  await see(holding('sick', 800));
  standings = new Error('gone');
  await watch.look();
  expect(changes).toEqual([true]);
});

it('does not ask the brokers of a log that has no cap', async () => {
  let asked = 0;
  const uncapped = watchLogRoom({
    stats: () => ({ ...EMPTY, maxBytes: Number.POSITIVE_INFINITY }),
    async groups() {
      asked += 1;
      return [];
    },
    onChange: () => undefined,
    warn: () => undefined,
  });
  await vi.advanceTimersByTimeAsync(20_000);
  uncapped.stop();
  expect(asked).toBe(0);
});
