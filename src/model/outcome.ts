/**
 * What became of an event or of one of its operations. Expected failures are values of these types;
 * `throw` is for bugs and start-up faults. Every `code` used anywhere stands in docs/errors.md.
 */

/** Something that was changed or left out on the way, with the place in the event it came from. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  /** Dotted path in the event, e.g. `traits.gender` or `properties.products[1].price`. */
  readonly path: string;
}

/** One fault in an event: where it is and what was expected there. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

export type RejectedKind =
  | 'invalid'
  | 'oversized'
  | 'refused'
  | 'expired'
  | 'exhausted'
  | 'uncertain'
  | 'corrupt';

export interface Delivered {
  readonly status: 'delivered';
}

/** Deliberately not sent: routing or an event that has nothing to send. */
export interface Filtered {
  readonly status: 'filtered';
  readonly code: string;
  readonly message: string;
}

/** Cannot be delivered as it is: becomes a dead letter. */
export interface Rejected {
  readonly status: 'rejected';
  readonly kind: RejectedKind;
  readonly code: string;
  readonly message: string;
  readonly issues: readonly Issue[];
}

/** The outcomes after which a record is done with. */
export type FinalOutcome = Delivered | Filtered | Rejected;

export const DELIVERED: Delivered = { status: 'delivered' };

export function filtered(code: string, message: string): Filtered {
  return { status: 'filtered', code, message };
}

export function rejected(
  kind: RejectedKind,
  code: string,
  message: string,
  issues: readonly Issue[] = [],
): Rejected {
  return { status: 'rejected', kind, code, message, issues };
}
