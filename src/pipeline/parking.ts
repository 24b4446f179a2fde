/**
 * Persons with more queued than is held in memory for one: of what comes after, only the offsets are kept, to be read
 * again when their turn comes. So somebody who is blocked for an hour fills neither the window nor the memory. A plain
 * data structure without clock or I/O.
 *
 * Rules:
 * - once a person is parked, everything of theirs that comes later is parked behind it, in log order
 * - a record that names several identities parks them together: none of them overtakes it
 * - offsets are given back in log order, and only while little of the person is queued
 */

/** How much of an identity is queued; what the queue knows. */
export type QueuedOf = (key: string) => number;

export interface Parking {
  /** Parked offsets. */
  readonly size: number;
  /** True: the record is kept here. False: it is to be queued. */
  park(keys: readonly string[], offset: number): boolean;
  /** Offsets of one person whose turn has come, in log order; they are to be queued, then `resumed`. */
  next(): Resumption | undefined;
}

export interface Resumption {
  readonly offsets: readonly number[];
  /** One of them, in their order, is queued now: it is no longer parked. */
  queued(): void;
  /** They are queued now; what comes later of the person is parked as long as something of them is parked. */
  resumed(): void;
}

export interface ParkingLimits {
  /** Operations of one identity that are queued before the rest is parked. */
  readonly most: number;
  /** Few enough to read some again. */
  readonly few: number;
  /** Offsets given back at a time. */
  readonly batch: number;
}

interface Person {
  readonly keys: Set<string>;
  offsets: number[];
  /** Batches of it that are being read again. */
  resuming: number;
}

export function createParking(limits: ParkingLimits, queuedOf: QueuedOf): Parking {
  const byKey = new Map<string, Person>();
  const persons = new Set<Person>();
  let size = 0;

  function personOf(keys: readonly string[]): Person | undefined {
    let person: Person | undefined;
    for (const key of keys) {
      const other = byKey.get(key);
      if (other && other !== person) person = person ? join(person, other) : other;
    }
    return person;
  }

  /** Both may be reading some again: all of that must be queued before the next may go. */
  function join(person: Person, other: Person): Person {
    for (const key of other.keys) give(person, key);
    person.offsets = merge(person.offsets, other.offsets);
    person.resuming += other.resuming;
    persons.delete(other);
    return person;
  }

  function give(person: Person, key: string): void {
    person.keys.add(key);
    byKey.set(key, person);
  }

  function newPerson(): Person {
    const person = { keys: new Set<string>(), offsets: [], resuming: 0 };
    persons.add(person);
    return person;
  }

  function isDue({ keys, resuming }: Person): boolean {
    if (resuming > 0) return false;
    for (const key of keys) if (queuedOf(key) > limits.few) return false;
    return true;
  }

  function forget(person: Person): void {
    persons.delete(person);
    for (const key of person.keys) byKey.delete(key);
  }

  return {
    get size() {
      return size;
    },
    park(keys, offset) {
      const known = byKey.size === 0 ? undefined : personOf(keys);
      if (!known && !keys.some((key) => queuedOf(key) >= limits.most)) return false;
      const person = known ?? newPerson();
      for (const key of keys) give(person, key);
      person.offsets.push(offset);
      size += 1;
      return true;
    },
    next() {
      for (const person of persons) {
        if (!isDue(person)) continue;
        const offsets = person.offsets.splice(0, limits.batch);
        person.resuming += 1;
        // By one of its keys: the person may have been joined with another meanwhile.
        const [key = ''] = person.keys;
        return {
          offsets,
          queued() {
            size -= 1;
          },
          resumed() {
            const now = byKey.get(key) ?? person;
            now.resuming -= 1;
            if (now.offsets.length === 0 && now.resuming === 0) forget(now);
          },
        };
      }
      return undefined;
    },
  };
}

/** Two ascending lists as one. */
function merge(a: readonly number[], b: readonly number[]): number[] {
  return [...a, ...b].sort((left, right) => left - right);
}
