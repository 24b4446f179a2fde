/**
 * When: sends a request as soon as it is full or its oldest operation has waited the linger, where concurrency, pacer
 * and gate allow. The loop around the queue: it owns the clock and the timer that the queue does not have.
 */
import type { BrazeClient } from '../braze/client.ts';
import { OBJECTS_PER_REQUEST } from '../braze/endpoints.ts';
import type { Packing } from '../braze/requests.ts';
import { type Endpoint, isLink, type Operation } from '../model/operation.ts';
import type { FinalOutcome } from '../model/outcome.ts';
import type { Clock } from '../model/time.ts';
import { createConcurrency } from './concurrency.ts';
import { createGate, type Halt } from './gate.ts';
import { createPacer, type Rate } from './pacer.ts';
import { createQueue, type Queued } from './queue.ts';
import { createQuietMemory } from './quiet.ts';
import { type Attempt, type SendOptions, send } from './send.ts';

export interface DeliveryOptions<Owner> {
  readonly client: BrazeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly rateLimit: Rate;
  readonly concurrency: { readonly start: number; readonly max: number };
  readonly packing: Packing;
  readonly lingerMs: number;
  readonly identifyQuietMs: number;
  readonly poisonAfterMs: number;
  /** First wait of a halted request before it probes; default 5 s. */
  readonly firstProbeMs?: number;
  /** Takes final outcomes; resolves when they are durable. Only then their persons and the slot are free again. */
  readonly settle: (items: readonly Queued<Owner>[], outcomes: readonly FinalOutcome[]) => Promise<void>;
  readonly observe: (attempt: Attempt) => void;
  readonly onHalt: (halt: Halt | undefined) => void;
  /** A bug: the sender threw although nothing was aborted. */
  readonly onError: (error: unknown) => void;
}

export interface Delivery<Owner> {
  /** Queues one record's operations, in order. */
  add(operations: readonly Operation[], owner: Owner): void;
  readonly halted: Halt | undefined;
  /** Requests under way, and operations not yet done. */
  readonly running: number;
  readonly queued: number;
  /** Nothing new is sent from now on; resolves when what is under way has ended. */
  drain(): Promise<void>;
  /** Ends everything at once; what is under way stays unsettled. */
  abort(): void;
}

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
 * one request goes each second whatever the limit says, up to the configured most. Its success raises the limit again.
 */
const SCOUT_MS = 1_000;

