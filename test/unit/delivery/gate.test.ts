import { describe, expect, it } from 'vitest';
import { createGate } from '../../../src/delivery/gate.ts';
import type { Clock } from '../../../src/model/time.ts';

/** A clock whose waits are over at once and add up. */
function countingClock() {
  let waitedMs = 0;
  const clock: Clock = {
    monotonicMs: () => waitedMs,
    epochMs: () => waitedMs,
    async delay(ms) {
      waitedMs += ms;
    },
  };
  return { clock, waited: () => waitedMs };
}

const halt = { code: 'key_refused', message: 'no' };
const signal = new AbortController().signal;

describe('the probe of a halt', () => {
  it('waits twice as long each time, up to a minute', async () => {
    const { clock, waited } = countingClock();
    const gate = createGate({ clock, onChange: () => undefined });
    const waits: number[] = [];
    for (let probe = 0; probe < 6; probe += 1) {
      const before = waited();
      await gate.hold(gate, halt, signal);
      waits.push(waited() - before);
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('goes within a second of something having been mended, however long it would have waited', async () => {
    const { clock, waited } = countingClock();
    const gate = createGate({ clock, onChange: () => undefined, firstProbeMs: 60_000 });
    await gate.hold(gate, halt, signal, () => waited() >= 7_500);
    expect(waited()).toBe(8_000);
  });
});
