/** Counts the body bytes that are read but not yet durable, of all requests together, against one ceiling. */

export interface Budget {
  readonly usedBytes: number;
  lease(): Lease;
}

/** What one request holds of the budget. */
export interface Lease {
  /** False when the ceiling would be passed; then nothing is taken. */
  take(bytes: number): boolean;
  /** Gives `bytes` back before the end. */
  giveBack(bytes: number): void;
  /** Gives back all that is still held; may be called again. */
  release(): void;
}

export function createBudget(maxBytes: number): Budget {
  let used = 0;
  return {
    get usedBytes() {
      return used;
    },
    lease() {
      let held = 0;
      const change = (bytes: number) => {
        held += bytes;
        used += bytes;
      };
      return {
        take(bytes) {
          if (used + bytes > maxBytes) return false;
          change(bytes);
          return true;
        },
        giveBack: (bytes) => change(-bytes),
        release: () => change(-held),
      };
    },
  };
}
