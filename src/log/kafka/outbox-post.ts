/**
 * From the partitions to the brokers: what is ready for the same leader travels in one request, since a broker works on
 * one request of a connection at a time. Whoever hands a parcel over has its own answer, and sends it again or not.
 */
import type { KafkaClient } from './client.ts';
import type { RawBroker, RawCluster } from './internals.ts';
import { type Parcel, type ProduceTerms, produce } from './outbox-request.ts';
import type { Place } from './record-codec.ts';

interface Waiting {
  readonly parcel: Parcel;
  readonly bytes: number;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: unknown) => void;
}

/** What waits for one broker. */
interface Pile {
  readonly waiting: Waiting[];
  requests: number;
  isDue: boolean;
}

/** Of one broker: the next is made while the last is worked on. */
const MAX_REQUESTS = 2;
/** Of one request, about: brokers take 100 MB (`socket.request.max.bytes`), in one piece of memory. */
const MAX_REQUEST_BYTES = 4 * 1_024 * 1_024;
/** How long hanging up may take. */
const HANG_UP_MS = 2_000;

export class Post {
  readonly #cluster: RawCluster;
  readonly #terms: ProduceTerms;
  readonly #topics = new Set<string>();
  readonly #piles = new Map<string, Pile>();
  /** Something failed: the leaders may be others by now. */
  #isStale = false;

  constructor(client: KafkaClient, terms: ProduceTerms) {
    this.#cluster = client.newCluster();
    this.#terms = terms;
  }

  connect(): Promise<void> {
    return this.#cluster.connect();
  }

  /** Resolves with the first message's offset. Of one partition nothing else may be under way. */
  async produce(parcel: Parcel, bytes: number): Promise<number> {
    try {
      const nodeId = await this.#leaderOf(parcel);
      return await new Promise<number>((resolve, reject) => {
        const pile = this.#pileOf(nodeId);
        pile.waiting.push({ parcel, bytes, resolve, reject });
        this.#plan(nodeId, pile);
      });
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    const late = AbortSignal.timeout(HANG_UP_MS);
    const hungUp = this.#cluster.disconnect().catch(() => undefined);
    await Promise.race([hungUp, new Promise((resolve) => late.addEventListener('abort', resolve))]);
  }

  async #leaderOf({ topic, partition }: Place): Promise<string> {
    if (!this.#topics.has(topic)) {
      await this.#cluster.addMultipleTargetTopics([topic]);
      this.#topics.add(topic);
    }
    if (this.#isStale) {
      await this.#cluster.refreshMetadata();
      this.#isStale = false;
    } else await this.#cluster.refreshMetadataIfNecessary();
    const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) throw new Error(`${topic} has no partition ${partition}`);
    return nodeId;
  }

  #pileOf(nodeId: string): Pile {
    const pile = this.#piles.get(nodeId) ?? { waiting: [], requests: 0, isDue: false };
    this.#piles.set(nodeId, pile);
    return pile;
  }

  /** What else becomes ready in this turn goes along. */
  #plan(nodeId: string, pile: Pile): void {
    if (pile.isDue || pile.requests >= MAX_REQUESTS || pile.waiting.length === 0) return;
    pile.isDue = true;
    setImmediate(() => {
      pile.isDue = false;
      pile.requests += 1;
      void this.#send(nodeId, take(pile.waiting)).finally(() => {
        pile.requests -= 1;
        this.#plan(nodeId, pile);
      });
      this.#plan(nodeId, pile);
    });
  }

  async #send(nodeId: string, taken: readonly Waiting[]): Promise<void> {
    try {
      const leader: RawBroker = await this.#cluster.findBroker({ nodeId });
      const parcels = taken.map(({ parcel }) => parcel);
      const results = await produce(leader, parcels, this.#terms);
      for (const [index, { resolve, reject }] of taken.entries()) {
        const result = results[index];
        if (typeof result === 'number') resolve(result);
        else reject(result);
      }
    } catch (error) {
      for (const { reject } of taken) reject(error);
    }
  }
}

/** From the front, what one request holds: at least one. */
function take(waiting: Waiting[]): readonly Waiting[] {
  let count = 0;
  for (let bytes = 0; count < waiting.length && bytes < MAX_REQUEST_BYTES; count += 1) {
    bytes += waiting[count]?.bytes ?? 0;
  }
  return waiting.splice(0, count);
}
