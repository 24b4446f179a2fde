/** One thing after the other: whoever changes the destinations waits until those before are done. */

export interface Turns {
  /** Runs when everything before has ended, failed or not. Rejects when the turns were closed. */
  take<Result>(work: () => Promise<Result>): Promise<Result>;
  /** What waits is refused, and all that comes; resolves when the turn under way has ended. */
  close(): Promise<void>;
}

/** Why a turn was not taken. */
export class TurnsClosed extends Error {
  constructor() {
    super('the server is stopping');
    this.name = 'TurnsClosed';
  }
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  return {
    take(work) {
      const result = last.then(() => {
        if (isClosed) throw new TurnsClosed();
        return work();
      });
      last = result.catch(() => undefined);
      return result;
    },
    async close() {
      isClosed = true;
      await last;
    },
  };
}
