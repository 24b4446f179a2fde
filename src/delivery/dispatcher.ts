/**
 * When: sends a request as soon as it is full or its oldest operation has waited the linger, where concurrency, pacer
 * and gate allow. The loop around the queue: it owns the clock and the timer that the queue does not have.
 */
import { OBJECTS_PER_REQUEST } from '../braze/endpoints.ts';
import { type Endpoint, isLink, type Operation } from '../model/operation.ts';
import type { FinalOutcome } from '../model/outcome.ts';
import type { Clock } from '../model/time.ts';
import type { Attempt, Batch, SendOptions, Sent } from './attempt.ts';
import { type Concurrency, createConcurrency } from './concurrency.ts';
import type { Delivery, DeliveryOptions } from './delivery.ts';
import { createGate, type Gate, type Halt } from './gate.ts';
import { createPacer, type Pacer } from './pacer.ts';
import { Queue, type Queued } from './queue.ts';
import { createQuietMemory, type QuietMemory } from './quiet.ts';
import { send } from './send.ts';
import { createTrace } from './trace.ts';

const ENDPOINTS: readonly Endpoint[] = [
  '/users/track',
  '/users/identify',
  '/users/alias/new',
  '/users/merge',
  '/v2/subscription/status/set',
];

/** Links held for quiet are looked at anew so often: not at each turn (there may be thousands), but new ones may go. */
const LINK_SCAN_MS = 25;

/**
 * Requests that Braze fails on keep their slots and shrink the limit; so that they can never stop the others for good,
 * one request goes each second whatever the limit says, up to one above the most. Its success raises the limit again.
 */
const SCOUT_MS = 1_000;

export function createDelivery<Owner>(options: DeliveryOptions<Owner>): Delivery<Owner> {
  return new Dispatcher(options);
}

