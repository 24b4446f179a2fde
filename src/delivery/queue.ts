/**
 * Who may go next: a plain data structure without clock, timer or I/O.
 *
 * Every identity has a lane: its operations in log order. An operation stands in the lane of each of its keys.
 *
 * - waiting: something earlier in one of its lanes is not done
 * - ready: it is the first in all its lanes and nothing of them is under way; stands in its endpoint's ready list
 * - taken: in a request; its lanes are busy until `done`
 *
 * So a person is in at most one request at a time and in order across endpoints, while any number of people are
 * under way. Within one track request a person's later operations go along where Braze keeps their order, and the
 * operations that one record has for an endpoint stay together where they fit.
 */
import { createLoad, type Load, mayFollow, type Packing } from '../braze/requests.ts';
import { type Endpoint, endpointOf, type Operation } from '../model/operation.ts';
import { createFifo, type Fifo } from './fifo.ts';
import { type Entry, Lane, type Queued } from './lane.ts';

export type { Queued };

/** How many operations that do not fit are passed over before a request counts as full. */
const MISFITS = 16;

/** No request holds more objects of one record than this (75 of each of three arrays), so nobody looks further. */
const LARGEST_GROUP = 256;

export class Queue<Owner> {
  readonly #packing: Packing;
  readonly #lanes = new Map<string, Lane<Owner>>();
  readonly #ready = new Map<Endpoint, Fifo<Entry<Owner>>>();
  #size = 0;

  constructor(packing: Packing) {
    this.#packing = packing;
  }

  /** Operations not yet done, taken ones included. */
  get size(): number {
    return this.#size;
  }

  /** Operations of one identity that are not done. */
  queuedOf(key: string): number {
    return this.#lanes.get(key)?.size ?? 0;
  }

  /** Adds one record's operations, in order. */
  add(operations: readonly Operation[], owner: Owner, now: number): void {
    for (const operation of operations) {
      const entry = { operation, owner, addedAt: now, lanes: operation.keys.map((key) => this.#laneOf(key)) };
      for (const lane of entry.lanes) lane.push(entry);
      this.#size += 1;
      this.#offer(entry);
    }
  }

  /**
   * The operations of the next request of `endpoint`, oldest first; empty when none may go. `mayGo` can hold back
   * single operations (they stay ready).
   */
  take(endpoint: Endpoint, mayGo?: (operation: Operation) => boolean): readonly Queued<Owner>[] {
    const list = this.#readyList(endpoint);
    const load = createLoad(endpoint, this.#packing);
    const taken: Entry<Owner>[] = [];
    const passedOver: Entry<Owner>[] = [];
    for (let misfits = 0; !load.full() && misfits < MISFITS; ) {
      const entry = list.shift();
      if (!entry) break;
      const held = mayGo !== undefined && !mayGo(entry.operation);
      if (!held && takePerson(entry, load, taken)) continue;
      passedOver.push(entry);
      if (!held) misfits += 1;
    }
    list.putBack(passedOver);
    return taken;
  }

  /** The operations have their final, durable outcome: what waited for them may go. */
  done(operations: readonly Queued<Owner>[]): void {
    for (const { lanes } of operations as readonly Entry<Owner>[]) {
      this.#size -= 1;
      for (const lane of lanes) this.#release(lane);
    }
  }

  /** Ready operations (at least so many could go at once) and when the oldest of them was added. */
  ready(endpoint: Endpoint): { readonly count: number; readonly oldestAt: number | undefined } {
    const list = this.#readyList(endpoint);
    return { count: list.length, oldestAt: list.peek(0)?.addedAt };
  }

  #laneOf(key: string): Lane<Owner> {
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = new Lane(key);
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #readyList(endpoint: Endpoint): Fifo<Entry<Owner>> {
    let list = this.#ready.get(endpoint);
    if (!list) {
      list = createFifo();
      this.#ready.set(endpoint, list);
    }
    return list;
  }

  #offer(entry: Entry<Owner>): void {
    const isReady = entry.lanes.every(({ busy, head }) => busy === 0 && head?.entry === entry);
    if (isReady) this.#readyList(endpointOf(entry.operation.kind)).push(entry);
  }

  #release(lane: Lane<Owner>): void {
    lane.busy -= 1;
    lane.size -= 1;
    if (lane.busy > 0) return;
    if (lane.head) this.#offer(lane.head.entry);
    else this.#lanes.delete(lane.key);
  }
}

/** Takes a ready operation and those of its person that may go along; false when it does not fit. */
function takePerson<Owner>(first: Entry<Owner>, load: Load, taken: Entry<Owner>[]): boolean {
  const before = taken.length;
  const [lane] = first.lanes;
  let last: Operation | undefined;
  do {
    const count = lane ? nextGroup(lane, last, load) : 0;
    for (let index = 0; index < count; index += 1) takeFirst(lane, load, taken);
    if (count === 0) break;
    last = taken.at(-1)?.operation;
  } while (first.lanes.length === 1);
  return taken.length > before;
}

function takeFirst<Owner>(lane: Lane<Owner> | undefined, load: Load, taken: Entry<Owner>[]): void {
  const entry = lane?.head?.entry;
  if (!entry) return;
  for (const each of entry.lanes) {
    each.shift();
    each.busy += 1;
  }
  load.add(entry.operation);
  taken.push(entry);
}

/**
 * How many operations at the front of a lane go together: those of one record and endpoint, whole where they fit or
 * where they could never fit a request whole; 0 when they may not follow `last` or do not fit.
 */
function nextGroup<Owner>(lane: Lane<Owner>, last: Operation | undefined, load: Load): number {
  const group: Operation[] = [];
  const owner = lane.head?.entry.owner;
  let previous = last;
  for (let place = lane.head; place && group.length < LARGEST_GROUP; place = place.next) {
    const { entry } = place;
    if (entry.owner !== owner || (previous && !mayGoAlong(previous, entry))) break;
    group.push(entry.operation);
    previous = entry.operation;
  }
  if (load.fits(group)) return group.length;
  return load.objects === 0 ? leadingPart(group, load) : 0;
}

/** The most of a group that fits. */
function leadingPart(group: readonly Operation[], load: Load): number {
  let count = group.length - 1;
  while (count > 0 && !load.fits(group.slice(0, count))) count -= 1;
  return count;
}

function mayGoAlong<Owner>(earlier: Operation, later: Entry<Owner>): boolean {
  return later.lanes.length === 1 && mayFollow(earlier, later.operation);
}
