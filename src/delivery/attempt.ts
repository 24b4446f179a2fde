/** One call to Braze with one request: when pacer and gate allow it, and what it told them and whoever counts. */
import type { BrazeClient, Reply } from '../braze/client.ts';
import { classify, type Verdict } from '../braze/replies.ts';
import { bodyBytesOf } from '../braze/requests.ts';
import type { Endpoint } from '../model/operation.ts';
import type { FinalOutcome, Rejected } from '../model/outcome.ts';
import type { Clock } from '../model/time.ts';
import type { Gate } from './gate.ts';
import { type Pacer, readRateHeaders } from './pacer.ts';
import type { Queued } from './queue.ts';
import type { Trace, WritableTrace } from './trace.ts';

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
  /** The last of the attempts that `sent` knows. */
  readonly observe: (attempt: Attempt, sent: Sent<Owner>) => void;
  /** Takes final outcomes, in the order of `items`; resolves when they are durable. */
  readonly settle: (batch: Batch<Owner>, outcomes: readonly FinalOutcome[]) => Promise<void>;
  /** A request is about to leave for the first time; it waits for what is returned. */
  readonly leaving?: (batch: Sent<Owner>) => Promise<void> | undefined;
  /** The outcome of what has grown too old to be sent; undefined while it has not. */
  readonly expired?: (owner: Owner) => Rejected | undefined;
  /** Events and purchases whose reply was lost are not sent again. */
  readonly holdUncertain?: boolean;
  /** What is left of a request is tried alone, for long perhaps: it gives up its place under the concurrency limit. */
  readonly setAside: () => void;
  /** Requests of the endpoint that Braze accepted so far. */
  readonly passes: (endpoint: Endpoint) => number;
  /** Ends everything: a reply that comes later is not looked at. */
  readonly signal: AbortSignal;
  /** Ends what waits (backoff, pacer, gate) and lets calls under way come to their end. Fires with `signal` too. */
  readonly waits: AbortSignal;
}

/** A request, or the part of one that is still open. */
export interface Batch<Owner> extends Sent<Owner> {
  readonly trace: WritableTrace;
}

/** The same for those who only look at it. */
export interface Sent<Owner> {
  readonly endpoint: Endpoint;
  readonly items: readonly Queued<Owner>[];
  readonly trace: Trace;
}

/** Without a word of Braze's about when the window ends: its window is 3 s (Braze: rate limits). */
const THROTTLED_MS = 3_000;
/** A reset that is over already would have everything that was refused asked again at once, and again. */
const LEAST_THROTTLED_MS = 1_000;
/** Added to Braze's own wait, at random, so that many workers do not come back in the same instant. */
const THROTTLED_JITTER_MS = 250;

/** One call, when pacer and gate allow; a halt or a 429 has been waited for when it returns. */
export async function attempt<Owner>(batch: Batch<Owner>, options: SendOptions<Owner>): Promise<Verdict> {
  const { client, clock, gate, signal, waits } = options;
  await turn(batch, options);
  const operations = batch.items.map(({ operation }) => operation);
  const [sentAt, at] = [clock.monotonicMs(), clock.epochMs()];
  const reply = await client.post(batch.endpoint, bodyBytesOf(batch.endpoint, operations));
  signal.throwIfAborted();
  const verdict = classify({ endpoint: batch.endpoint, operations }, reply);
  const durationMs = clock.monotonicMs() - sentAt;
  const status = 'failure' in reply ? null : reply.status;
  const what = verdict.kind === 'retry' ? verdict.code : verdict.kind;
  batch.trace.note({ at, durationMs, status, what, objects: operations.length }, reply, verdict);
  observe(batch, reply, verdict, { options, durationMs });
  if (verdict.kind === 'halt') await gate.hold(batch, verdict, waits, client.hasNewKey);
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
  { options, durationMs }: { options: SendOptions<Owner>; durationMs: number },
): void {
  const { clock, random } = options;
  const now = clock.monotonicMs();
  const pacer = options.pacer(batch.endpoint);
  const headers = 'failure' in reply ? undefined : readRateHeaders(reply.headers, clock.epochMs());
  let throttledMs: number | undefined;
  if (verdict.kind === 'retry' && verdict.throttled) {
    const waitMs = Math.max(LEAST_THROTTLED_MS, headers?.waitMs ?? THROTTLED_MS);
    throttledMs = waitMs + random() * THROTTLED_JITTER_MS;
    pacer.close(now, throttledMs);
  } else if (headers) {
    pacer.correct(now, headers);
  }
  const made = {
    endpoint: batch.endpoint,
    objects: batch.items.length,
    verdict,
    status: 'failure' in reply ? undefined : reply.status,
    durationMs,
    remaining: headers?.remaining,
    throttledMs,
  };
  options.observe(made, batch);
}