class Dispatcher<Owner> implements Delivery<Owner> {
  readonly #options: DeliveryOptions<Owner>;
  readonly #clock: Clock;
  readonly #queue: Queue<Owner>;
  readonly #concurrency: Concurrency;
  readonly #gate: Gate;
  readonly #quiet: QuietMemory;
  readonly #pacers: ReadonlyMap<Endpoint, Pacer>;
  readonly #sendOptions: SendOptions<Owner>;
  readonly #passes = new Map<Endpoint, number>();
  readonly #heldUntil = new Map<Endpoint, number>();
  readonly #stopping = new AbortController();
  readonly #waits = new AbortController();
  #drained: PromiseWithResolvers<void> | undefined;
  #running = 0;
  /** Requests that are tried alone at their end and hold no place under the limit. */
  #aside = 0;
  #startedAt = Number.NEGATIVE_INFINITY;
  #wakeAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DeliveryOptions<Owner>) {
    const { clock, firstProbeMs } = options;
    this.#options = options;
    this.#clock = clock;
    this.#queue = new Queue(options.packing);
    this.#concurrency = createConcurrency(options.concurrency);
    this.#gate = createGate({
      clock,
      onChange: (halt) => this.#onHalt(halt),
      ...(firstProbeMs === undefined ? {} : { firstProbeMs }),
    });
    this.#quiet = createQuietMemory(options.identifyQuietMs, clock.monotonicMs());
    this.#pacers = new Map(ENDPOINTS.map((each) => [each, createPacer(options.rateLimit)]));
    this.#sendOptions = {
      ...options,
      gate: this.#gate,
      signal: this.#stopping.signal,
      waits: this.#waits.signal,
      pacer: (endpoint) => this.#pacer(endpoint),
      passes: (endpoint) => this.#passes.get(endpoint) ?? 0,
      observe: (attempt, sent) => this.#observe(attempt, sent),
      settle: (batch, outcomes) => this.#settle(batch, outcomes),
      setAside: () => {},
    };
  }

  get halted(): Halt | undefined {
    return this.#gate.halted;
  }

  get running(): number {
    return this.#running + this.#aside;
  }

  get queued(): number {
    return this.#queue.size;
  }

  queuedOf(key: string): number {
    return this.#queue.queuedOf(key);
  }

  get hasPlenty(): boolean {
    const round = this.#concurrency.limit * OBJECTS_PER_REQUEST['/users/track'];
    return this.#queue.ready('/users/track').count >= round;
  }

  add(operations: readonly Operation[], owner: Owner): void {
    const now = this.#clock.monotonicMs();
    this.#queue.add(operations, owner, now);
    this.#schedule(now);
  }

  drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers();
    this.#waits.abort();
    if (this.running === 0) this.#drained.resolve();
    return this.#drained.promise;
  }

  abort(): void {
    this.#stopping.abort();
    this.#waits.abort();
    clearTimeout(this.#timer);
  }

  /** Sends what is due, then sleeps until something becomes due. */
  #pump(): void {
    this.#timer = undefined;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    if (this.#stopping.signal.aborted || this.#drained || this.#gate.halted) return;
    while (this.#hasRoom() && this.#sendOldest());
    if (!this.#hasRoom() && this.#running < this.#scoutLimit) this.#schedule(this.#startedAt + SCOUT_MS);
  }

  #hasRoom(): boolean {
    if (this.#running < this.#concurrency.limit) return true;
    return this.#running < this.#scoutLimit && this.#clock.monotonicMs() - this.#startedAt >= SCOUT_MS;
  }

  /** One above the most: as many requests as that which all fail for their own sake would else stop everybody. */
  get #scoutLimit(): number {
    return this.#options.concurrency.max + 1;
  }

  /** Of the endpoints whose next request is due the one with the oldest operation goes first, so that none starves. */
  #sendOldest(): boolean {
    const oldest = (endpoint: Endpoint) => this.#queue.ready(endpoint).oldestAt ?? Number.MAX_VALUE;
    return ENDPOINTS.toSorted((a, b) => oldest(a) - oldest(b)).some((endpoint) => this.#sendNext(endpoint));
  }

  /** Starts the endpoint's next request if one is due; else schedules the moment when it may be. */
  #sendNext(endpoint: Endpoint): boolean {
    const now = this.#clock.monotonicMs();
    const dueAt = this.#nextDueAt(endpoint, now);
    if (dueAt > now) {
      this.#schedule(dueAt);
      return false;
    }
    const items = this.#queue.take(endpoint, (operation) => this.#mayGo(operation, now));
    if (items.length === 0) {
      if (this.#queue.ready(endpoint).count > 0) this.#holdLinks(endpoint, now);
      return false;
    }
    this.#run(endpoint, items);
    // Not with what is done alone: where every request under way fails, nothing would come to go beside them.
    this.#options.onRoom?.();
    // Links become quiet a few at a time, and those held make it look full: the next ones are gathered first.
    if (items.length < OBJECTS_PER_REQUEST[endpoint] && endpoint !== '/users/track') {
      this.#heldUntil.set(endpoint, now + this.#options.lingerMs);
    }
    return true;
  }

  #nextDueAt(endpoint: Endpoint, now: number): number {
    const { count, oldestAt } = this.#queue.ready(endpoint);
    if (oldestAt === undefined) return Number.POSITIVE_INFINITY;
    const full = count >= OBJECTS_PER_REQUEST[endpoint];
    const gatheredAt = full ? now : oldestAt + this.#options.lingerMs;
    const pacedAt = now + this.#pacer(endpoint).waitMs(now);
    return Math.max(gatheredAt, pacedAt, this.#heldUntil.get(endpoint) ?? 0);
  }

  #mayGo(operation: Operation, now: number): boolean {
    return !isLink(operation.kind) || this.#quiet.mayGoAt(operation) <= now;
  }

  #holdLinks(endpoint: Endpoint, now: number): void {
    this.#heldUntil.set(endpoint, now + LINK_SCAN_MS);
    this.#schedule(now + LINK_SCAN_MS);
  }

  /** One timer, for the earliest moment anything may be due. */
  #schedule(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), Math.max(0, Math.ceil(at - this.#clock.monotonicMs())));
  }

  async #run(endpoint: Endpoint, items: readonly Queued<Owner>[]): Promise<void> {
    this.#running += 1;
    this.#startedAt = this.#clock.monotonicMs();
    let isAside = false;
    const setAside = () => {
      isAside = true;
      this.#running -= 1;
      this.#aside += 1;
      this.#schedule(this.#clock.monotonicMs());
    };
    try {
      const operations = items.map(({ operation }) => operation);
      const trace = createTrace(endpoint, operations);
      await send({ endpoint, items, trace }, { ...this.#sendOptions, setAside });
    } catch (error) {
      if (!this.#waits.signal.aborted) this.#options.onError(error);
    }
    if (isAside) this.#aside -= 1;
    else this.#running -= 1;
    if (this.running === 0) this.#drained?.resolve();
    this.#schedule(this.#clock.monotonicMs());
  }

  async #settle(batch: Batch<Owner>, outcomes: readonly FinalOutcome[]): Promise<void> {
    const { items } = batch;
    const now = this.#clock.monotonicMs();
    for (const [index, { operation }] of items.entries()) {
      if (outcomes[index]?.status === 'delivered') this.#quiet.accepted(operation.keys, now);
    }
    await this.#options.settle(batch, outcomes);
    this.#queue.done(items);
    this.#options.onRoom?.();
    this.#schedule(this.#clock.monotonicMs());
  }

  #onHalt(halt: Halt | undefined): void {
    this.#options.onHalt(halt);
    if (!halt) this.#schedule(this.#clock.monotonicMs());
  }

  #observe(attempt: Attempt, sent: Sent<Owner>): void {
    const { verdict, endpoint } = attempt;
    if (verdict.kind === 'retry') {
      this.#concurrency[verdict.throttled ? 'throttled' : 'failed'](this.#clock.monotonicMs());
    }
    if (verdict.kind === 'final') {
      this.#concurrency.succeeded(this.#running >= this.#concurrency.limit);
      this.#passes.set(endpoint, (this.#passes.get(endpoint) ?? 0) + 1);
    }
    this.#options.observe(attempt, sent);
  }

  #pacer(endpoint: Endpoint): Pacer {
    const pacer = this.#pacers.get(endpoint);
    if (!pacer) throw new Error(`there is no pacer for ${endpoint}`);
    return pacer;
  }
}
