/** Outcomes → dead letters, counts, watermark: how an event ends, whether it was sent or not. */
import type { Sent } from '../delivery/attempt.ts';
import type { Queued } from '../delivery/queue.ts';
import type { Memory } from '../memory/memory.ts';
import { DELIVERED, type FinalOutcome, type Rejected } from '../model/outcome.ts';
import type { Clock } from '../model/time.ts';
import type { Doubts } from './doubts.ts';
import type { Journal } from './journal.ts';
import { deliveryOf, letterFrom, type Passage } from './passage.ts';
import type { ProgressWriter } from './progress-writer.ts';
import type { Tally } from './tally.ts';
import type { Window } from './window.ts';

export interface SettlerOptions {
  readonly destination: string;
  readonly memory: Memory;
  readonly window: Window;
  readonly journal: Journal;
  readonly progress: ProgressWriter;
  readonly tally: Tally;
  readonly clock: Clock;
  /** An event becomes a dead letter. */
  readonly onRejected: (outcome: Rejected) => void;
  /** Progress could not be made durable. */
  readonly onError: (error: unknown) => void;
}

export interface Settler {
  /** Final outcomes of what was sent; resolves when they are durable. */
  settle(sent: Sent<Passage>, outcomes: readonly FinalOutcome[]): Promise<void>;
  /**
   * An event of which nothing (more) is sent. `value` are the stored bytes where they are at hand: they may differ
   * from the text when corrupt.
   */
  end(passage: Passage, outcome: FinalOutcome, value?: Uint8Array): void;
  /** What an earlier run left in doubt, once it is known. */
  heed(doubts: Doubts): void;
}

export function createSettler(options: SettlerOptions): Settler {
  const { destination, memory, window, journal, progress, tally, clock, onRejected, onError } = options;
  let doubts: Doubts | undefined;

  function finish(passage: Passage, outcome: FinalOutcome, value?: Uint8Array): void {
    const { partition, offset, bytes } = passage;
    partition.watermark.settle(offset);
    window.release(bytes);
    tally.finished(outcome);
    if (outcome.status !== 'rejected') progress.moved(partition);
    else {
      onRejected(outcome);
      progress.moved(partition, letterFrom(passage, outcome, { destination, at: clock.epochMs(), value }));
    }
    if (doubts && doubts.heldOf(passage).length > 0) forgetWhenDurable(passage, doubts);
  }

  /** Forgotten before, a crash in between would have it sent again. */
  function forgetWhenDurable(passage: Passage, known: Doubts): void {
    progress.flush().then(() => known.settled(passage), onError);
  }

  function settleOperation(
    { operation, owner }: Queued<Passage>,
    outcome: FinalOutcome,
    sent: Sent<Passage>,
  ) {
    tally.operation(operation.kind, outcome);
    memory.settled(operation, outcome);
    if (outcome.status === 'rejected') {
      owner.undelivered = [...owner.undelivered, { part: operation.part, outcome }];
      const delivery = deliveryOf(sent.trace);
      if (delivery) owner.delivery = delivery;
    }
    owner.open -= 1;
    if (owner.open === 0) finish(owner, owner.undelivered[0]?.outcome ?? DELIVERED);
  }

  return {
    async settle(sent, outcomes) {
      let oldest = Number.POSITIVE_INFINITY;
      for (const [index, item] of sent.items.entries()) {
        const outcome = outcomes[index];
        if (!outcome) throw new Error(`${outcomes.length} outcomes for ${sent.items.length} operations`);
        settleOperation(item, outcome, sent);
        oldest = Math.min(oldest, item.owner.record.timestamp);
      }
      tally.latency(clock.epochMs() - oldest);
      // Before the progress: a crash between the two has the records read again, and what was learned with them.
      memory.flush();
      await progress.flush();
      // After it: a crash between the two leaves the note of a request whose records are known to be settled.
      journal.settled(sent);
    },
    end(passage, outcome, value) {
      finish(passage, outcome, value);
      progress.flush().catch(onError);
    },
    heed(known) {
      doubts = known;
    },
  };
}
