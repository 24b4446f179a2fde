/**
 * One Braze object to send. It carries its JSON text and size, computed once, so that a request body is a
 * join of texts; and the identities it touches, so that the queue can keep each person's order.
 */
export type OperationKind =
  | 'attributes'
  | 'event'
  | 'purchase'
  | 'identify'
  | 'alias'
  | 'merge'
  | 'subscription';

export type Endpoint =
  | '/users/track'
  | '/users/identify'
  | '/users/alias/new'
  | '/users/merge'
  | '/v2/subscription/status/set';

export interface Operation {
  readonly kind: OperationKind;
  /**
   * Every identity the object touches, e.g. `external_id:u1`, `alias:rudder_id:a1`; never empty.
   * Track objects have one, links (identify, alias, merge) name both sides.
   */
  readonly keys: readonly string[];
  /** The object as JSON text, as it will stand in the request's array. */
  readonly text: string;
  /** UTF-8 bytes of `text`. */
  readonly bytes: number;
  /**
   * Names the operation among those of its event: kind and position within the kind, e.g. `purchase:1`.
   * A replay sends the parts that a dead letter lists and no others.
   */
  readonly part: string;
}

const ENDPOINT_OF: Record<OperationKind, Endpoint> = {
  attributes: '/users/track',
  event: '/users/track',
  purchase: '/users/track',
  identify: '/users/identify',
  alias: '/users/alias/new',
  merge: '/users/merge',
  subscription: '/v2/subscription/status/set',
};

export function endpointOf(kind: OperationKind): Endpoint {
  return ENDPOINT_OF[kind];
}

/** Links join two identities; they wait until the data of both sides has settled at Braze. */
export function isLink(kind: OperationKind): boolean {
  return kind === 'identify' || kind === 'alias' || kind === 'merge';
}