export function createDelivery<Owner>(options: DeliveryOptions<Owner>): Delivery<Owner> {
  const { clock, lingerMs } = options;
  const queue = createQueue<Owner>();
  const concurrency = createConcurrency(options.concurrency);
  const gate = createGate({ clock, onChange: onHalt, ...probing(options) });
  const quiet = createQuietMemory(options.identifyQuietMs, clock.monotonicMs());
  const pacers = new Map(ENDPOINTS.map((each) => [each, createPacer(options.rateLimit)]));
  const passes = new Map<Endpoint, number>();
  const heldUntil = new Map<Endpoint, number>();
  const stopping = new AbortController();
  let drained: PromiseWithResolvers<void> | undefined;
  let running = 0;
  let startedAt = Number.NEGATIVE_INFINITY;
  let wakeAt = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const sendOptions: SendOptions<Owner> = {
    client: options.client,
    clock,
    gate,
    random: options.random,
    poisonAfterMs: options.poisonAfterMs,
    signal: stopping.signal,
    pacer: (endpoint) => pacers.get(endpoint) ?? createPacer(options.rateLimit),
    passes: (endpoint) => passes.get(endpoint) ?? 0,
    observe,
    settle: settleAndRelease,
  };

  return {
    add(operations, owner) {
      queue.add(operations, owner, clock.monotonicMs());
      schedule(clock.monotonicMs());
    },
    get halted() {
      return gate.halted;
    },
    get running() {
      return running;
    },
    get queued() {
      return queue.size;
    },
    drain() {
      drained ??= Promise.withResolvers();
      if (running === 0) drained.resolve();
      return drained.promise;
    },
    abort() {
      stopping.abort();
      clearTimeout(timer);
    },
  };

  /** Sends what is due, then sleeps until something becomes due. */
  function pump(): void {
    timer = undefined;
    wakeAt = Number.POSITIVE_INFINITY;
    if (stopping.signal.aborted || drained || gate.halted) return;
    while (hasRoom() && sendOldest());
    if (!hasRoom() && running < options.concurrency.max) schedule(startedAt + SCOUT_MS);
  }

  function hasRoom(): boolean {
    if (running < concurrency.limit) return true;
    return running < options.concurrency.max && clock.monotonicMs() - startedAt >= SCOUT_MS;
  }

  /** Of the endpoints whose next request is due the one with the oldest operation goes first, so that none starves. */
  function sendOldest(): boolean {
    const oldest = (endpoint: Endpoint) => queue.ready(endpoint).oldestAt ?? Number.MAX_VALUE;
    return ENDPOINTS.toSorted((a, b) => oldest(a) - oldest(b)).some(sendNext);
  }

  /** Starts the endpoint's next request if one is due; else schedules the moment when it may be. */
  function sendNext(endpoint: Endpoint): boolean {
    const now = clock.monotonicMs();
    const dueAt = nextDueAt(endpoint, now);
    if (dueAt > now) {
      schedule(dueAt);
      return false;
    }
    const items = queue.take(endpoint, options.packing, (operation) => mayGo(operation, now));
    if (items.length === 0) {
      if (queue.ready(endpoint).count > 0) holdLinks(endpoint, now);
      return false;
    }
    run(endpoint, items);
    // Links become quiet a few at a time, and those held make it look full: the next ones are gathered first.
    if (items.length < OBJECTS_PER_REQUEST[endpoint] && endpoint !== '/users/track')
      heldUntil.set(endpoint, now + lingerMs);
    return true;
  }

  function nextDueAt(endpoint: Endpoint, now: number): number {
    const { count, oldestAt } = queue.ready(endpoint);
    if (oldestAt === undefined) return Number.POSITIVE_INFINITY;
    const full = count >= OBJECTS_PER_REQUEST[endpoint];
    const waitMs = pacers.get(endpoint)?.waitMs(now) ?? 0;
    return Math.max(full ? now : oldestAt + lingerMs, now + waitMs, heldUntil.get(endpoint) ?? 0);
  }

  function mayGo(operation: Operation, now: number): boolean {
    return !isLink(operation.kind) || quiet.mayGoAt(operation) <= now;
  }

  function holdLinks(endpoint: Endpoint, now: number): void {
    heldUntil.set(endpoint, now + LINK_SCAN_MS);
    schedule(now + LINK_SCAN_MS);
  }

  /** One timer, for the earliest moment anything may be due. */
  function schedule(at: number): void {
    if (at >= wakeAt) return;
    wakeAt = at;
    clearTimeout(timer);
    timer = setTimeout(pump, Math.max(0, Math.ceil(at - clock.monotonicMs())));
  }

  function run(endpoint: Endpoint, items: readonly Queued<Owner>[]): void {
    running += 1;
    startedAt = clock.monotonicMs();
    send({ endpoint, items }, sendOptions)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) options.onError(error);
      })
      .finally(() => {
        running -= 1;
        if (running === 0) drained?.resolve();
        schedule(clock.monotonicMs());
      });
  }

  async function settleAndRelease(items: readonly Queued<Owner>[], outcomes: readonly FinalOutcome[]) {
    const now = clock.monotonicMs();
    for (const [index, { operation }] of items.entries()) {
      if (outcomes[index]?.status === 'delivered') quiet.accepted(operation.keys, now);
    }
    await options.settle(items, outcomes);
    queue.done(items);
    schedule(clock.monotonicMs());
  }

  function onHalt(halt: Halt | undefined): void {
    options.onHalt(halt);
    if (!halt) schedule(clock.monotonicMs());
  }

  function observe(attempt: Attempt): void {
    const { verdict, endpoint } = attempt;
    if (verdict.kind === 'retry') concurrency.failed(clock.monotonicMs());
    if (verdict.kind === 'final') {
      concurrency.succeeded(running >= concurrency.limit);
      passes.set(endpoint, (passes.get(endpoint) ?? 0) + 1);
    }
    options.observe(attempt);
  }
}

function probing<Owner>({ firstProbeMs }: DeliveryOptions<Owner>): { firstProbeMs?: number } {
  return firstProbeMs === undefined ? {} : { firstProbeMs };
}
