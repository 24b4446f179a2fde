/** A delivery against a real sandbox, for tests: what was sent, what became of it. */
import { afterEach, expect, vi } from 'vitest';
import { createBrazeClient } from '../../../src/braze/client.ts';
import type { Attempt } from '../../../src/delivery/attempt.ts';
import type { Delivery, DeliveryOptions } from '../../../src/delivery/delivery.ts';
import { createDelivery } from '../../../src/delivery/dispatcher.ts';
import type { Halt } from '../../../src/delivery/gate.ts';
import type { Operation } from '../../../src/model/operation.ts';
import type { FinalOutcome } from '../../../src/model/outcome.ts';
import { systemClock } from '../../../src/model/time.ts';
import type { FaultRule, Sandbox } from '../../../src/sandbox/server.ts';
import { startSandbox } from '../../support/sandbox.ts';

export interface Rig {
  readonly sandbox: Sandbox;
  readonly delivery: Delivery<string>;
  /** Outcomes by owner, in the order they became final. */
  readonly outcomes: Map<string, FinalOutcome>;
  readonly attempts: Attempt[];
  readonly halts: (Halt | undefined)[];
}

export const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function rig(
  options: Partial<DeliveryOptions<string>> = {},
  sandboxOptions: Parameters<typeof startSandbox>[0] = {},
): Promise<Rig> {
  const { sandbox, url, close } = await startSandbox(sandboxOptions);
  const client = createBrazeClient({ restEndpoint: url, readRestApiKey: () => 'k', maxSockets: 64 });
  const outcomes = new Map<string, FinalOutcome>();
  const attempts: Attempt[] = [];
  const halts: (Halt | undefined)[] = [];
  const delivery = createDelivery<string>({
    client,
    clock: systemClock,
    random: () => 0,
    rateLimit: { requests: 3_000, perSeconds: 3 },
    concurrency: { start: 16, max: 64 },
    packing: 'combined',
    lingerMs: 20,
    identifyQuietMs: 0,
    poisonAfterMs: 100,
    firstProbeMs: 20,
    settle: async ({ items }, results) => {
      for (const [index, { owner }] of items.entries()) outcomes.set(owner, results[index]!);
    },
    observe: (attempt) => attempts.push(attempt),
    onHalt: (halt) => halts.push(halt),
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  cleanups.push(
    close,
    () => client.close(),
    () => delivery.abort(),
  );
  return { sandbox, delivery, outcomes, attempts, halts };
}

export function event(user: string, name: string): Operation {
  const text = JSON.stringify({ external_id: user, name, time: '2026-11-22T12:00:00.000Z' });
  return {
    kind: 'event',
    keys: [`external_id:${user}`],
    text,
    bytes: Buffer.byteLength(text),
    part: 'event:0',
  };
}

/** Adds one event for each of `count` people; the owner is the person's id. */
export function addPeople({ delivery }: Rig, count: number, prefix = 'u'): string[] {
  const people = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  for (const user of people) delivery.add([event(user, 'e')], user);
  return people;
}

export const settled = ({ outcomes }: Rig, count: number) =>
  vi.waitFor(() => expect(outcomes.size).toBeGreaterThanOrEqual(count), { timeout: 60_000, interval: 5 });
export const statuses = ({ outcomes }: Rig) => Map.groupBy(outcomes.entries(), ([, { status }]) => status);
export const fault = (rule: FaultRule['do'], match: FaultRule['match'] = {}, times?: number): FaultRule => ({
  match,
  do: rule,
  ...(times === undefined ? {} : { times }),
});
