import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OBJECTS_PER_REQUEST } from '../../src/braze/endpoints.ts';
import { bodyOf, mayFollow, type Packing } from '../../src/braze/requests.ts';
import { Queue, type Queued } from '../../src/delivery/queue.ts';
import { type Endpoint, endpointOf, type Operation } from '../../src/model/operation.ts';
import { operation } from '../support/operations.ts';

/** One record's operations, each with its place in the log's order. */
interface Record {
  readonly offset: number;
  readonly operations: readonly Operation[];
}

const PEOPLE = 6;
const ENDPOINTS: readonly Endpoint[] = [
  '/users/track',
  '/users/identify',
  '/users/alias/new',
  '/users/merge',
];

const person = fc.integer({ min: 0, max: PEOPLE - 1 });
const track = fc
  .tuple(person, fc.constantFrom('a', 'e', 'ae', 'p', 'ap', 'pp', 'many'), fc.integer({ min: 1, max: 90 }))
  .map(([who, shape, many]) => trackOperations(`external_id:u${who}`, shape, many));
const link = fc
  .tuple(person, person, fc.constantFrom('identify', 'alias', 'merge'))
  .map(([user, alias, kind]) => [
    operation(kind as 'identify', [`external_id:u${user}`, `alias:rudder_id:a${alias}`]),
    ...trackOperations(`external_id:u${user}`, 'a', 1),
  ]);
const anonymous = person.map((who) => trackOperations(`alias:rudder_id:a${who}`, 'e', 1));
const records = fc
  .array(fc.oneof({ weight: 5, arbitrary: track }, { weight: 2, arbitrary: link }, anonymous), {
    minLength: 1,
    maxLength: 120,
  })
  .map((all) => all.map((operations, offset): Record => ({ offset, operations })));
/** What happens next: add a record, take a request of some endpoint, or end the oldest, newest … under way. */
const steps = fc.array(fc.tuple(fc.constantFrom('add', 'take', 'take', 'done'), fc.nat()), {
  maxLength: 400,
});

function trackOperations(key: string, shape: string, many: number): Operation[] {
  if (shape === 'many') return Array.from({ length: many }, () => operation('purchase', key));
  const kinds = { a: 'attributes', e: 'event', p: 'purchase' } as const;
  return [...shape].map((letter) => operation(kinds[letter as 'a'], key));
}

interface Run {
  /** Requests in the order taken. */
  readonly taken: (readonly Queued<Record>[])[];
  readonly left: number;
}

/** Drives a queue through the steps, then to its end; checks at each take what must always hold. */
function drive(all: readonly Record[], path: readonly [string, number][], packing: Packing): Run {
  const queue = new Queue<Record>(packing);
  const underWay: (readonly Queued<Record>[])[] = [];
  const taken: (readonly Queued<Record>[])[] = [];
  let added = 0;
  const add = () => {
    const record = all[added++];
    if (record) queue.add(record.operations, record, record.offset);
  };
  const take = (endpoint: Endpoint) => {
    const items = queue.take(endpoint);
    if (items.length === 0) return false;
    checkRequest(endpoint, items, underWay, packing);
    underWay.push(items);
    taken.push(items);
    return true;
  };
  const done = (which: number) => {
    const [items] = underWay.splice(which % Math.max(1, underWay.length), 1);
    if (items) queue.done(items);
  };
  for (const [step, number] of path) {
    if (step === 'add') add();
    else if (step === 'take') take(ENDPOINTS[number % ENDPOINTS.length]!);
    else done(number);
  }
  while (added < all.length) add();
  for (let moving = true; moving; ) {
    moving = ENDPOINTS.some((endpoint) => take(endpoint));
    if (!moving && underWay.length > 0) {
      done(0);
      moving = true;
    }
  }
  return { taken, left: queue.size };
}

function checkRequest(
  endpoint: Endpoint,
  items: readonly Queued<Record>[],
  underWay: readonly (readonly Queued<Record>[])[],
  packing: Packing,
): void {
  const operations = items.map((item) => item.operation);
  const kinds = Map.groupBy(operations, ({ kind }) => kind);
  const limit = OBJECTS_PER_REQUEST[endpoint];
  if (packing === 'combined' || endpoint !== '/users/track')
    expect(operations.length).toBeLessThanOrEqual(limit);
  for (const each of kinds.values()) expect(each.length).toBeLessThanOrEqual(limit);
  expect(operations.every(({ kind }) => endpointOf(kind) === endpoint)).toBe(true);
  const busy = new Set(underWay.flat().flatMap(({ operation: { keys } }) => keys));
  for (const { keys } of operations) for (const key of keys) expect(busy.has(key)).toBe(false);
  for (const [index, later] of operations.entries()) {
    for (const earlier of operations.slice(0, index)) {
      const samePerson = earlier.keys.some((key) => later.keys.includes(key));
      if (samePerson) expect(mayFollow(earlier, later)).toBe(true);
    }
  }
  expect(() => JSON.parse(bodyOf(endpoint, operations))).not.toThrow();
}

const given = [records, steps, fc.constantFrom<Packing>('combined', 'perArray')] as const;

describe('queue', () => {
  it('loses nothing, doubles nothing, and is never stuck', () => {
    fc.assert(
      fc.property(...given, (all, path, packing) => {
        const { taken, left } = drive(all, path, packing);
        expect(left).toBe(0);
        const sent = taken.flat().map(({ operation: each }) => each);
        const wanted = all.flatMap(({ operations }) => operations);
        expect(sent.length).toBe(wanted.length);
        expect(new Set(sent)).toEqual(new Set(wanted));
      }),
    );
  });

  it('keeps the order of every identity, across requests and endpoints', () => {
    fc.assert(
      fc.property(...given, (all, path, packing) => {
        const { taken } = drive(all, path, packing);
        const last = new Map<string, number>();
        const place = new Map(
          all.flatMap(({ operations }) => operations).map((each, index) => [each, index]),
        );
        for (const { operation: each } of taken.flat()) {
          for (const key of each.keys) {
            expect(place.get(each)).toBeGreaterThan(last.get(key) ?? -1);
            last.set(key, place.get(each)!);
          }
        }
      }),
    );
  });

  it('keeps the operations that a record has for an endpoint in one request where a request can hold them', () => {
    fc.assert(
      fc.property(records, steps, (all, path) => {
        const { taken } = drive(all, path, 'combined');
        for (const { operations } of all) {
          const tracks = operations.filter(({ kind }) => endpointOf(kind) === '/users/track');
          if (tracks.length > OBJECTS_PER_REQUEST['/users/track']) continue;
          const holders = taken.filter((items) => items.some(({ operation: each }) => tracks.includes(each)));
          expect(holders.length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('any number of people are under way at once: one person busy holds up no other', () => {
    const queue = new Queue<number>('combined');
    for (let who = 0; who < 200; who += 1) queue.add([operation('event', `external_id:u${who}`)], who, 0);
    const first = queue.take('/users/track');
    queue.add([operation('event', 'external_id:u0')], 200, 0);
    const sizes = [1, 2, 3].map(() => queue.take('/users/track').length);
    expect([first.length, ...sizes]).toEqual([75, 75, 50, 0]);
    queue.done(first);
    expect(queue.take('/users/track').map(({ owner }) => owner)).toEqual([200]);
  });
});
