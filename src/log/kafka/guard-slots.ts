/** Finds numbers by a hash: open addressing, 4 bytes a slot, two slots or more for each number; removal leaves no gap behind. */

export interface Slots {
  add(entry: number): void;
  remove(entry: number): void;
  /** Calls `visit` with every entry of that hash, and with some of others. */
  visit(hash: number, visit: (entry: number) => void): void;
}

/** @param hashOf the 32-bit hash of an entry; it must not change while the entry is in. `entries` is how many there can be. */
export function createSlots(entries: number, hashOf: (entry: number) => number): Slots {
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(entries * 2)));
  const mask = slots.length - 1;
  /** 0 is a free slot, so entries stand in them plus one. */
  const at = (slot: number): number => slots[slot & mask] ?? 0;

  function slotOf(entry: number): number {
    let slot = hashOf(entry) & mask;
    while (at(slot) !== entry + 1) slot = (slot + 1) & mask;
    return slot;
  }

  return {
    add(entry) {
      let slot = hashOf(entry) & mask;
      while (at(slot) !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    },
    remove(entry) {
      let free = slotOf(entry);
      // Those behind it move up, unless they would come to stand before where their search begins.
      for (let slot = (free + 1) & mask; at(slot) !== 0; slot = (slot + 1) & mask) {
        const home = hashOf(at(slot) - 1) & mask;
        if (((slot - home) & mask) < ((slot - free) & mask)) continue;
        slots[free] = at(slot);
        free = slot;
      }
      slots[free] = 0;
    },
    visit(hash, visit) {
      for (let slot = hash & mask; at(slot) !== 0; slot = (slot + 1) & mask) visit(at(slot) - 1);
    },
  };
}
