import fc from 'fast-check';
import { expect, it } from 'vitest';
import { byTime, createLetterOrder, firstAfter } from '../../../../src/log/kafka/letters-order.ts';

interface Entry {
  readonly at: number;
  readonly seq: number;
  readonly partition: number;
  readonly offset: number;
  gone: boolean;
}

/** Mostly in order, as several writers' letters come; some far behind, as when partitions are read one after the other. */
const ages = fc.array(
  fc.oneof({ weight: 20, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.nat(900) }, fc.constant('lose')),
  { minLength: 100, maxLength: 400 },
);

it('keeps entries in order however they come, and knows the first that lives', () => {
  fc.assert(
    fc.property(ages, (steps) => {
      const order = createLetterOrder<Entry>(({ gone }) => !gone);
      const living: Entry[] = [];
      for (const [now, age] of steps.entries()) {
        if (typeof age === 'number') {
          const entry = { at: now - age, seq: now, partition: 0, offset: now, gone: false };
          order.add(entry);
          living.push(entry);
          living.sort(byTime);
        }
        for (const lost of age === 'lose' ? living.splice((now * 7) % (living.length + 1), 1) : []) {
          lost.gone = true;
          order.lost();
        }
        if (now % 10 === 0) expect(order.first()).toBe(living[0]);
      }
      expect(order.all().filter(({ gone }) => !gone)).toEqual(living);
    }),
    { numRuns: 60, seed: 3 },
  );
});

it('sweeps out what is gone when most of it is', () => {
  const order = createLetterOrder<Entry>(({ gone }) => !gone);
  const entries = Array.from({ length: 5_000 }, (_, at) => ({
    at,
    seq: 0,
    partition: 0,
    offset: at,
    gone: false,
  }));
  for (const entry of entries) order.add(entry);
  for (const entry of entries.slice(0, 4_000)) {
    entry.gone = true;
    order.lost();
  }
  expect(order.all()).toEqual(entries.slice(4_000));
  expect(order.first()).toBe(entries[4_000]);
});

it('finds what comes after a place, whether there is something at it or not', () => {
  const entries = [1, 3, 3, 5].map((at, offset) => ({ at, seq: 0, partition: 0, offset }));
  const after = (at: number, offset: number) => firstAfter(entries, { at, seq: 0, partition: 0, offset });
  expect([after(0, 0), after(1, 0), after(3, 1), after(3, 2), after(4, 0), after(9, 9)]).toEqual([
    0, 1, 2, 3, 3, 4,
  ]);
});
