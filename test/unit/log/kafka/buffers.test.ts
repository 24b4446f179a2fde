import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBuffer, MAX_RUN } from '../../../../src/log/kafka/buffers.ts';
import type { RawRecord } from '../../../../src/log/kafka/internals.ts';
import type { Progress } from '../../../../src/log/log.ts';
import { isSettled } from '../../../../src/log/progress.ts';
import { createWatermark } from '../../../../src/pipeline/watermark.ts';

const NONE: Progress = { watermark: 0, settled: [] };
const LIMITS = { records: 10, bytes: 1_000 };

function message(offset: number, bytes = 1): RawRecord {
  const value = Buffer.alloc(bytes);
  return { offset: String(offset), timestamp: '0', key: null, value, headers: {}, isControlRecord: false };
}

function batch(
  fetchedOffset: number,
  offsets: readonly number[],
  lastOffset = offsets.at(-1) ?? fetchedOffset,
) {
  return {
    fetchedOffset,
    messages: offsets.map((offset) => message(offset)),
    lastOffset,
    highWatermark: lastOffset + 1,
  };
}

const open = (resumed = NONE, limits = LIMITS) =>
  createBuffer({ topic: 't', partition: 0, resumed, highWatermark: 0 }, limits);
const ignore = () => undefined;

describe('a partition’s buffer', () => {
  test('takes a batch only where it joins the one before', () => {
    const buffer = open();
    expect(buffer.offer(batch(0, [0, 1, 2]))).toBe(true);
    expect(buffer.offer(batch(0, [0, 1, 2]))).toBe(false);
    expect(buffer.offer(batch(7, [7]))).toBe(false);
    expect(buffer.offer(batch(3, [3]))).toBe(true);
    expect(buffer.take(ignore)).toMatchObject({ firstOffset: 0, bytes: 4 });
    expect(buffer.position).toBe(4);
  });

  test('gives consecutive records, and ends a run at a hole', () => {
    const buffer = open();
    buffer.offer(batch(0, [0, 1, 4, 5], 8));
    expect(buffer.take(ignore)?.messages).toHaveLength(2);
    expect(buffer.take(ignore)).toMatchObject({ firstOffset: 4 });
    expect(buffer.take(ignore)).toBeUndefined();
    expect(buffer.position).toBe(9);
  });

  test('leaves out what was settled before, and shows it to whoever must see every record', () => {
    const buffer = open({ watermark: 1, settled: [{ from: 2, to: 4 }] });
    buffer.offer(batch(1, [1, 2, 3, 4]));
    const skipped: string[] = [];
    const runs = [1, 2].map(() => buffer.take(({ offset }) => skipped.push(offset))?.firstOffset);
    expect(runs).toEqual([1, 4]);
    expect(skipped).toEqual(['2', '3']);
  });

  test('is full by records and by bytes, and has room again below half', () => {
    const byRecords = open();
    byRecords.offer(batch(0, [...Array(10).keys()]));
    expect([byRecords.isFull, byRecords.hasRoom]).toEqual([true, false]);
    byRecords.take(ignore);
    expect([byRecords.isFull, byRecords.hasRoom]).toEqual([false, true]);
    const byBytes = open();
    byBytes.offer({ ...batch(0, []), messages: [message(0, 600), message(1, 400)], lastOffset: 1 });
    expect(byBytes.isFull).toBe(true);
  });

  test('keeps a run within its bytes, but gives one record whatever its size', () => {
    const buffer = open(NONE, { records: 100, bytes: 1e9 });
    const large = MAX_RUN.bytes * 0.6;
    const messages = [message(0, MAX_RUN.bytes * 2), message(1, large), message(2, large)];
    buffer.offer({ ...batch(0, []), messages, lastOffset: 2 });
    expect([1, 2, 3].map(() => buffer.take(ignore)?.messages.length)).toEqual([1, 1, 1]);
  });

  test('moves a watermark over the gap behind the last record, and no further', () => {
    const buffer = open();
    buffer.offer(batch(0, [0, 1], 4));
    expect(buffer.overGaps(NONE)).toEqual(NONE);
    buffer.take(ignore);
    expect(buffer.overGaps({ watermark: 1, settled: [] })).toEqual({ watermark: 1, settled: [] });
    expect(buffer.overGaps({ watermark: 2, settled: [] })).toEqual({ watermark: 5, settled: [] });
    buffer.offer(batch(5, [7]));
    expect(buffer.overGaps({ watermark: 5, settled: [] })).toEqual({ watermark: 7, settled: [] });
    buffer.take(ignore);
    expect(buffer.overGaps({ watermark: 7, settled: [] })).toEqual({ watermark: 7, settled: [] });
  });

  test('knows a gap also when the next run was taken before the one behind it was settled', () => {
    const buffer = open();
    buffer.offer(batch(0, [0, 1], 4));
    buffer.take(ignore);
    expect(buffer.overGaps({ watermark: 2, settled: [] }).watermark).toBe(5);
    buffer.offer(batch(5, [5]));
    buffer.take(ignore);
    expect(buffer.overGaps({ watermark: 2, settled: [] }).watermark).toBe(5);
    expect(buffer.overGaps({ watermark: 1, settled: [] }).watermark).toBe(1);
  });

  test('from whatever batches, gaps and progress, gives every unsettled record once and ends at the end', () => {
    const some = (max: number) =>
      fc.uniqueArray(fc.nat({ max }), { maxLength: 40 }).map((all) => all.sort((a, b) => a - b));
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    fc.assert(
      fc.property(some(60), some(70), fc.nat({ max: 20 }), sizes, (held, settled, from, batchSizes) => {
        const resumed = settledAt(from, settled);
        const rest = held.filter((offset) => offset >= resumed.watermark);
        const { read, progress, position } = readAll(resumed, rest, batchSizes);
        expect(read).toEqual(rest.filter((offset) => !isSettled(resumed, offset)));
        expect(progress.watermark).toBeGreaterThanOrEqual(position);
        expect(isSettled(resumed, progress.watermark)).toBe(false);
      }),
    );
  });
});

function settledAt(from: number, settled: readonly number[]): Progress {
  const before = createWatermark({ watermark: from, settled: [] });
  before.open(from, 80);
  for (const offset of settled.filter((each) => each >= from)) before.settle(offset);
  return before.progress();
}

/** Fetches these offsets in batches of these sizes, the last up to a marker, and settles all that it is given. */
function readAll(resumed: Progress, offsets: readonly number[], batchSizes: readonly number[]) {
  const buffer = open(resumed, { records: 1_000, bytes: 1e9 });
  const watermark = createWatermark(resumed);
  const read: number[] = [];
  const settle = (offset: number) => {
    read.push(offset);
    watermark.settle(offset);
  };
  for (let at = 0, turn = 0; at < offsets.length || buffer.position < 61; turn += 1) {
    const part = offsets.slice(at, at + (batchSizes[turn % batchSizes.length] ?? 1));
    at += part.length;
    const end = at === offsets.length ? Math.max(60, buffer.position) : part.at(-1);
    expect(buffer.offer(batch(buffer.position, part, end))).toBe(true);
    for (let run = buffer.take(ignore); run; run = buffer.take(ignore)) {
      const { firstOffset, messages } = run;
      watermark.open(firstOffset, messages.length);
      for (const index of messages.keys()) settle(firstOffset + index);
    }
  }
  return { read, progress: buffer.overGaps(watermark.progress()), position: buffer.position };
}
