/** What many letters have in common is held once, for as long as one of them lives. */

export interface Shared<Value> {
  /** The value that all of this name have: the first one's. */
  take(name: string, value: Value): Value;
  /** One that took it is gone. */
  drop(name: string): void;
  values(): IterableIterator<Value>;
}

interface Held<Value> {
  readonly value: Value;
  holders: number;
}

export function createShared<Value>(): Shared<Value> {
  const held = new Map<string, Held<Value>>();
  return {
    take(name, value) {
      const known = held.get(name) ?? { value, holders: 0 };
      known.holders += 1;
      held.set(name, known);
      return known.value;
    },
    drop(name) {
      const known = held.get(name);
      if (known === undefined) return;
      known.holders -= 1;
      if (known.holders === 0) held.delete(name);
    },
    values: () => held.values().map(({ value }) => value),
  };
}
