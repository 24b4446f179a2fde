import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/log/log.ts';
import { createWatermark } from '../../src/pipeline/watermark.ts';

const NOTHING: Progress = { watermark: 0, settled: [] };

/** Which offsets below `end` a progress calls done. */
function doneOffsets({ watermark, settled }: Progress, end: number): boolean[] {
  return Array.from(
    { length: end },
    (_, offset) => offset < watermark || settled.some(({ from, to }) => from <= offset && offset < to),
  );
}

function expectWellFormed({ watermark, settled }: Progress): void {
  let before = watermark;
  for (const { from, to } of settled) {
    expect(from).toBeGreaterThan(before);
    expect(to).toBeGreaterThan(from);
    before = to;
  }
}

describe('watermark', () => {
  it('says exactly what is settled, whatever the order of outcomes', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.nat()), (chunks, dice) => {
        const watermark = createWatermark(NOTHING);
        const open: number[] = [];
        const done: boolean[] = [];
        let end = 0;
        for (const size of chunks) {
          watermark.open(end, size);
          for (let index = 0; index < size; index += 1) open.push(end + index);
          end += size;
          const settleNow = dice.next().value % (open.length + 1);
          for (let count = 0; count < settleNow; count += 1) {
            const [offset] = open.splice(dice.next().value % open.length, 1);
            watermark.settle(offset!);
            done[offset!] = true;
          }
          const progress = watermark.progress();
          expectWellFormed(progress);
          expect(doneOffsets(progress, end)).toEqual(
            Array.from({ length: end }, (_, at) => done[at] ?? false),
          );
        }
      }),
    );
  });

  it('forgets nothing of the progress it resumed with, however little has been read since', () => {
    const flags = fc.array(fc.boolean(), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(flags, fc.nat(), (before, stop) => {
        const resumed = progressOf(before);
        const watermark = createWatermark(resumed);
        const now = [...before];
        for (const [from, to] of unsettledRuns(before).slice(0, stop % 5)) {
          watermark.open(from, to - from);
          watermark.settle(from);
          now[from] = true;
        }
        const progress = watermark.progress();
        expectWellFormed(progress);
        expect(doneOffsets(progress, before.length)).toEqual(now);
      }),
    );
  });

  it('refuses an outcome for a record that has one already', () => {
    const watermark = createWatermark(NOTHING);
    watermark.open(0, 3);
    watermark.settle(1);
    expect(() => watermark.settle(1)).toThrow('offset 1 is settled already');
  });
});

function unsettledRuns(flags: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const [offset, done] of flags.entries()) {
    if (done) continue;
    const last = runs.at(-1);
    if (last?.[1] === offset) last[1] = offset + 1;
    else runs.push([offset, offset + 1]);
  }
  return runs;
}

function progressOf(flags: readonly boolean[]): Progress {
  const [first] = unsettledRuns(flags);
  const watermark = first?.[0] ?? flags.length;
  const settled: { from: number; to: number }[] = [];
  for (const [offset, done] of flags.entries()) {
    if (!done || offset < watermark) continue;
    const last = settled.at(-1);
    if (last?.to === offset) last.to = offset + 1;
    else settled.push({ from: offset, to: offset + 1 });
  }
  return { watermark, settled };
}
