import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeProgress,
  encodeProgress,
  MAX_METADATA_CHARS,
  MAX_RANGES,
} from '../../../../src/log/kafka/progress-codec.ts';
import type { OffsetRange, Progress } from '../../../../src/log/log.ts';

/** Progress with ranges of these gaps and lengths. */
function progressOf(watermark: number, steps: readonly (readonly [number, number])[]): Progress {
  const settled: OffsetRange[] = [];
  let at = watermark;
  for (const [gap, length] of steps) {
    settled.push({ from: at + gap, to: at + gap + length });
    at += gap + length;
  }
  return { watermark, settled };
}

const steps = (most: number, size: number) =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: size }), fc.integer({ min: 1, max: size })), {
    maxLength: most,
  });
const watermarks = fc.nat({ max: 2 ** 40 });
const floors = fc.nat({ max: 2 ** 50 });

describe('progress as text', () => {
  test('is the same progress and the same floor again, when it fits', () => {
    fc.assert(
      fc.property(watermarks, steps(60, 100_000), floors, (watermark, ranges, floor) => {
        const progress = progressOf(watermark, ranges);
        const { metadata, cut } = encodeProgress(progress, floor);
        expect(cut).toBe(0);
        expect(decodeProgress(watermark, metadata)).toEqual({ progress, floor, mark: null, fault: null });
      }),
    );
  });

  test('is at most 4,096 characters, and what it names is the lower part of what was settled', () => {
    fc.assert(
      fc.property(watermarks, steps(4_000, 1_000_000), floors, (watermark, ranges, floor) => {
        const progress = progressOf(watermark, ranges);
        const { metadata, cut } = encodeProgress(progress, floor);
        expect(metadata.length).toBeLessThanOrEqual(MAX_METADATA_CHARS);
        const read = decodeProgress(watermark, metadata);
        expect(read.floor).toBe(floor);
        expect(read.progress.settled).toEqual(progress.settled.slice(0, progress.settled.length - cut));
      }),
      { numRuns: 60 },
    );
  });

  test('of as many short ranges as a commit may have is whole', () => {
    const ranges = Array.from(
      { length: MAX_RANGES },
      (_, n) => [1 + ((n * 7) % 120), 1 + ((n * 31) % 127)] as const,
    );
    expect(encodeProgress(progressOf(5, ranges), 1).cut).toBe(0);
  });

  test('gives up the ranges before the floor, when the broker takes little', () => {
    const progress = progressOf(10, [[3, 4]]);
    const { metadata, cut } = encodeProgress(progress, 9, { maxChars: 24 });
    expect([metadata.length, cut]).toEqual([24, 1]);
    expect(decodeProgress(10, metadata)).toEqual({
      progress: { watermark: 10, settled: [] },
      floor: 9,
      mark: null,
      fault: null,
    });
  });

  test('that is missing says nothing, and that is not ours is left aside with the reason', () => {
    const bare = { progress: { watermark: 7, settled: [] }, floor: 0, mark: null };
    expect(decodeProgress(7, null)).toEqual({ ...bare, fault: null });
    expect(decodeProgress(7, '')).toEqual({ ...bare, fault: null });
    const written = (...bytes: number[]): string => Buffer.of(...bytes).toString('base64');
    const faults = {
      version: written(9, 0),
      inflated: written(2, 255, 255, 255),
      touching: written(1, 0, 0, 5),
      empty: written(1, 0, 5, 0),
      odd: written(1, 0, 5),
      unfinished: written(1, 0, 5, 200),
      huge: written(1, ...Array.from({ length: 9 }, () => 255), 1),
    };
    for (const metadata of Object.values(faults)) {
      const read = decodeProgress(7, metadata);
      expect(read).toEqual({ ...bare, fault: expect.any(String) });
    }
  });

  test('of earlier versions is read, and has no mark', () => {
    const progress = progressOf(7, [
      [1, 2],
      [3, 4],
    ]);
    const ranges = Buffer.of(9, 1, 2, 3, 4);
    const plain = Buffer.concat([Buffer.of(1), ranges]).toString('base64');
    const deflated = Buffer.concat([Buffer.of(2), deflateRawSync(ranges)]).toString('base64');
    for (const metadata of [plain, deflated]) {
      expect(decodeProgress(7, metadata)).toEqual({ progress, floor: 9, mark: null, fault: null });
    }
  });

  test('tells which topic it is of', () => {
    const mark = { cluster: '00112233', topic: '445566778899aabb' };
    const progress = progressOf(7, [[1, 2]]);
    const { metadata } = encodeProgress(progress, 9, { mark });
    expect(decodeProgress(7, metadata)).toEqual({ progress, floor: 9, mark, fault: null });
  });

  test('that was cut, changed, or written for another offset is left aside: its ranges would skip events', () => {
    const watermark = 1_000;
    const lengths = steps(40, 1_000).filter((ranges) => ranges.length > 0);
    fc.assert(
      fc.property(lengths, fc.nat(), fc.integer({ min: 1, max: 255 }), (ranges, place, change) => {
        const { metadata } = encodeProgress(progressOf(watermark, ranges), 3);
        const bytes = Buffer.from(metadata, 'base64');
        const changed = Buffer.from(bytes);
        // Not the version: those before had no checksum.
        changed[1 + (place % (bytes.length - 1))]! ^= change;
        const cut = bytes.subarray(0, place % bytes.length);
        for (const other of [changed, cut]) {
          const { progress } = decodeProgress(watermark, other.toString('base64'));
          expect(progress.settled).toEqual([]);
        }
        expect(decodeProgress(watermark + 1, metadata).progress.settled).toEqual([]);
      }),
    );
  });

  test('never throws, whatever somebody else has written', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 200 }), (text, bytes) => {
        for (const metadata of [text, Buffer.from(bytes).toString('base64')]) {
          const { progress } = decodeProgress(100, metadata);
          expect(progress.watermark).toBe(100);
          expect(progress.settled.every(({ from, to }) => from > 100 && to > from)).toBe(true);
        }
      }),
    );
  });
});
