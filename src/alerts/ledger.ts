/**
 * What one webhook has been told, and so what it is to be told next: the difference between what fires and what it
 * believes. Nothing is queued: however long a webhook is away, there is at most one message for each alert, about how
 * things stand by then.
 */
import { type Alert, keyOf, type Severity } from './alert.ts';

export interface LedgerSettings {
  /** An alert that still fires is told again after so long; 0: never. */
  readonly repeatMs: number;
  readonly maxPerHour: number;
  readonly minSeverity: Severity;
}

export interface Message {
  readonly state: 'firing' | 'resolved';
  readonly alert: Alert;
  /** How often it was told before that it fires. */
  readonly reminder: number;
}

/** What became of a message: `refused` means surely not taken, `unsure` that nobody knows. */
export type Receipt = 'taken' | 'refused' | 'unsure';

export interface Told {
  readonly alert: Alert;
  readonly toldMs: number;
  readonly reminders: number;
  /** Nobody knows whether it has arrived. */
  readonly isUnsure: boolean;
}

export interface Ledger {
  /** What is to be told now, the most urgent first; undefined when there is nothing, or the hour is used up. */
  next(firing: ReadonlyMap<string, Alert>, settings: LedgerSettings, ms: number): Message | undefined;
  /** How many messages there are to be told, whether or not they may go now. */
  waiting(firing: ReadonlyMap<string, Alert>, settings: LedgerSettings, ms: number): number;
  record(message: Message, receipt: Receipt, ms: number): void;
  /** What it was told and is not over. */
  told(): readonly Told[];
}

const HOUR_MS = 3_600_000;

export function createLedger(known: readonly Told[]): Ledger {
  const entries = new Map<string, Told>(known.map((told) => [keyOf(told.alert), told]));
  const failures = new Map<string, number>();
  let sentMs: number[] = [];

  function ofFiring(key: string, alert: Alert, settings: LedgerSettings, ms: number): Message[] {
    const told = entries.get(key);
    if (!told) {
      const isWanted = settings.minSeverity === 'warning' || alert.severity === 'critical';
      return isWanted ? [{ state: 'firing', alert, reminder: 0 }] : [];
    }
    const isDue = told.isUnsure || (settings.repeatMs > 0 && ms - told.toldMs >= settings.repeatMs);
    // It may have been over for a moment that it was not told of: for the receiver it is the one that it knows.
    const same = { ...alert, since: told.alert.since };
    return isDue ? [{ state: 'firing', alert: same, reminder: told.reminders }] : [];
  }

  function candidates(
    firing: ReadonlyMap<string, Alert>,
    settings: LedgerSettings,
    ms: number,
  ): readonly Message[] {
    const over = [...entries].filter(([key]) => !firing.has(key));
    return [
      ...[...firing].flatMap(([key, alert]) => ofFiring(key, alert, settings, ms)),
      ...over.map(([, { alert }]): Message => ({ state: 'resolved', alert, reminder: 0 })),
    ];
  }

  /** One that is refused again and again does not hold up the others. */
  function byUrgency(a: Message, b: Message): number {
    const failed = ({ alert }: Message) => failures.get(keyOf(alert)) ?? 0;
    return failed(a) - failed(b) || rankOf(a) - rankOf(b) || a.alert.since - b.alert.since;
  }

  return {
    next(firing, settings, ms) {
      sentMs = sentMs.filter((sent) => ms - sent < HOUR_MS);
      const all = candidates(firing, settings, ms);
      for (const key of failures.keys()) {
        if (!all.some(({ alert }) => keyOf(alert) === key)) failures.delete(key);
      }
      return sentMs.length < settings.maxPerHour ? all.toSorted(byUrgency)[0] : undefined;
    },
    waiting: (firing, settings, ms) => candidates(firing, settings, ms).length,
    record({ state, alert, reminder }, receipt, ms) {
      const key = keyOf(alert);
      if (receipt !== 'taken') failures.set(key, (failures.get(key) ?? 0) + 1);
      else failures.delete(key);
      if (receipt === 'refused') return;
      sentMs.push(ms);
      if (receipt === 'taken' && state === 'resolved') entries.delete(key);
      else if (receipt === 'taken')
        entries.set(key, { alert, toldMs: ms, reminders: reminder + 1, isUnsure: false });
      else if (!entries.has(key)) entries.set(key, { alert, toldMs: ms, reminders: 0, isUnsure: true });
    },
    told: () => [...entries.values()],
  };
}

function rankOf({ state, alert, reminder }: Message): number {
  if (state === 'resolved') return 2;
  if (reminder > 0) return 3;
  return alert.severity === 'critical' ? 0 : 1;
}
