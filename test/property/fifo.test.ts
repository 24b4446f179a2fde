import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFifo } from '../../src/delivery/fifo.ts';

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 90 }) }) },
    { weight: 2, arbitrary: fc.record({ shift: fc.integer({ min: 1, max: 90 }), back: fc.nat(90) }) },
  ),
  { maxLength: 60 },
);

describe('fifo', () => {
  it('is an array from which is taken at the front and put back there, whatever the order of steps', () => {
    fc.assert(
      fc.property(steps, (path) => {
        const fifo = createFifo<number>();
        let model: number[] = [];
        let next = 0;
        for (const step of path) {
          if ('push' in step) {
            for (let count = 0; count < step.push; count += 1) {
              fifo.push(next);
              model.push(next++);
            }
          } else {
            const taken = Array.from({ length: step.shift }, () => fifo.shift());
            const expected = Array.from({ length: step.shift }, () => model.shift());
            expect(taken).toEqual(expected);
            const back = expected.filter((item) => item !== undefined).slice(-step.back);
            fifo.putBack(back);
            model = [...back, ...model];
          }
          expect(fifo.length).toBe(model.length);
          expect([fifo.peek(0), fifo.peek(model.length - 1)]).toEqual([model[0], model.at(-1)]);
        }
      }),
    );
  });
});
