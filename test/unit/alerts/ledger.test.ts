import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../src/alerts/alert.ts';
import { createLedger, type LedgerSettings, type Receipt } from '../../../src/alerts/ledger.ts';
import { firingOf, HALTED } from './support.ts';

const SETTINGS: LedgerSettings = { repeatMs: 1_000, maxPerHour: 100, minSeverity: 'warning' };
const WARNING: Alert = { ...HALTED, name: 'BrazierDeadLetters', severity: 'warning', since: 1 };

function rig(settings: Partial<LedgerSettings> = {}, known: Parameters<typeof createLedger>[0] = []) {
  const ledger = createLedger(known);
  const all = { ...SETTINGS, ...settings };
  return {
    ledger,
    /** Takes the next message and says what became of it. */
    step(firing: readonly Alert[], ms: number, receipt: Receipt = 'taken') {
      const message = ledger.next(firingOf(...firing), all, ms);
      if (message) ledger.record(message, receipt, ms);
      return (
        message &&
        `${message.state} ${message.alert.name}${message.reminder > 0 ? ` (${message.reminder})` : ''}`
      );
    },
    waiting: (firing: readonly Alert[], ms: number) => ledger.waiting(firingOf(...firing), all, ms),
  };
}

it('tells once that it fires, again when it is due, and once that it is over', () => {
  const t = rig();
  expect(t.step([HALTED], 0)).toBe('firing BrazierDestinationHalted');
  expect(t.step([HALTED], 999)).toBeUndefined();
  expect(t.step([HALTED], 1_000)).toBe('firing BrazierDestinationHalted (1)');
  expect(t.step([HALTED], 1_999)).toBeUndefined();
  expect(t.step([HALTED], 2_000)).toBe('firing BrazierDestinationHalted (2)');
  expect(t.step([], 2_001)).toBe('resolved BrazierDestinationHalted');
  expect(t.step([], 2_002)).toBeUndefined();
});

it('never reminds when it is not to', () => {
  const t = rig({ repeatMs: 0 });
  t.step([HALTED], 0);
  expect(t.step([HALTED], 1e9)).toBeUndefined();
});

it('tells the most urgent first', () => {
  const t = rig();
  t.step([{ ...HALTED, destination: 'over' }], 0);
  const firing = [
    WARNING,
    { ...HALTED, destination: 'b', since: 9 },
    { ...HALTED, destination: 'a', since: 8 },
  ];
  expect(t.waiting(firing, 1)).toBe(4);
  const messages = Array.from({ length: 4 }, () => {
    const message = t.ledger.next(firingOf(...firing), SETTINGS, 1);
    if (message) t.ledger.record(message, 'taken', 1);
    return `${message?.state} ${message?.alert.severity} ${message?.alert.destination}`;
  });
  expect(messages).toEqual([
    'firing critical a',
    'firing critical b',
    'firing warning braze',
    'resolved critical over',
  ]);
});

it('says nothing of what was never told and is over', () => {
  const t = rig();
  expect(t.step([HALTED], 0, 'refused')).toBe('firing BrazierDestinationHalted');
  expect(t.step([], 1)).toBeUndefined();
});

it('when nobody knows whether it arrived, tells it again, or that it is over', () => {
  const t = rig();
  t.step([HALTED], 0, 'unsure');
  expect(t.step([HALTED], 1, 'unsure')).toBe('firing BrazierDestinationHalted');
  expect(t.step([], 2, 'unsure')).toBe('resolved BrazierDestinationHalted');
  expect(t.step([], 3)).toBe('resolved BrazierDestinationHalted');
  expect(t.step([], 4)).toBeUndefined();
});

it('tells nothing of what was over for a moment while the webhook was away, and goes on with the same one', () => {
  const t = rig();
  t.step([HALTED], 0);
  expect(t.step([{ ...HALTED, since: 500 }], 600)).toBeUndefined();
  const message = t.ledger.next(firingOf({ ...HALTED, since: 500 }), SETTINGS, 1_000);
  expect(message?.alert.since).toBe(HALTED.since);
});

it('one that is refused again and again does not hold up the others', () => {
  const t = rig();
  expect(t.step([HALTED, WARNING], 0, 'refused')).toContain('Halted');
  expect(t.step([HALTED, WARNING], 1)).toContain('DeadLetters');
  expect(t.step([HALTED, WARNING], 2)).toContain('Halted');
});

it('tells only what is severe enough, and of what was told before always that it is over', () => {
  const t = rig({ minSeverity: 'critical' }, [{ alert: WARNING, toldMs: 0, reminders: 1, isUnsure: false }]);
  expect(t.step([WARNING, { ...WARNING, destination: 'other' }], 1)).toBeUndefined();
  expect(t.step([], 2)).toBe('resolved BrazierDeadLetters');
});

describe('the rate', () => {
  it('is kept in every hour, whatever is to be told', () => {
    const t = rig({ maxPerHour: 2 });
    const many = ['a', 'b', 'c'].map((destination) => ({ ...HALTED, destination }));
    expect(t.step(many, 0)).toBeDefined();
    expect(t.step(many, 1_000, 'unsure')).toBeDefined();
    expect(t.step(many, 3_599_999)).toBeUndefined();
    expect(t.step(many, 3_600_000)).toBeDefined();
    expect(t.step(many, 3_600_000)).toBeUndefined();
    expect(t.step(many, 3_601_000)).toBeDefined();
  });

  it('does not count what was surely not taken', () => {
    const t = rig({ maxPerHour: 1 });
    for (let ms = 0; ms < 5; ms += 1) expect(t.step([HALTED], ms, 'refused')).toBeDefined();
    expect(t.step([HALTED], 5)).toBeDefined();
    expect(t.step([], 6)).toBeUndefined();
  });
});
