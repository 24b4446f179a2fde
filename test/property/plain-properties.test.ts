/** Whether its properties are cut out of its text or not, an event ends the same; and what is cut is good JSON. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRecord } from '../../src/pipeline/plan.ts';
import { createRouter } from '../../src/pipeline/routing.ts';
import { cutProperties } from '../../transformers/plain-properties.ts';
import { createTransform } from '../../transformers/transform.ts';
import { hostileEvent } from '../support/hostile-events.ts';
import { anySettings } from '../support/hostile-settings.ts';

const record = { headers: { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' }, corrupt: false };

/** Texts close to JSON: one that is, with a few characters put in its place, or taken out. */
const character = fc.constantFrom(...'{}[]:,"\\-+.0123456789eE truefalsn\n\u0001$');
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', '', 'time', 0, -0.25, 12.5, 1e21, true, null),
    fc.integer(),
    fc.array(tie('any'), { maxLength: 3 }),
    fc
      .uniqueArray(fc.constantFrom('name', 'time', 'other', 'third'), { maxLength: 3 })
      .chain((names) =>
        fc
          .tuple(...names.map(() => tie('any')))
          .map((values) => Object.fromEntries(names.map((each, index) => [each, values[index]]))),
      ),
  ),
})).any;
const damage = fc.array(fc.tuple(fc.nat(200), fc.nat(2), character), { maxLength: 3 });

describe('plain properties', () => {
  it('make no difference to what becomes of an event', () => {
    fc.assert(
      fc.property(hostileEvent, anySettings, (event, settings) => {
        const transform = createTransform(settings);
        const steps = { destination: 'd', wants: () => true, route: createRouter(settings) };
        const text = JSON.stringify(event);
        const plan = planRecord(text, record, { ...steps, transform });
        expect(plan).toEqual(planRecord(text, record, { ...steps, transform: (each) => transform(each) }));
      }),
      { numRuns: 600 },
    );
  });

  it('are JSON as it is written here, whatever is wrong with the text', () => {
    let cuts = 0;
    fc.assert(
      fc.property(value, damage, (properties, changes) => {
        let text = JSON.stringify({ properties: { first: properties, last: 1 } });
        for (const [at, length, put] of changes) {
          const place = 13 + (at % (text.length - 13));
          text = text.slice(0, place) + put + text.slice(place + length);
        }
        const cut = cutProperties(text);
        if (!cut) return;
        cuts += 1;
        expect(JSON.stringify(JSON.parse(cut.properties))).toBe(cut.properties);
      }),
      { numRuns: 3_000 },
    );
    expect(cuts).toBeGreaterThan(300);
  });
});
