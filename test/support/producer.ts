/**
 * A sender as strict as the SDKs are at their best: deterministic events with unique ids and a sequence number per
 * person, each lane's next batch only after the last was acknowledged, the same batch again until it was.
 */
import { setTimeout as wait } from 'node:timers/promises';

/** What the judge needs to know of an event that was produced. */
export interface Produced {
  readonly id: string;
  readonly person: string;
  /** Under which it is sent: the anonymous one, or the person itself. */
  readonly identity: string;
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
  /** Batches of each lane; default: until it is stopped. */
  readonly batchesPerLane?: number;
  /** A lane rests so long between two batches. Default 0. */
  readonly restMs?: number;
}

export interface Producer {
  readonly produced: ReadonlyMap<string, Produced>;
  /** Ids of acknowledged events. */
  readonly acknowledged: ReadonlySet<string>;
  /** One batch beside the lanes, of the next event of each that is named; resolves when it is acknowledged. */
  produce(people: readonly string[]): Promise<readonly Produced[]>;
  /** Resolves when all lanes have ended. */
  readonly done: Promise<void>;
  /** Ends after the batches under way are acknowledged. */
  stop(): Promise<void>;
}

/** Events of a person: anonymous ones first, then the identify that joins them, then those of the user. */
const ANONYMOUS_EVENTS = 5;

export function startProducer(options: ProducerOptions): Producer {
  const produced = new Map<string, Produced>();
  const acknowledged = new Set<string>();
  const stopping = new AbortController();
  const sequences = new Map<string, number>();
  const lanes = Array.from({ length: options.lanes }, (_, lane) => runLane(lane));
  const done = Promise.all(lanes).then(() => undefined);
  return {
    produced,
    acknowledged,
    produce,
    done,
    stop() {
      stopping.abort();
      return done;
    },
  };

  async function produce(people: readonly string[]): Promise<readonly Produced[]> {
    const batch = people.map(nextOf);
    await postUntilAcknowledged(batch);
    return batch.flatMap(({ messageId }) => produced.get(messageId) ?? []);
  }

  async function runLane(lane: number): Promise<void> {
    const { eventsPerBatch, peoplePerLane, batchesPerLane = Number.POSITIVE_INFINITY, restMs = 0 } = options;
    for (let turn = 0; turn < batchesPerLane && !stopping.signal.aborted; turn += 1) {
      const batch = Array.from({ length: eventsPerBatch }, (_, index) =>
        nextOf(`p${lane}-${(turn * eventsPerBatch + index) % peoplePerLane}`),
      );
      await postUntilAcknowledged(batch);
      if (restMs > 0) await wait(restMs);
    }
  }

  function nextOf(person: string) {
    const sequence = sequences.get(person) ?? 0;
    sequences.set(person, sequence + 1);
    return makeEvent(person, sequence, produced);
  }

  async function postUntilAcknowledged(batch: readonly { readonly messageId: string }[]): Promise<void> {
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
        await reply.text().catch(() => undefined);
        for (const { messageId } of batch) acknowledged.add(messageId);
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
  const made = { id, person, identity: identity.userId ?? identity.anonymousId, sequence };
  if (sequence === ANONYMOUS_EVENTS) {
    produced.set(id, { ...made, array: 'attributes' });
    const traits = { ...payload(id, sequence), email: `canary-mail.${person}@example.com` };
    return { ...common, type: 'identify', anonymousId: `anon-${person}`, traits };
  }
  if (sequence % 7 === 6) {
    produced.set(id, { ...made, array: 'purchases' });
    const products = [{ product_id: id, price: sequence + 0.5, quantity: 1 }];
    return { ...common, type: 'track', event: 'Order Completed', properties: { currency: 'EUR', products } };
  }
  produced.set(id, { ...made, array: 'events' });
  return { ...common, type: 'track', event: 'Step', properties: payload(id, sequence) };
}

/** Deterministic from the id, so that the judge can compute what must arrive; nobody but Braze may ever see the canary. */
export function payload(id: string, sequence: number) {
  return { id, sequence, text: `canary-trait ${`${id} `.repeat(10 + (sequence % 10))}` };
}
