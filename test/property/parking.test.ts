import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createParking } from '../../src/pipeline/parking.ts';

const LIMITS = { most: 2, few: 1, batch: 1 };
const KEYS = ['u0', 'u1', 'a0', 'a1'];

const record = fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 2 });
/** Read the next record, end the oldest queued one of a key, begin to resume, or end the oldest or newest resumption. */
const step = fc.constantFrom(
  'read',
  'read',
  'read',
  'u0',
  'u1',
  'a0',
  'a1',
  'begin',
  'begin',
  'endOldest',
  'endNewest',
);

interface World {
  /** Offsets by key, in the order in which they were queued. */
  readonly order: Map<string, number[]>;
  readonly queued: { offset: number; keys: readonly string[] }[];
}

function countOf({ queued }: World, key: string): number {
  return queued.filter(({ keys }) => keys.includes(key)).length;
}

function enqueue(world: World, offset: number, keys: readonly string[]): void {
  world.queued.push({ offset, keys });
  for (const key of keys) world.order.get(key)?.push(offset);
}

function drive(records: readonly (readonly string[])[], path: readonly string[]) {
  const world: World = { order: new Map(KEYS.map((key) => [key, []])), queued: [] };
  const parking = createParking(LIMITS, (key) => countOf(world, key));
  const resuming: NonNullable<ReturnType<typeof parking.next>>[] = [];
  let read = 0;
  let most = 0;
  const actions: Record<string, () => void> = {
    read() {
      const keys = records[read];
      if (!keys) return;
      if (!parking.park(keys, read)) enqueue(world, read, keys);
      read += 1;
    },
    begin() {
      const next = parking.next();
      if (next) resuming.push(next);
    },
    endOldest: () => end(resuming.shift()),
    endNewest: () => end(resuming.pop()),
  };
  function end(next: (typeof resuming)[number] | undefined): void {
    for (const offset of next?.offsets ?? []) {
      enqueue(world, offset, records[offset] ?? []);
      next?.queued();
    }
    next?.resumed();
  }
  const finish = (key: string) => {
    const at = world.queued.findIndex(({ keys }) => keys.includes(key));
    if (at >= 0) world.queued.splice(at, 1);
  };
  const act = (name: string) => {
    const action = actions[name];
    if (action) action();
    else finish(name);
    for (const key of KEYS) most = Math.max(most, countOf(world, key));
  };
  for (const name of path) act(name);
  const isOver = () => read >= records.length && parking.size === 0 && resuming.length === 0;
  for (let round = 0; round < 10 * records.length + 10 && !isOver(); round += 1)
    for (const name of ['read', 'begin', 'endNewest', ...KEYS]) act(name);
  return { ...world, parked: parking.size, read, most };
}

describe('parking', () => {
  it('keeps the order of every identity, loses nothing and is never stuck', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 60 }),
        fc.array(step, { minLength: 80, maxLength: 300, size: 'max' }),
        (records, path) => {
          const { order, parked, read } = drive(records, path);
          expect(parked).toBe(0);
          expect(read).toBe(records.length);
          for (const [key, offsets] of order) {
            const mine = records.flatMap((keys, offset) => (keys.includes(key) ? [offset] : []));
            expect(offsets).toEqual(mine);
          }
        },
      ),
      { numRuns: 2000, seed: 31 },
    );
  });

  it('never lets an identity have more queued than the most and one batch', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 60 }),
        fc.array(step, { minLength: 80, maxLength: 300, size: 'max' }),
        (records, path) => {
          expect(drive(records, path).most).toBeLessThanOrEqual(LIMITS.most + LIMITS.batch);
        },
      ),
      { numRuns: 1000, seed: 32 },
    );
  });

  it('parks nobody while little is queued', () => {
    const parking = createParking(LIMITS, () => 1);
    expect(parking.park(['u0'], 0)).toBe(false);
    expect(parking.size).toBe(0);
    expect(parking.next()).toBeUndefined();
  });

  it('gives nothing back while much of any of the identities is queued', () => {
    let queued = 3;
    const parking = createParking(LIMITS, (key) => (key === 'a0' ? queued : 0));
    expect(parking.park(['u0', 'a0'], 7)).toBe(true);
    expect(parking.park(['u0'], 8)).toBe(true);
    expect(parking.next()).toBeUndefined();
    queued = 1;
    expect(parking.next()?.offsets).toEqual([7]);
  });

  it('waits for both sides of a link when both are being read again', () => {
    let queued = 2;
    const parking = createParking(LIMITS, () => queued);
    for (const [offset, keys] of [['u0'], ['a0']].entries()) parking.park(keys, offset);
    queued = 0;
    const [one, other] = [parking.next(), parking.next()];
    expect(parking.park(['u0', 'a0'], 2)).toBe(true);
    one?.resumed();
    expect(parking.next()).toBeUndefined();
    other?.resumed();
    expect(parking.next()?.offsets).toEqual([2]);
  });
});
