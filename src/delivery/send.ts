/**
 * Sends one request to its end: every operation gets its final outcome, however long that takes. The same request
 * goes again after a fault of Braze or of the network; one at fault itself is halved until the object is found.
 */
import type { FinalOutcome } from '../model/outcome.ts';
import { attempt, type Batch, type SendOptions } from './attempt.ts';
import { pauseUntilRecovery } from './pause.ts';
import { type History, halfOf, isPoisonous, newHistory, wearOut } from './poison.ts';
import type { Queued } from './queue.ts';

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
    await pauseUntilRecovery(verdict, history.failures, { ...options, endpoint: rest.endpoint });
  }
  return [];
}

/** Halves a request that carries a poisonous object; one that is alone is found. */
function singleOut<Owner>(batch: Batch<Owner>, history: History, options: SendOptions<Owner>) {
  if (batch.items.length === 1) return batch.items;
  return halve(batch, halfOf(history), options);
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
