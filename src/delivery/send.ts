/**
 * Sends one request to its end: every operation gets its final outcome, however long that takes. The same request
 * goes again after a fault of Braze or of the network; one at fault itself is halved until the object is found.
 */
import type { BrazeClient, Reply } from '../braze/client.ts';
import { classify, type Verdict } from '../braze/replies.ts';
import { bodyOf } from '../braze/requests.ts';
import type { Endpoint } from '../model/operation.ts';
import { type FinalOutcome, rejected } from '../model/outcome.ts';
import type { Clock } from '../model/time.ts';
import { backoffMs } from './backoff.ts';
import type { Gate } from './gate.ts';
import { type Pacer, readRateHeaders } from './pacer.ts';
import type { Queued } from './queue.ts';

/** One attempt, as told to whoever counts. */
export interface Attempt {
  readonly endpoint: Endpoint;
  readonly objects: number;
  readonly verdict: Verdict;
  /** HTTP status, or undefined when there was no answer. */
  readonly status: number | undefined;
  readonly durationMs: number;
  readonly remaining: number | undefined;
  /** How long a 429 closed the pacer, ms. */
  readonly throttledMs: number | undefined;
}

export interface SendOptions<Owner> {
  readonly client: BrazeClient;
  readonly pacer: (endpoint: Endpoint) => Pacer;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly random: () => number;
  readonly poisonAfterMs: number;
  readonly observe: (attempt: Attempt) => void;
  /** Takes final outcomes, in the order of `items`; resolves when they are durable. */
  readonly settle: (items: readonly Queued<Owner>[], outcomes: readonly FinalOutcome[]) => Promise<void>;
  /** Requests of the endpoint that Braze accepted so far. */
  readonly passes: (endpoint: Endpoint) => number;
  /** Ends everything: a reply that comes later is not looked at. */
  readonly signal: AbortSignal;
  /** Ends what waits (backoff, pacer, gate) and lets calls under way come to their end. Fires with `signal` too. */
  readonly waits: AbortSignal;
}

export interface Batch<Owner> {
  readonly endpoint: Endpoint;
  readonly items: readonly Queued<Owner>[];
}

