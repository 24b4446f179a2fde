/** Events on which a transformer fails, whichever way: each costs itself alone. */
import { expect, test, vi } from 'vitest';
import { rejected } from '../../src/model/outcome.ts';
import type { TransformResult } from '../../src/model/transform.ts';
import { PATIENT } from '../support/harness.ts';
import { operation } from '../support/operations.ts';
import { append, rig, track } from '../unit/pipeline/rig.ts';

function overflow(levels: number): number {
  return overflow(levels + 1) + 1;
}

const FAULTS: Readonly<Record<string, () => unknown>> = {
  'throws an error': () => {
    throw new TypeError('no');
  },
  'throws no error': () => {
    throw 'text';
  },
  'overflows the stack': () => overflow(0),
  'returns nothing': () => undefined,
  'returns text': () => 'operations',
  'returns a promise': () => Promise.resolve({ operations: [] }),
};

test.each(Object.keys(FAULTS))(
  'row 48: a transformer that %s makes a dead letter of that event; the others go on',
  async (fault) => {
    const transform = (event: { event?: unknown }) =>
      (event.event === fault
        ? FAULTS[fault]?.()
        : {
            status: 'operations',
            operations: [operation('event', 'external_id:kim')],
            warnings: [],
          }) as TransformResult;
    const t = await rig({ transform: transform as never });
    await append(t.log, [track('before'), track(fault), track('after')]);
    await vi.waitFor(async () => expect((await t.log.letters({ limit: 10 })).length).toBe(1), PATIENT);
    await vi.waitFor(() => expect(t.waiting.map(({ owner }) => owner.offset)).toEqual([0, 2]), PATIENT);
    const [letter] = await t.log.letters({ limit: 10 });
    expect(letter?.outcome).toMatchObject(rejected('invalid', 'transform_failed', expect.any(String)));
    expect(Buffer.from(letter?.record.value ?? []).toString()).toBe(JSON.stringify(track(fault)));
    await t.settleAll();
    expect(t.pipeline.inFlight()).toBe(0);
    await t.stop();
  },
);
