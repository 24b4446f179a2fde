import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OffsetRange } from '../../../../src/log/log.ts';
import { backlogOf, createCursor, skipSettled, unsettledRuns } from '../../../../src/log/sqlite/cursor.ts';
import { openingError, runningError } from '../../../../src/log/sqlite/errors.ts';
import { decodeSettled, encodeSettled } from '../../../../src/log/sqlite/progress-codec.ts';
import { sqliteProblem } from '../../../../src/log/sqlite/schema.ts';
import { createSegment, dropRecords, encodeRecords, segmentRow } from '../../../../src/log/sqlite/segment.ts';
import { record, textOf } from '../../../support/log-harness.ts';

/** A watermark, possibly beyond 32 bits, and ranges above it. */
const progress = fc
  .tuple(
    fc.nat({ max: 2 ** 52 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 70_000 }), fc.integer({ min: 1, max: 70_000 }))),
  )
  .map(([watermark, steps]) => {
    const settled: OffsetRange[] = [];
    let at = watermark;
    for (const [gap, length] of steps) {
      settled.push({ from: at + gap, to: at + gap + length });
      at += gap + length;
    }
    return { watermark, settled };
  });

describe('progress codec', () => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(progress, ({ watermark, settled }) => {
        expect(decodeSettled(watermark, encodeSettled(watermark, settled))).toEqual(settled);
      }),
    );
  });

  it('keeps a thousand short ranges within 4 KB', () => {
    const settled = Array.from({ length: 1000 }, (_, index) => ({
      from: index * 20 + 5,
      to: index * 20 + 20,
    }));
    expect(encodeSettled(0, settled).length).toBeLessThan(4096);
  });

  it('refuses ranges out of order and bytes cut short', () => {
    expect(() => encodeSettled(5, [{ from: 4, to: 6 }])).toThrow('out of order');
    expect(() => encodeSettled(0, [{ from: 4, to: 4 }])).toThrow('out of order');
    expect(() => decodeSettled(0, Uint8Array.of(1))).toThrow('cut short');
  });
});

describe('cursor', () => {
  it('splits a span into exactly the offsets that are not settled', () => {
    const ranges = fc.tuple(
      fc.nat({ max: 30 }),
      fc.nat({ max: 30 }),
      fc.array(fc.boolean(), { maxLength: 30 }),
    );
    fc.assert(
      fc.property(ranges, (input) => {
        const [from, length, flags] = input;
        const settled = flags.flatMap((on, index) => (on ? [{ from: index, to: index + 1 }] : []));
        const runs = unsettledRuns(settled, from, from + length);
        const open = runs.flatMap((run) =>
          Array.from({ length: run.to - run.from }, (_, index) => run.from + index),
        );
        const wanted = Array.from({ length }, (_, index) => from + index).filter(
          (offset) => flags[offset] !== true,
        );
        expect(open).toEqual(wanted);
      }),
    );
    expect(skipSettled([{ from: 3, to: 6 }], 4)).toBe(6);
    expect(skipSettled([{ from: 3, to: 6 }], 6)).toBe(6);
  });

  it('counts as backlog what is neither handed out nor was settled before', () => {
    const cursor = createCursor({
      group: 'a',
      watermark: 2,
      settled: encodeSettled(2, [{ from: 4, to: 7 }]),
    });
    expect(backlogOf(cursor, 10)).toBe(5);
    cursor.readTo = 5;
    expect(backlogOf(cursor, 10)).toBe(3);
  });
});

describe('segment', () => {
  const records = ['zero', '', 'two'].map((text, index) => record(text, { timestamp: 1000 + index }));

  it('encodes equal headers once', () => {
    const meta = JSON.parse(encodeRecords(records).meta);
    expect(meta.headers).toEqual([record('').headers]);
  });

  it('leaves dropped records out and keeps the others whole', () => {
    const kept = dropRecords(encodeRecords(records), [0]);
    const segment = createSegment(segmentRow(kept, 7, 0));
    expect([segment.base, segment.end, segment.bytes(7, 9)]).toEqual([7, 9, 3]);
    expect(segment.record(7)).toMatchObject({ offset: 7, key: 'key of ', timestamp: 1001, corrupt: false });
    expect(segment.record(8)).toMatchObject({ offset: 8, timestamp: 1002, headers: records[2]!.headers });
    expect(textOf(segment.record(8).value)).toBe('two');
  });

  it.each(['ends', 'sums', 'meta', 'data'] as const)(
    'marks records corrupt when %s is damaged or cut short',
    (part) => {
      const row = segmentRow(encodeRecords(records), 0, 0);
      const flipped = Uint8Array.from(row[part], (byte, index) => (index === 0 ? byte ^ 1 : byte));
      expect(createSegment({ ...row, [part]: flipped }).record(0).corrupt).toBe(true);
      expect(createSegment({ ...row, [part]: row[part].slice(0, 3) }).record(0).corrupt).toBe(true);
    },
  );
});

describe('the SQLite version', () => {
  it.each([
    ['3.51.2', false],
    ['3.51.3', true],
    ['3.52.0', true],
    ['4.0.0', true],
    ['3.7.17', false],
    ['2.99.99', false],
    ['garbage', false],
  ])('%s: usable is %s', (version, usable) => {
    expect(sqliteProblem(version) === undefined).toBe(usable);
  });
});

describe('errors', () => {
  const sqlite = (errcode: number) => Object.assign(new Error('from SQLite'), { errcode });

  it.each([
    [5, 'log_locked'],
    [261, 'log_locked'],
    [11, 'log_unusable'],
    [26, 'log_unusable'],
    [14, 'log_unusable'],
    [10, 'log_unusable'],
  ])('while opening, SQLite code %i is %s and names the folder', (errcode, code) => {
    expect(openingError(sqlite(errcode), '/data')).toMatchObject({
      code,
      message: expect.stringContaining('/data'),
    });
  });

  it.each([
    [13, 'disk_full'],
    [10, 'log_failing'],
    [1034, 'log_failing'],
    [11, 'log_failing'],
    [0, 'log_failing'],
  ])('while running, SQLite code %i is %s', (errcode, code) => {
    expect(runningError(sqlite(errcode)).code).toBe(code);
  });
});
