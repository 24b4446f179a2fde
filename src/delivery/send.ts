/**
 * Sends one request to its end: every operation gets its final outcome, however long that takes. The same request
 * goes again after a fault of Braze or of the network; one at fault itself is halved until the object is found.
 */
import type { FinalOutcome } from '../model/outcome.ts';
import { attempt, type Batch, type SendOptions } from './attempt.ts';
import { withoutExpired, withoutUncertain } from './give-up.ts';
import { pauseUntilRecovery } from './pause.ts';
import { type History, halfOf, isPoisonous, newHistory, wearOut } from './poison.ts';
import type { Queued } from './queue.ts';

/** Resolves when all operations are settled; rejects only with the reason of one of the signals. */
export async function send<Owner>(batch: Batch<Owner>, options: SendOptions<Owner>): Promise<void> {
  await options.leaving?.(batch);
  options.waits.throwIfAborted();
  const stuck = await deliver(batch, newHistory(batch.endpoint, options), options);
  if (stuck.length === 0) return;
  options.setAside();
  await Promise.all(byPerson(stuck).map((items) => wearOutInTurn({ ...batch, items }, options)));
}

/** A person's stuck operations go one after the other, those of different people side by side. */
async function wearOutInTurn<Owner>(batch: Batch<Owner>, options: SendOptions<Owner>): Promise<void> {
  for (const item of batch.items) await wearOut({ ...batch, items: [item] }, options);
}

/** In the order given; whoever shares an identity with an earlier one is in its group. */
function byPerson<Owner>(items: readonly Queued<Owner>[]): Queued<Owner>[][] {
  const groups: { keys: Set<string>; items: Queued<Owner>[] }[] = [];
  for (const item of items) {
    const { keys } = item.operation;
    const [own, ...others] = groups.filter((group) => keys.some((key) => group.keys.has(key)));
    const group = own ?? { keys: new Set(), items: [] };
    if (!own) groups.push(group);
    for (const other of others) {
      group.items.push(...other.items);
      for (const key of other.keys) group.keys.add(key);
      groups.splice(groups.indexOf(other), 1);
    }
    group.items.push(item);
    for (const key of keys) group.keys.add(key);
  }
  const place = (item: Queued<Owner>) => items.indexOf(item);
  return groups.map((group) => group.items.toSorted((a, b) => place(a) - place(b)));
}

/** Returns the operations that Braze answers with 5xx while it takes others: they are tried alone at the end. */
async function deliver<Owner>(
  batch: Batch<Owner>,
  history: History,
  options: SendOptions<Owner>,
): Promise<readonly Queued<Owner>[]> {
  let rest = await withoutExpired(batch, options);
  while (rest.items.length > 0) {
    const verdict = await attempt(rest, options);
    if (verdict.kind === 'final') {
      await options.settle(rest, verdict.outcomes);
      return [];
    }
    if (verdict.kind === 'split') return halve(rest, newHistory(rest.endpoint, options), options);
    if (verdict.kind === 'named') rest = await withoutFaulty(rest, verdict.faults, options);
    if (verdict.kind === 'retry' && !verdict.throttled) {
      rest = await withoutUncertain(rest, verdict, options);
      history.failures += 1;
      if (isPoisonous(rest.endpoint, history, options)) return singleOut(rest, history, options);
      await pauseUntilRecovery(verdict, history.failures, { ...options, endpoint: rest.endpoint });
    }
    rest = await withoutExpired(rest, options);
  }
  return [];
}

/** Halves a request that carries a poisonous object; one that is alone is found. */
function singleOut<Owner>(batch: Batch<Owner>, history: History, options: SendOptions<Owner>) {
  if (batch.items.length <= 1) return batch.items;
  return halve(batch, halfOf(history), options);
}

/** One after the other; what belongs to a person whose earlier operation is stuck waits with it. */
async function halve<Owner>(batch: Batch<Owner>, history: History, options: SendOptions<Owner>) {
  const { items } = batch;
  const middle = Math.ceil(items.length / 2);
  const left = { ...batch, items: items.slice(0, middle) };
  const stuck = [...(await deliver(left, { ...history }, options))];
  const stuckKeys = new Set(stuck.flatMap(({ operation }) => operation.keys));
  const behind = (item: Queued<Owner>) => item.operation.keys.some((key) => stuckKeys.has(key));
  const right = items.slice(middle);
  stuck.push(...right.filter(behind));
  const free = { ...batch, items: right.filter((item) => !behind(item)) };
  if (free.items.length > 0) stuck.push(...(await deliver(free, { ...history }, options)));
  return stuck;
}

async function withoutFaulty<Owner>(
  batch: Batch<Owner>,
  faults: ReadonlyMap<number, FinalOutcome>,
  options: SendOptions<Owner>,
): Promise<Batch<Owner>> {
  const faulty = { ...batch, items: batch.items.filter((_, index) => faults.has(index)) };
  const outcomes = [...faults].sort(([a], [b]) => a - b).map(([, outcome]) => outcome);
  await options.settle(faulty, outcomes);
  return { ...batch, items: batch.items.filter((_, index) => !faults.has(index)) };
}
