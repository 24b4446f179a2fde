/** The real delivery against a sandbox with the time compressed: an hour's waits in seconds, sent and settled events judged. */
import { setTimeout as wait } from 'node:timers/promises';
import { createBrazeClient } from '../../src/braze/client.ts';
import type { Delivery, DeliveryOptions } from '../../src/delivery/delivery.ts';
import { createDelivery } from '../../src/delivery/dispatcher.ts';
import type { Clock } from '../../src/model/time.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { type Judgement, judge } from './judge.ts';
import { type Produced, payload } from './producer.ts';
import { startSandbox } from './sandbox.ts';

/** So many ms pass in each; the date can be moved, the rest cannot. */
export function fastClock(factor: number): Clock & { jump(ms: number): void } {
  let ahead = 0;
  return {
    monotonicMs: () => performance.now() * factor,
    epochMs: () => Date.now() + ahead,
    delay: (ms, signal) => wait(ms / factor, undefined, { signal }),
    jump(ms) {
      ahead += ms;
    },
  };
}

export interface FastDelivery {
  readonly sandbox: Sandbox;
  readonly delivery: Delivery<string>;
  /** When requests left, by the compressed clock. */
  readonly sentAt: readonly number[];
  /** The person's next event. */
  add(person: string): void;
  readonly open: number;
  judge(): Judgement;
  close(): Promise<void>;
}

interface FastOptions extends Partial<DeliveryOptions<string>> {
  readonly clock: Clock;
  readonly random: () => number;
}

export async function startFastDelivery(options: FastOptions): Promise<FastDelivery> {
  const braze = await startSandbox({ keep: 1_000_000, rateLimit: 1_000_000 });
  const real = createBrazeClient({ restEndpoint: braze.url, readRestApiKey: () => 'k', maxSockets: 400 });
  const sentAt: number[] = [];
  const [produced, rejected] = [new Map<string, Produced>(), new Set<string>()];
  const sequences = new Map<string, number>();
  let open = 0;
  const delivery = createDelivery<string>({
    client: {
      ...real,
      post(endpoint, body) {
        sentAt.push(options.clock.monotonicMs());
        return real.post(endpoint, body);
      },
    },
    rateLimit: { requests: 3_000, perSeconds: 3 },
    concurrency: { start: 16, max: 64 },
    packing: 'combined',
    lingerMs: 1,
    identifyQuietMs: 0,
    poisonAfterMs: 3_600_000,
    settle: async ({ items }, outcomes) => {
      open -= items.length;
      for (const [index, { owner }] of items.entries()) {
        if (outcomes[index]?.status === 'rejected') rejected.add(owner);
      }
    },
    observe: () => undefined,
    onHalt: () => undefined,
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  return {
    sandbox: braze.sandbox,
    delivery,
    sentAt,
    add(person) {
      const sequence = sequences.get(person) ?? 0;
      sequences.set(person, sequence + 1);
      const id = `${person}/${sequence}`;
      produced.set(id, { id, person, identity: person, sequence, array: 'events' });
      delivery.add([eventOf(person, id, sequence)], id);
      open += 1;
    },
    get open() {
      return open;
    },
    judge: () =>
      judge({
        producer: { produced, acknowledged: new Set(produced.keys()) },
        requests: braze.sandbox.requests(),
        letters: rejected,
        lifeOf: () => 0,
      }),
    async close() {
      delivery.abort();
      real.close();
      await braze.close();
    },
  };
}

function eventOf(person: string, id: string, sequence: number) {
  const properties = payload(id, sequence);
  const text = JSON.stringify({
    external_id: person,
    name: 'Step',
    time: '2026-11-22T12:00:00Z',
    properties,
  });
  const bytes = Buffer.byteLength(text);
  return { kind: 'event', keys: [`external_id:${person}`], text, bytes, part: 'event:0' } as const;
}

/** The most of these moments in any so long a time. */
export function mostIn(times: readonly number[], ms: number): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}
