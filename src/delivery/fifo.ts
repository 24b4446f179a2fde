/** A first-in-first-out list over an array: constant time at both ends, space given back as it empties. */
export interface Fifo<Item> {
  readonly length: number;
  push(item: Item): void;
  /** Puts items back to the front, in the order given; all at once, for there may be thousands. */
  putBack(returned: readonly Item[]): void;
  shift(): Item | undefined;
  /** The item at `index` from the front. */
  peek(index: number): Item | undefined;
}

/** Below this many dead places the array is not worth moving. */
const COMPACT_FROM = 64;

export function createFifo<Item>(): Fifo<Item> {
  let items: (Item | undefined)[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    push(item) {
      items.push(item);
    },
    putBack(returned) {
      if (returned.length > head) {
        items = [...returned, ...items.slice(head)];
        head = 0;
        return;
      }
      head -= returned.length;
      for (const [index, item] of returned.entries()) items[head + index] = item;
    },
    shift() {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head] = undefined;
      head += 1;
      if (head === items.length || (head >= COMPACT_FROM && head * 2 >= items.length)) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    peek: (index) => items[head + index],
  };
}
