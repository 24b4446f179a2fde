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

/** An operation in the queue. `owner` is whatever the caller needs to know again, e.g. its record. */
export interface Queued<Owner> {
  readonly operation: Operation;
  readonly owner: Owner;
  /** ms, the caller's clock. */
  readonly addedAt: number;
}

interface Entry<Owner> extends Queued<Owner> {
  readonly lanes: Lane<Owner>[];
}

interface Lane<Owner> {
  readonly key: string;
  readonly waiting: Fifo<Entry<Owner>>;
  /** Operations of this lane that are taken. */
  busy: number;
}

export interface Queue<Owner> {
  /** Adds one record's operations, in order. */
  add(operations: readonly Operation[], owner: Owner, now: number): void;
  /**
   * The operations of the next request of `endpoint`, oldest first; empty when none may go. `mayGo` can hold back
   * single operations (they stay ready).
   */
  take(
    endpoint: Endpoint,
    packing: Packing,
    mayGo?: (operation: Operation) => boolean,
  ): readonly Queued<Owner>[];
  /** The operations have their final, durable outcome: what waited for them may go. */
  done(operations: readonly Queued<Owner>[]): void;
  /** Ready operations (at least so many could go at once) and when the oldest of them was added. */
  ready(endpoint: Endpoint): { readonly count: number; readonly oldestAt: number | undefined };
  /** Operations not yet done, taken ones included. */
  readonly size: number;
}

/** How many operations that do not fit are passed over before a request counts as full. */
const MISFITS = 16;

/** No request holds more objects of one record than this (75 of each of three arrays), so nobody looks further. */
const LARGEST_GROUP = 256;

export function createQueue<Owner>(): Queue<Owner> {
  const lanes = new Map<string, Lane<Owner>>();
  const readyLists = new Map<Endpoint, Fifo<Entry<Owner>>>();
  let size = 0;

  return {
    add(operations, owner, now) {
      for (const operation of operations) {
        const entry = { operation, owner, addedAt: now, lanes: operation.keys.map(laneOf) };
        for (const lane of entry.lanes) lane.waiting.push(entry);
        size += 1;
        if (isReady(entry)) readyList(endpointOf(operation.kind)).push(entry);
      }
    },
    take(endpoint, packing, mayGo) {
      const list = readyList(endpoint);
      const load = createLoad(endpoint, packing);
      const taken: Entry<Owner>[] = [];
      const passedOver: Entry<Owner>[] = [];
      let misfits = 0;
      while (!load.full() && misfits < MISFITS) {
        const entry = list.shift();
        if (!entry) break;
        const held = mayGo !== undefined && !mayGo(entry.operation);
        if (!held && takePerson(entry, load, taken) > 0) continue;
        passedOver.push(entry);
        if (!held) misfits += 1;
      }
      list.putBack(passedOver);
      return taken;
    },
    done(operations) {
      for (const { lanes: its } of operations as readonly Entry<Owner>[]) {
        size -= 1;
        for (const lane of its) release(lane);
      }
    },
    ready(endpoint) {
      const list = readyList(endpoint);
      return { count: list.length, oldestAt: list.peek(0)?.addedAt };
    },
    get size() {
      return size;
    },
  };

  function laneOf(key: string): Lane<Owner> {
    let lane = lanes.get(key);
    if (!lane) {
      lane = { key, waiting: createFifo(), busy: 0 };
      lanes.set(key, lane);
    }
    return lane;
  }

  function readyList(endpoint: Endpoint): Fifo<Entry<Owner>> {
    let list = readyLists.get(endpoint);
    if (!list) {
      list = createFifo();
      readyLists.set(endpoint, list);
    }
    return list;
  }

  function isReady(entry: Entry<Owner>): boolean {
    return entry.lanes.every((lane) => lane.busy === 0 && lane.waiting.peek(0) === entry);
  }

  function release(lane: Lane<Owner>): void {
    lane.busy -= 1;
    if (lane.busy > 0) return;
    const next = lane.waiting.peek(0);
    if (!next) lanes.delete(lane.key);
    else if (isReady(next)) readyList(endpointOf(next.operation.kind)).push(next);
  }

  /** Takes a ready operation and those of its person that may go along. Returns how many. */
  function takePerson(first: Entry<Owner>, load: Load, taken: Entry<Owner>[]): number {
    const before = taken.length;
    const [lane] = first.lanes;
    let last: Entry<Owner> | undefined;
    while (lane) {
      const group = nextGroup(lane, last, load);
      if (group.length === 0) break;
      for (const entry of group) takeEntry(entry, load, taken);
      last = group.at(-1);
      if (first.lanes.length > 1) break;
    }
    return taken.length - before;
  }

  function takeEntry(entry: Entry<Owner>, load: Load, taken: Entry<Owner>[]): void {
    for (const lane of entry.lanes) {
      lane.waiting.shift();
      lane.busy += 1;
    }
    load.add(entry.operation);
    taken.push(entry);
  }

  /**
   * The next operations at the front of a lane that go together: those of one record and endpoint, whole where they
   * fit or where they could never fit a request whole; none when they may not follow `last` or do not fit.
   */
  function nextGroup(lane: Lane<Owner>, last: Entry<Owner> | undefined, load: Load): Entry<Owner>[] {
    const group: Entry<Owner>[] = [];
    let previous = last;
    for (let index = 0; index < LARGEST_GROUP; index += 1) {
      const entry = lane.waiting.peek(index);
      if (!entry || (group[0] && entry.owner !== group[0].owner)) break;
      if (previous && !mayGoAlong(previous, entry)) break;
      group.push(entry);
      previous = entry;
    }
    if (load.fits(group.map(({ operation }) => operation))) return group;
    return load.objects === 0 ? leadingPart(group, load) : [];
  }

  function leadingPart(group: Entry<Owner>[], load: Load): Entry<Owner>[] {
    for (let count = group.length - 1; count > 0; count -= 1) {
      const part = group.slice(0, count);
      if (load.fits(part.map(({ operation }) => operation))) return part;
    }
    return [];
  }

  function mayGoAlong(earlier: Entry<Owner>, later: Entry<Owner>): boolean {
    return later.lanes.length === 1 && mayFollow(earlier.operation, later.operation);
  }
}