/** The record of one request's failures: what tells a poisonous object from a Braze that is down. */
interface History {
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

/** Without a word of Braze's about when the window ends: its window is 3 s (Braze: rate limits). */
const THROTTLED_MS = 3_000;
/** Added to Braze's own wait, at random, so that many workers do not come back in the same instant. */
const THROTTLED_JITTER_MS = 250;

/** Resolves when all operations are settled; rejects only with the reason of one of the signals. */
export async function send<Owner>(batch: Batch<Owner>, options: SendOptions<Owner>): Promise<void> {
  const stuck = await deliver(batch, newHistory(batch.endpoint, options), options);
  for (const item of stuck) await wearOut({ endpoint: batch.endpoint, items: [item] }, options);
}

/** Returns the operations that Braze answers with 5xx while it takes others: they are tried alone at the end. */
async function deliver<Owner>(
  batch: Batch<Owner>,
  history: History,
  options: SendOptions<Owner>,
): Promise<readonly Queued<Owner>[]> {
  let rest = batch;
  while (rest.items.length > 0) {
    const verdict = await attempt(rest, options);
    if (verdict.kind === 'final') {
      await options.settle(rest.items, verdict.outcomes);
      return [];
    }
    if (verdict.kind === 'split') return halve(rest, newHistory(rest.endpoint, options), options);
    if (verdict.kind === 'named') rest = await withoutFaulty(rest, verdict.faults, options);
    if (verdict.kind !== 'retry' || verdict.throttled) continue;
    history.failures += 1;
    if (isPoisonous(rest.endpoint, history, options)) return singleOut(rest, history, options);
    await pause(verdict, history.failures, options);
  }
  return [];
}

/** Halves a request that carries a poisonous object; one that is alone is found. */
function singleOut<Owner>(batch: Batch<Owner>, history: History, options: SendOptions<Owner>) {
  if (batch.items.length === 1) return batch.items;
  return halve(batch, { ...history, failures: 0, patience: HALF_FAILURES }, options);
}

/** One after the other; what belongs to a person whose earlier operation is stuck waits with it. */
async function halve<Owner>(
  { endpoint, items }: Batch<Owner>,
  history: History,
  options: SendOptions<Owner>,
) {
  const middle = Math.ceil(items.length / 2);
  const stuck = [...(await deliver({ endpoint, items: items.slice(0, middle) }, { ...history }, options))];
  const stuckKeys = new Set(stuck.flatMap(({ operation }) => operation.keys));
  const behind = (item: Queued<Owner>) => item.operation.keys.some((key) => stuckKeys.has(key));
  const right = items.slice(middle);
  stuck.push(...right.filter(behind));
  const free = right.filter((item) => !behind(item));
  if (free.length > 0) stuck.push(...(await deliver({ endpoint, items: free }, { ...history }, options)));
  return stuck;
}

/**
 * Tries the one operation on until it passes or its time is over. Only time in which Braze took others counts: an
 * outage of Braze is not the object's fault.
 */
async function wearOut<Owner>(batch: Batch<Owner>, options: SendOptions<Owner>): Promise<void> {
  const { clock, passes, poisonAfterMs, settle } = options;
  let spentMs = 0;
  let seen = { at: clock.monotonicMs(), passes: passes(batch.endpoint) };
  for (let failures = 1; ; ) {
    const verdict = await attempt(batch, options);
    if (verdict.kind === 'final') return settle(batch.items, verdict.outcomes);
    if (verdict.kind === 'named') return settle(batch.items, [...verdict.faults.values()]);
    if (verdict.kind !== 'retry' || verdict.throttled) continue;
    const now = { at: clock.monotonicMs(), passes: passes(batch.endpoint) };
    if (now.passes > seen.passes) spentMs += now.at - seen.at;
    seen = now;
    if (spentMs >= poisonAfterMs) return settle(batch.items, [exhausted(verdict.code, spentMs)]);
    await pause(verdict, failures++, options);
  }
}

function exhausted(code: string, waitedMs: number): FinalOutcome {
  const seconds = Math.round(waitedMs / 1000);
  const message = `Braze fails on this object (${code}) while it takes others; tried for ${seconds} s`;
  return rejected('exhausted', 'retries_exhausted', message);
}

/** One call, when pacer and gate allow; a halt or a 429 has been waited for when it returns. */
async function attempt<Owner>(batch: Batch<Owner>, options: SendOptions<Owner>): Promise<Verdict> {
  const { client, clock, gate, signal, waits } = options;
  await turn(batch, options);
  const operations = batch.items.map(({ operation }) => operation);
  const sentAt = clock.monotonicMs();
  const reply = await client.post(batch.endpoint, bodyOf(batch.endpoint, operations));
  signal.throwIfAborted();
  const verdict = classify({ endpoint: batch.endpoint, operations }, reply);
  observe(batch, reply, verdict, { options, sentAt });
  if (verdict.kind === 'halt') await gate.hold(batch, verdict, waits);
  else gate.pass(batch);
  return verdict;
}

/** Without an await when it may go at once, so that the token is spent before the dispatcher looks at the next. */
async function turn<Owner>(batch: Batch<Owner>, options: SendOptions<Owner>): Promise<void> {
  const { clock, gate, waits } = options;
  const pacer = options.pacer(batch.endpoint);
  for (;;) {
    const waitMs = pacer.waitMs(clock.monotonicMs());
    if (gate.isOpenTo(batch) && waitMs === 0) break;
    await gate.passage(batch, waits);
    if (waitMs > 0) await clock.delay(waitMs, waits);
  }
  pacer.spend(clock.monotonicMs());
}

/** Tells the pacer what Braze said about its limits, and the observer what happened. */
function observe<Owner>(
  batch: Batch<Owner>,
  reply: Reply,
  verdict: Verdict,
  { options, sentAt }: { options: SendOptions<Owner>; sentAt: number },
): void {
  const { clock, random } = options;
  const now = clock.monotonicMs();
  const pacer = options.pacer(batch.endpoint);
  const headers = 'failure' in reply ? undefined : readRateHeaders(reply.headers, clock.epochMs());
  let throttledMs: number | undefined;
  if (verdict.kind === 'retry' && verdict.throttled) {
    throttledMs = (headers?.waitMs ?? THROTTLED_MS) + random() * THROTTLED_JITTER_MS;
    pacer.close(now, throttledMs);
  } else if (headers) {
    pacer.correct(now, headers);
  }
  options.observe({
    endpoint: batch.endpoint,
    objects: batch.items.length,
    verdict,
    status: 'failure' in reply ? undefined : reply.status,
    durationMs: now - sentAt,
    remaining: headers?.remaining,
    throttledMs,
  });
}

async function withoutFaulty<Owner>(
  { endpoint, items }: Batch<Owner>,
  faults: ReadonlyMap<number, FinalOutcome>,
  options: SendOptions<Owner>,
): Promise<Batch<Owner>> {
  const faulty = items.filter((_, index) => faults.has(index));
  await options.settle(
    faulty,
    [...faults].sort(([a], [b]) => a - b).map(([, outcome]) => outcome),
  );
  return { endpoint, items: items.filter((_, index) => !faults.has(index)) };
}

function newHistory<Owner>(endpoint: Endpoint, options: SendOptions<Owner>): History {
  return {
    failures: 0,
    passesBefore: options.passes(endpoint),
    patience: POISON_FAILURES,
  };
}

function isPoisonous<Owner>(endpoint: Endpoint, history: History, options: SendOptions<Owner>): boolean {
  if (history.failures < history.patience) return false;
  return options.passes(endpoint) - history.passesBefore >= POISON_PASSES;
}

async function pause<Owner>(
  verdict: Extract<Verdict, { kind: 'retry' }>,
  failures: number,
  { clock, random, waits }: SendOptions<Owner>,
): Promise<void> {
  if (verdict.atOnce && failures === 1) return;
  await clock.delay(backoffMs(failures, random), waits);
}
