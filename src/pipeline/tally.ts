/**
 * A destination's counts. Plain numbers on the way of an event; handed to the metrics when somebody looks, all in the
 * same turn, so that read = delivered + filtered + rejected + in flight holds at every scrape.
 */
import type { LeftOut } from '../memory/memory.ts';
import type { OperationKind } from '../model/operation.ts';
import type { FinalOutcome, Warning } from '../model/outcome.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface Tally {
  /** Events read from the log. */
  read(count: number): void;
  /** One event has its final outcome. */
  finished(outcome: FinalOutcome): void;
  operation(kind: OperationKind, outcome: FinalOutcome): void;
  /** From accepting to Braze's acceptance, for the oldest event of a request. */
  latency(ms: number): void;
  warned(warnings: readonly Warning[]): void;
  leftOut(leftOut: LeftOut): void;
  /** Events read and not finished, counted by themselves: what is in flight must be as many. */
  unfinished(): number;
  /** Adds what happened since the last call to the metrics. */
  publish(): void;
}

const OUTCOMES = ['delivered', 'filtered', 'rejected'] as const;

export function createTally(metrics: Metrics, destination: string): Tally {
  let events = 0;
  let unfinished = 0;
  let unchanged = 0;
  const outcomes = createCounts();
  const reasons = createCounts();
  const letters = createCounts();
  const codes = createCounts();
  const operations = new Map<OperationKind, Counts>();
  const warnings = createCounts();
  const spared = createCounts();
  for (const outcome of OUTCOMES) metrics.events.inc({ destination, outcome }, 0);
  metrics.eventsRead.inc({ destination }, 0);
  metrics.eventsInDoubt.inc({ destination }, 0);
  metrics.attributesUnchanged.inc({ destination }, 0);
  return {
    read(count) {
      events += count;
      unfinished += count;
    },
    finished(outcome) {
      unfinished -= 1;
      outcomes.add(outcome.status);
      if (outcome.status === 'filtered') reasons.add(outcome.code);
      if (outcome.status !== 'rejected') return;
      letters.add(outcome.kind);
      codes.add(outcome.code);
    },
    operation(kind, outcome) {
      const counts = operations.get(kind) ?? createCounts();
      counts.add(outcome.status);
      operations.set(kind, counts);
    },
    latency(ms) {
      metrics.endToEnd.observe({ destination }, ms / 1000);
    },
    warned(all) {
      for (const { code } of all) warnings.add(code);
    },
    leftOut({ operations: all, attributes }) {
      for (const { kind } of all) spared.add(kind);
      unchanged += attributes;
    },
    unfinished: () => unfinished,
    publish() {
      metrics.eventsRead.inc({ destination }, events);
      events = 0;
      metrics.attributesUnchanged.inc({ destination }, unchanged);
      unchanged = 0;
      outcomes.drain((outcome, count) => metrics.events.inc({ destination, outcome }, count));
      reasons.drain((reason, count) => metrics.eventsFiltered.inc({ destination, reason }, count));
      codes.drain((reason, count) => metrics.eventsRejected.inc({ destination, reason }, count));
      letters.drain((kind, count) => metrics.deadLetters.inc({ destination, kind }, count));
      warnings.drain((code, count) => metrics.warnings.inc({ destination, code }, count));
      spared.drain((kind, count) => metrics.operationsLeftOut.inc({ destination, kind }, count));
      for (const [kind, counts] of operations) {
        counts.drain((outcome, count) =>
          metrics.deliveryOperations.inc({ destination, kind, outcome }, count),
        );
      }
    },
  };
}

interface Counts {
  add(label: string): void;
  drain(take: (label: string, count: number) => void): void;
}

function createCounts(): Counts {
  const counts = new Map<string, number>();
  return {
    add(label) {
      counts.set(label, (counts.get(label) ?? 0) + 1);
    },
    drain(take) {
      for (const [label, count] of counts) take(label, count);
      counts.clear();
    },
  };
}
