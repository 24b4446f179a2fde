/** Where a record stands for one destination, told from what is known of it. Pure. */
import type { DeadLetter } from '../model/dead-letter.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { ShownRequest } from './requests.ts';

export type StandingState =
  /** Not delivered, the letter says why. */
  | 'dead_letter'
  /** Not sent on purpose. */
  | 'filtered'
  /** A request with a part of it has no end yet. */
  | 'under_way'
  /** In the log, in the queue or parked: something of it has still to leave. */
  | 'waiting'
  /** Braze took every part that was sent. */
  | 'delivered'
  /** It had a letter, which was replayed, discarded or dropped by retention. */
  | 'letter_gone'
  /** Done with, but nothing is noted of its requests: Braze had it already, or the notes are gone. */
  | 'done'
  /** The destination was detached, or has never read the log: nothing waits for it. */
  | 'no_place';

export interface Standing {
  readonly state: StandingState;
  /** Of the dead letter. */
  readonly letter?: string;
  readonly kind?: string;
  /** Of the letter, or why it is filtered. */
  readonly code?: string;
  /** Parts that were not delivered; null means the whole event. */
  readonly undelivered?: readonly string[] | null;
  /** Events and purchases of it may have counted twice, or counted although they are held. */
  readonly mayHaveCountedTwice: boolean;
}

export interface Known {
  readonly plan: Plan;
  readonly requests: readonly ShownRequest[];
  readonly letter: DeadLetter | undefined;
  /** The destination has a place in the log. */
  readonly hasPlace: boolean;
  /** Everything in the log is done with. */
  readonly isDone: boolean;
}

export function standingOf(known: Known): Standing {
  const { letter, requests, plan } = known;
  const mayHaveCountedTwice = requests.some(({ inDoubt }) => inDoubt);
  if (letter) return { ...standingOfLetter(letter), mayHaveCountedTwice };
  if (requests.length > 0) return { state: stateOfSent(known), mayHaveCountedTwice };
  if (plan.status === 'filtered') return { state: 'filtered', code: plan.code, mayHaveCountedTwice };
  return { state: stateOfUnsent(known), mayHaveCountedTwice };
}

function standingOfLetter({ id, outcome: { kind, code }, undelivered }: DeadLetter) {
  const parts = undelivered?.map(({ part }) => part) ?? null;
  return { state: 'dead_letter' as const, letter: id, kind, code, undelivered: parts };
}

function stateOfSent({ plan, requests, hasPlace, isDone }: Known): StandingState {
  if (requests.some(({ state }) => state === 'under_way')) return 'under_way';
  const taken = new Set(requests.filter(wasTaken).flatMap(({ parts }) => parts));
  const planned = plan.status === 'operations' ? plan.operations.map(({ part }) => part) : [];
  if (planned.length > 0 && planned.every((part) => taken.has(part))) return 'delivered';
  if (isDone) return taken.size > 0 ? 'delivered' : 'letter_gone';
  return hasPlace ? 'waiting' : 'no_place';
}

/** A later request of the same part tells how it ended; one without a good reply delivered nothing. */
function wasTaken({ attempts }: ShownRequest): boolean {
  return attempts.some(({ status }) => status !== null && status >= 200 && status < 300);
}

function stateOfUnsent({ plan, hasPlace, isDone }: Known): StandingState {
  if (!hasPlace) return 'no_place';
  if (!isDone) return 'waiting';
  return plan.status === 'rejected' ? 'letter_gone' : 'done';
}
