/** Braze's endpoints: their limits, and the array of the request body in which each kind of object stands. */
import type { Endpoint, OperationKind } from '../model/operation.ts';

/** 4 MB per request (Braze: /users/track, "request body"; larger is answered with 413). */
export const REQUEST_BYTES = 4 * 1024 * 1024;

/** 100 KB per object with nested data (Braze: event object, nested custom attributes). */
export const OBJECT_BYTES = 100 * 1024;

/**
 * Objects per request. Braze: /users/track 75, the other user endpoints 50. For subscription status Braze documents
 * 50 ids of a kind within a group, each of ours names one or two, but no number of groups: other senders stop at 25.
 */
export const OBJECTS_PER_REQUEST: Readonly<Record<Endpoint, number>> = {
  '/users/track': 75,
  '/users/identify': 50,
  '/users/alias/new': 50,
  '/users/merge': 50,
  '/v2/subscription/status/set': 25,
};

/** Order matters for /users/track: Braze processes attributes, then events, then purchases. */
export const ARRAYS: Readonly<Record<OperationKind, string>> = {
  attributes: 'attributes',
  event: 'events',
  purchase: 'purchases',
  identify: 'aliases_to_identify',
  alias: 'user_aliases',
  merge: 'merge_updates',
  subscription: 'subscription_groups',
};

/** The place of a kind in the order in which Braze processes one request; equal where order is the array's. */
export const PHASE: Readonly<Record<OperationKind, number>> = {
  attributes: 0,
  event: 1,
  purchase: 2,
  identify: 0,
  alias: 0,
  merge: 0,
  subscription: 0,
};

/** The API key permission an endpoint needs is its path with dots. */
export function permissionOf(endpoint: Endpoint): string {
  return endpoint.slice(1).replaceAll('/', '.').replace(/^v2\./, '');
}
