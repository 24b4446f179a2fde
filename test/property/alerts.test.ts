/** Alerts under any order of faults, looks and answers: told once, over once, and never more than the rate. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Alert, keyOf } from '../../src/alerts/alert.ts';
import { createLedger, type LedgerSettings, type Message, type Receipt } from '../../src/alerts/ledger.ts';
import type { Condition } from '../../src/alerts/rules.ts';
import { createTracks } from '../../src/alerts/tracks.ts';

const SETTINGS: LedgerSettings = { repeatMs: 600_000, maxPerHour: 8, minSeverity: 'warning' };
const RESOLVE_AFTER_MS = 60_000;
const HOUR_MS = 3_600_000;

const CONDITIONS: readonly Condition[] = ['a', 'b', 'c'].flatMap((destination) =>
  (['critical', 'warning'] as const).map((severity) => ({
    name: severity === 'critical' ? 'BrazierDestinationHalted' : 'BrazierDeadLetters',
    severity,
    destination,
    code: null,
    summary: '',
    holdMs: severity === 'critical' ? 60_000 : 0,
  })),
);

interface Step {
  readonly wrong: readonly Condition[];
  readonly afterMs: number;
  /** What becomes of the messages of this look. */
  readonly receipts: readonly Receipt[];
}

const step = (receipts: fc.Arbitrary<Receipt>): fc.Arbitrary<Step> =>
  fc.record({
    wrong: fc.subarray([...CONDITIONS]),
    afterMs: fc.integer({ min: 1_000, max: 120_000 }),
    receipts: fc.array(receipts, { maxLength: 4 }),
  });

interface Sent {
  readonly message: Message;
  readonly receipt: Receipt;
  readonly ms: number;
}

function run(steps: readonly Step[]) {
  const tracks = createTracks([], { ms: 0, at: 0 });
  const ledger = createLedger([]);
  const sent: Sent[] = [];
  let ms = 0;
  let firing: ReadonlyMap<string, Alert> = new Map();
  for (const { wrong, afterMs, receipts } of steps) {
    ms += afterMs;
    firing = tracks.advance({ conditions: wrong, unjudged: [] }, { ms, at: ms }, RESOLVE_AFTER_MS);
    for (const receipt of receipts) {
      const message = ledger.next(firing, SETTINGS, ms);
      if (!message) break;
      ledger.record(message, receipt, ms);
      sent.push({ message, receipt, ms });
    }
  }
  return { sent, ledger, firing, ms };
}

/** Nothing is wrong, and every message arrives, for a day. */
const AFTERWARDS: readonly Step[] = Array.from({ length: 1_440 }, () => ({
  wrong: [],
  afterMs: 60_000,
  receipts: ['taken'],
}));

const byAlert = (sent: readonly Sent[]) => Map.groupBy(sent, ({ message }) => keyOf(message.alert));

it('each firing that was told is followed by exactly one that it is over, and nothing is told twice', () => {
  const receipts = fc.constantFrom<Receipt>('taken', 'refused');
  fc.assert(
    fc.property(fc.array(step(receipts), { maxLength: 60 }), (steps) => {
      const { sent, ledger } = run([...steps, ...AFTERWARDS]);
      expect(ledger.told()).toEqual([]);
      const arrived = sent.filter(({ receipt }) => receipt === 'taken');
      for (const messages of byAlert(arrived).values()) {
        const text = messages
          .map(({ message: { state, reminder } }) => (state === 'resolved' ? 'X' : reminder > 0 ? 'r' : 'F'))
          .join('');
        expect(text).toMatch(/^(Fr*X)*$/);
      }
    }),
    { seed: 7, numRuns: 200 },
  );
});

it('one that still fires is told again, but not before its time', () => {
  fc.assert(
    fc.property(fc.array(step(fc.constant('taken')), { maxLength: 60 }), (steps) => {
      for (const messages of byAlert(run(steps).sent).values()) {
        for (const [index, { message, ms }] of messages.entries()) {
          if (message.reminder === 0) continue;
          expect(ms - (messages[index - 1]?.ms ?? 0)).toBeGreaterThanOrEqual(SETTINGS.repeatMs);
        }
      }
    }),
    { seed: 7, numRuns: 200 },
  );
});

it('whatever the answers, no hour has more than its messages that may have arrived', () => {
  const receipts = fc.constantFrom<Receipt>('taken', 'refused', 'unsure');
  fc.assert(
    fc.property(fc.array(step(receipts), { maxLength: 120 }), (steps) => {
      const times = run(steps).sent.flatMap(({ receipt, ms }) => (receipt === 'refused' ? [] : [ms]));
      for (const from of times) {
        const within = times.filter((ms) => ms >= from && ms < from + HOUR_MS);
        expect(within.length).toBeLessThanOrEqual(SETTINGS.maxPerHour);
      }
    }),
    { seed: 7, numRuns: 200 },
  );
});

it('whatever was lost, in the end everybody who may have heard that it fires has heard that it is over', () => {
  const receipts = fc.constantFrom<Receipt>('taken', 'refused', 'unsure');
  fc.assert(
    fc.property(fc.array(step(receipts), { maxLength: 60 }), (steps) => {
      const { sent, ledger } = run([...steps, ...AFTERWARDS]);
      expect(ledger.told()).toEqual([]);
      const heard = sent.filter(({ receipt }) => receipt !== 'refused');
      for (const messages of byAlert(heard).values()) expect(messages.at(-1)?.message.state).toBe('resolved');
    }),
    { seed: 7, numRuns: 200 },
  );
});

it('in the end whoever is told knows all that fires', () => {
  fc.assert(
    fc.property(fc.array(step(fc.constantFrom<Receipt>('taken', 'refused', 'unsure'))), (steps) => {
      const wrong = steps.at(-1)?.wrong ?? [];
      const on = Array.from({ length: 240 }, () => ({
        wrong,
        afterMs: 60_000,
        receipts: ['taken'] as const,
      }));
      const { ledger, firing } = run([...steps, ...on]);
      expect(new Set(ledger.told().map(({ alert }) => keyOf(alert)))).toEqual(new Set(firing.keys()));
      expect(firing.size).toBe(wrong.length);
    }),
    { seed: 7, numRuns: 100 },
  );
});
