/** What a request does not go on with: objects that have grown too old, and those that must not be sent twice. */
import type { Verdict } from '../braze/replies.ts';
import { type FinalOutcome, rejected } from '../model/outcome.ts';
import type { Batch, SendOptions } from './attempt.ts';
import type { Queued } from './queue.ts';

type Outcomes<Owner> = ReadonlyMap<Queued<Owner>, FinalOutcome>;

/** Settles what has grown too old; what is left. */
export function withoutExpired<Owner>(
  batch: Batch<Owner>,
  options: SendOptions<Owner>,
): Promise<Batch<Owner>> | Batch<Owner> {
  const { expired } = options;
  if (!expired) return batch;
  const outcomes = new Map<Queued<Owner>, FinalOutcome>();
  for (const item of batch.items) {
    const outcome = expired(item.owner);
    if (outcome) outcomes.set(item, outcome);
  }
  return outcomes.size === 0 ? batch : giveUp(batch, outcomes, options);
}

const REPLY_LOST = rejected(
  'uncertain',
  'reply_lost',
  'no reply came, Braze may or may not have counted it; with `uncertain: hold` it is not sent again by itself',
);

/** Settles events and purchases whose reply was lost, where the destination holds those; what is left goes again. */
export function withoutUncertain<Owner>(
  batch: Batch<Owner>,
  verdict: Verdict,
  options: SendOptions<Owner>,
): Promise<Batch<Owner>> | Batch<Owner> {
  if (options.holdUncertain !== true || verdict.kind !== 'retry' || verdict.fateUnknown !== true)
    return batch;
  const outcomes = new Map<Queued<Owner>, FinalOutcome>();
  for (const item of batch.items) if (isCounted(item)) outcomes.set(item, REPLY_LOST);
  return outcomes.size === 0 ? batch : giveUp(batch, outcomes, options);
}

/** Sent twice, these count twice; everything else only sets again what is set. */
export function isCounted({ operation: { kind } }: Queued<unknown>): boolean {
  return kind === 'event' || kind === 'purchase';
}

async function giveUp<Owner>(
  batch: Batch<Owner>,
  outcomes: Outcomes<Owner>,
  { settle, gate }: SendOptions<Owner>,
): Promise<Batch<Owner>> {
  // If it was the probe of a halt, the next one has to be somebody.
  gate.pass(batch);
  const gone = { ...batch, items: [...outcomes.keys()] };
  await settle(gone, [...outcomes.values()]);
  return { ...batch, items: batch.items.filter((item) => !outcomes.has(item)) };
}
