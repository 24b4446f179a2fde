/**
 * A sender as strict as the SDKs are at their best: deterministic events with unique ids and a sequence number per
 * person, each lane's next batch only after the last was acknowledged, the same batch again until it was.
 */
import { setTimeout as wait } from 'node:timers/promises';

/** What the judge needs to know of an event that was produced. */
export interface Produced {
  readonly id: string;
  readonly person: string;
  readonly sequence: number;
  /** The Braze array in which it must arrive. */
  readonly array: 'attributes' | 'events' | 'purchases';
}

export interface ProducerOptions {
  /** Where to post now; undefined while no server runs. */
  readonly url: () => string | undefined;
  readonly writeKey: string;
  readonly lanes: number;
  readonly peoplePerLane: number;
  readonly eventsPerBatch: number;
}

export interface Producer {
  readonly produced: ReadonlyMap<string, Produced>;
  /** Ids of acknowledged events. */
  readonly acknowledged: ReadonlySet<string>;
  /** Ends after the batches under way are acknowledged. */
  stop(): Promise<void>;
}

/** Events of a person: anonymous ones first, then the identify that joins them, then those of the user. */
const ANONYMOUS_EVENTS = 5;

export function startProducer(options: ProducerOptions): Producer {
  const produced = new Map<string, Produced>();
  const acknowledged = new Set<string>();
  const stopping = new AbortController();
  const lanes = Array.from({ length: options.lanes }, (_, lane) => runLane(lane));
  return {
    produced,
    acknowledged,
    async stop() {
      stopping.abort();
      await Promise.all(lanes);
    },
  };

  async function runLane(lane: number): Promise<void> {
    const sequences = new Map<string, number>();
    for (let turn = 0; !stopping.signal.aborted; turn += 1) {
      const batch = Array.from({ length: options.eventsPerBatch }, (_, index) => {
        const person = `p${lane}-${(turn * options.eventsPerBatch + index) % options.peoplePerLane}`;
        const sequence = sequences.get(person) ?? 0;
        sequences.set(person, sequence + 1);
        return makeEvent(person, sequence, produced);
      });
      await postUntilAcknowledged(batch);
      for (const { messageId } of batch) acknowledged.add(messageId);
    }
  }

  async function postUntilAcknowledged(batch: readonly object[]): Promise<void> {
    const body = JSON.stringify({ batch, sentAt: new Date().toISOString() });
    const authorization = `Basic ${Buffer.from(`${options.writeKey}:`).toString('base64')}`;
    for (;;) {
      const url = options.url();
      const reply =
        url &&
        (await fetch(`${url}/v1/batch`, { method: 'POST', body, headers: { authorization } }).catch(
          () => undefined,
        ));
      if (reply && reply.status === 200) {
        await reply.text();
        return;
      }
      await wait(5);
    }
  }
}

function makeEvent(person: string, sequence: number, produced: Map<string, Produced>) {
  const id = `${person}/${sequence}`;
  const identity = sequence < ANONYMOUS_EVENTS ? { anonymousId: `anon-${person}` } : { userId: person };
  const common = { messageId: id, ...identity };
  if (sequence === ANONYMOUS_EVENTS) {
    produced.set(id, { id, person, sequence, array: 'attributes' });
    return { ...common, type: 'identify', anonymousId: `anon-${person}`, traits: payload(id, sequence) };
  }
  if (sequence % 7 === 6) {
    produced.set(id, { id, person, sequence, array: 'purchases' });
    const products = [{ product_id: id, price: sequence + 0.5, quantity: 1 }];
    return { ...common, type: 'track', event: 'Order Completed', properties: { currency: 'EUR', products } };
  }
  produced.set(id, { id, person, sequence, array: 'events' });
  return { ...common, type: 'track', event: 'Step', properties: payload(id, sequence) };
}

/** Deterministic from the id, so that the judge can compute what must arrive. */
export function payload(id: string, sequence: number) {
  return { id, sequence, text: `${id} `.repeat(10 + (sequence % 10)) };
}
