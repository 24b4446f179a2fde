/** Writes one thing at a time, again and again: what is asked for while it writes is written once, when that is done. */

export interface Keeper {
  /** Does not wait for the write. */
  keep(): void;
  /** Resolves when what it was asked to keep is written, or was told as a fault. */
  idle(): Promise<void>;
}

/** @param write writes how it stands by then */
export function createKeeper(write: () => Promise<void>, onFault: (error: unknown) => void): Keeper {
  let writing: Promise<void> | undefined;
  let isDue = false;

  async function run(): Promise<void> {
    while (isDue) {
      isDue = false;
      await write().catch(onFault);
    }
    // In the turn in which it found nothing due: a wish that comes a moment later begins anew.
    writing = undefined;
  }

  return {
    keep() {
      isDue = true;
      writing ??= run();
    },
    idle: async () => writing,
  };
}
