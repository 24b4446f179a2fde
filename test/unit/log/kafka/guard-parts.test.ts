/** The guard's memory: what is found, what is dropped, and which offsets were seen. */
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { createCoverage } from '../../../../src/log/kafka/guard-coverage.ts';
import type { Dropped, GuardRecord } from '../../../../src/log/kafka/guard-runs.ts';
import { createSlots } from '../../../../src/log/kafka/guard-slots.ts';
import { createGuardTable } from '../../../../src/log/kafka/guard-table.ts';

const GUARD_MS = 1_000;
const parameters = { seed: inject('seed'), numRuns: 300 };

function record(id: number, offset: number, changes: Partial<GuardRecord> = {}): GuardRecord {
  return { place: 0, high: id, low: id, content: 1, offset, timestamp: 0, ...changes };
}

function table(maxRuns = 1_000) {
  const dropped: Dropped[] = [];
  const { judge } = createGuardTable({ guardMs: GUARD_MS, maxRuns, onDropped: (each) => dropped.push(each) });
  return { judge, dropped };
}

describe('slots', () => {
  it('hold what was added and not removed, however their hashes collide', () => {
    const hashes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 32, maxLength: 32 });
    const steps = fc.array(fc.nat(31), { maxLength: 100 });
    fc.assert(
      fc.property(hashes, steps, (hashOf, entries) => {
        const slots = createSlots(32, (entry) => hashOf[entry] ?? 0);
        const held = new Set<number>();
        for (const entry of entries) {
          if (held.delete(entry)) slots.remove(entry);
          else {
            held.add(entry);
            slots.add(entry);
          }
          const found = numbers(0, 32).filter((one) => {
            let isFound = false;
            slots.visit(hashOf[one] ?? 0, (each) => {
              isFound ||= each === one;
            });
            return isFound;
          });
          expect(found).toEqual([...held].sort((a, b) => a - b));
        }
      }),
      parameters,
    );
  });
});

describe('the table', () => {
  it('knows an id again at a higher offset, with the same content, for the guard’s time', () => {
    const { judge } = table();
    expect(judge(record(7, 10))).toBe('new');
    expect(judge(record(7, 12, { timestamp: GUARD_MS }))).toBe('duplicate');
    expect(judge(record(7, 13, { timestamp: 2 * GUARD_MS + 1 }))).toBe('new');
    expect(judge(record(7, 14, { timestamp: 2 * GUARD_MS + 2 }))).toBe('duplicate');
  });

  it('gives a record that is read again the answer it had', () => {
    const { judge } = table();
    const stream = [record(7, 10), record(7, 12), record(7, 14), record(8, 15)];
    const first = stream.map(judge);
    expect(first).toEqual(['new', 'duplicate', 'duplicate', 'new']);
    expect(stream.map(judge)).toEqual(first);
  });

  it('does not take a record for a duplicate of a later one', () => {
    const { judge } = table();
    judge(record(7, 12));
    expect(judge(record(7, 10))).toBe('new');
    expect(judge(record(7, 12))).toBe('duplicate');
  });

  it('keeps partitions apart', () => {
    const { judge } = table();
    judge(record(7, 10));
    expect(judge(record(7, 12, { place: 1 }))).toBe('new');
  });

  it('says once that an id came with other content, and then knows both', () => {
    const { judge } = table();
    const stream = [record(7, 1), record(7, 2, { content: 2 }), record(7, 3, { content: 3 })];
    expect(stream.map(judge)).toEqual(['new', 'conflict', 'conflict']);
    expect(stream.map(judge)).toEqual(['new', 'new', 'new']);
    expect([1, 2, 3].map((content, i) => judge(record(7, 10 + i, { content })))).toEqual([
      'duplicate',
      'duplicate',
      'duplicate',
    ]);
  });

  it('takes any content for the same where a record has none of its own', () => {
    const { judge } = table();
    judge(record(7, 1, { content: null }));
    expect(judge(record(7, 2, { content: 5 }))).toBe('duplicate');
    judge(record(8, 3, { content: 5 }));
    expect(judge(record(8, 4, { content: null }))).toBe('duplicate');
  });

  it('drops what was noted first when it is full, and says where that stood', () => {
    const { judge, dropped } = table(5_000);
    for (let id = 0; id < 5_003; id += 1) judge(record(id, id));
    expect(dropped.map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(judge(record(3, 6_000))).toBe('duplicate');
    expect(judge(record(5_002, 6_001))).toBe('duplicate');
    expect(judge(record(2, 6_002))).toBe('new');
  });

  it('stays quick when one id comes ever again, with the same content or another', () => {
    const { judge } = table(200_000);
    for (let offset = 0; offset < 100_000; offset += 1) judge(record(7, offset, { content: offset }));
    for (let offset = 0; offset < 100_000; offset += 1) judge(record(8, offset));
    // Each a guard's time too late: told apart up to a point.
    for (let offset = 0; offset < 10_000; offset += 1)
      judge(record(9, offset, { timestamp: offset * 9_999 }));
    expect(judge(record(8, 100_000))).toBe('duplicate');
  });
});

describe('coverage', () => {
  it('names the gaps of a range, whatever was added in which order', () => {
    const range = fc.tuple(fc.nat(60), fc.nat(12)).map(([from, length]) => ({ from, to: from + length }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 10 }), range, (added, asked) => {
        const coverage = createCoverage();
        for (const each of added) coverage.add(each);
        const open = coverage.missing(asked).flatMap(({ from, to }) => numbers(from, to));
        const seen = new Set(added.flatMap(({ from, to }) => numbers(from, to)));
        expect(open).toEqual(numbers(asked.from, asked.to).filter((offset) => !seen.has(offset)));
      }),
      parameters,
    );
  });

  it('grows with its reader, over missing offsets, and joins the range of the one before it', () => {
    const coverage = createCoverage();
    coverage.add({ from: 0, to: 10 });
    coverage.add({ from: 50, to: 60 });
    coverage.reach(12);
    expect(coverage.missing({ from: 0, to: 60 })).toEqual([{ from: 13, to: 50 }]);
    coverage.reach(49);
    expect(coverage.missing({ from: 0, to: 60 })).toEqual([]);
    coverage.reach(70);
    expect(coverage.missing({ from: 0, to: 80 })).toEqual([{ from: 71, to: 80 }]);
  });

  it('forgets what stood up to an offset, in that range alone', () => {
    const coverage = createCoverage();
    coverage.add({ from: 0, to: 10 });
    coverage.add({ from: 20, to: 30 });
    coverage.forget(24);
    expect(coverage.missing({ from: 0, to: 30 })).toEqual([{ from: 10, to: 25 }]);
  });
});

function numbers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
