/** Objects on which Braze fails every time while it takes others: how they are told from an outage, and how they end. */
import type { Endpoint } from '../model/operation.ts';
import { type FinalOutcome, rejected } from '../model/outcome.ts';
import { attempt, type Batch, type SendOptions } from './attempt.ts';
import { withoutExpired, withoutUncertain } from './give-up.ts';
import { pause } from './pause.ts';

/** The record of one request's failures: what tells a poisonous object from a Braze that is down. */
export interface History {
  failures: number;
  /** The endpoint's passes when it began, or when the one it was halved from began. */
  readonly passesBefore: number;
  /** Failures that are enough, once others have passed. */
  readonly patience: number;
}

/** A request that failed so often while so many others of its endpoint passed carries a poisonous object. */
const POISON_FAILURES = 8;
const POISON_PASSES = 20;
/** Halves of a poisonous request need less proof. */
const HALF_FAILURES = 2;

export function newHistory<Owner>(endpoint: Endpoint, options: SendOptions<Owner>): History {
  return {
    failures: 0,
    passesBefore: options.passes(endpoint),
    patience: POISON_FAILURES,
  };
}

export function isPoisonous<Owner>(
  endpoint: Endpoint,
  history: History,
  options: SendOptions<Owner>,
): boolean {
  if (history.failures < history.patience) return false;
  return options.passes(endpoint) - history.passesBefore >= POISON_PASSES;
}

/** Of a half: what its whole has shown counts, and less proof is needed. */
export function halfOf(history: History): History {
  return { ...history, failures: 0, patience: HALF_FAILURES };
}

/** Tries the one operation on until it passes or its time is over. */
export async function wearOut<Owner>(batch: Batch<Owner>, options: SendOptions<Owner>): Promise<void> {
  const { settle, poisonAfterMs } = options;
  const spentMs = timeOfPasses(batch.endpoint, options);
  for (let failures = 1; (await withoutExpired(batch, options)).items.length > 0; ) {
    const verdict = await attempt(batch, options);
    if (verdict.kind === 'final') return settle(batch, verdict.outcomes);
    if (verdict.kind === 'named') return settle(batch, [...verdict.faults.values()]);
    if (verdict.kind !== 'retry' || verdict.throttled) continue;
    if ((await withoutUncertain(batch, verdict, options)).items.length === 0) return;
    const spent = spentMs();
    if (spent >= poisonAfterMs) return settle(batch, [exhausted(verdict.code, spent)]);
    await pause(verdict, failures++, options);
  }
}

/** Counts, from call to call, only time in which Braze took others: an outage of Braze is not the object's fault. */
function timeOfPasses<Owner>(endpoint: Endpoint, { clock, passes }: SendOptions<Owner>): () => number {
  let spentMs = 0;
  let seen = { at: clock.monotonicMs(), passes: passes(endpoint) };
  return () => {
    const now = { at: clock.monotonicMs(), passes: passes(endpoint) };
    if (now.passes > seen.passes) spentMs += now.at - seen.at;
    seen = now;
    return spentMs;
  };
}

function exhausted(code: string, waitedMs: number): FinalOutcome {
  const seconds = Math.round(waitedMs / 1000);
  const message = `Braze fails on this object (${code}) while it takes others; tried for ${seconds} s`;
  return rejected('exhausted', 'retries_exhausted', message);
}
