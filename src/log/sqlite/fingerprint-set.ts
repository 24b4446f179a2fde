/** Which row of the guard may hold an id: an open-addressing set of 32-bit fingerprints, 8 bytes a slot, that errs only towards "maybe". */

const LARGEST_LOAD = 0.6;

export interface FingerprintSet {
  readonly size: number;
  /** `row` is positive. */
  add(fingerprint: number, row: number): void;
  /** Whether `confirm` accepts one of the rows stored with this fingerprint. */
  some(fingerprint: number, confirm: (row: number) => boolean): boolean;
}

/** An empty set with room for `capacity` slots at first (a power of two); it doubles when it is 0.6 full. */
export function createFingerprintSet(capacity = 4096): FingerprintSet {
  let fingerprints = new Uint32Array(capacity);
  // Row 0 marks a free slot.
  let rows = new Uint32Array(capacity);
  let size = 0;

  function insert(fingerprint: number, row: number): void {
    const mask = rows.length - 1;
    let slot = fingerprint & mask;
    while (rows[slot] !== 0) slot = (slot + 1) & mask;
    fingerprints[slot] = fingerprint;
    rows[slot] = row;
  }

  function grow(): void {
    const [oldFingerprints, oldRows] = [fingerprints, rows];
    fingerprints = new Uint32Array(oldRows.length * 2);
    rows = new Uint32Array(oldRows.length * 2);
    for (const [slot, row] of oldRows.entries()) {
      if (row !== 0) insert(oldFingerprints[slot] ?? 0, row);
    }
  }

  return {
    get size() {
      return size;
    },
    add(fingerprint, row) {
      if (size + 1 > rows.length * LARGEST_LOAD) grow();
      insert(fingerprint, row);
      size += 1;
    },
    some(fingerprint, confirm) {
      const mask = rows.length - 1;
      for (let slot = fingerprint & mask; ; slot = (slot + 1) & mask) {
        const row = rows[slot] ?? 0;
        if (row === 0) return false;
        if (fingerprints[slot] === fingerprint && confirm(row)) return true;
      }
    },
  };
}
