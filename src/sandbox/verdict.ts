/** What the rules make of a request: the reply that Braze would give and the changes that it would queue. */
import type { ItemsChange } from './catalogs.ts';
import type { Identity, UserAlias } from './identity.ts';
import type { JsonObject } from './json.ts';
import type { Prioritization } from './prioritization.ts';

export interface Reply {
  readonly status: number;
  /** The body as it goes over the wire. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The three arrays of a track request, by the names Braze gives them. */
export type TrackArray = 'attributes' | 'events' | 'purchases';

/** An email or a phone: several users may share it. */
export type Contact = Extract<Identity, { readonly by: 'email' | 'phone' }>;

/** One accepted object, checked, not yet applied to the profiles. */
export type Change =
  | {
      readonly kind: TrackArray;
      readonly who: Identity;
      /** `_update_existing_only` as sent; undefined where it was not. */
      readonly updateOnly: boolean | undefined;
      readonly object: JsonObject;
    }
  | {
      /** A user for each token that nobody has. */
      readonly kind: 'token_import';
      readonly tokens: readonly JsonObject[];
      /** The whole attribute object. */
      readonly attributes: JsonObject;
    }
  | { readonly kind: 'identify'; readonly externalId: string; readonly alias: UserAlias }
  | { readonly kind: 'alias'; readonly externalId: string | undefined; readonly alias: UserAlias }
  | {
      readonly kind: 'merge';
      readonly from: Identity;
      readonly into: Identity;
      /** Which of several users an email or phone means; without it, only one that a single user has. */
      readonly prioritizations?: { readonly from: Prioritization; readonly into: Prioritization };
    }
  | {
      readonly kind: 'identify_contact';
      readonly externalId: string;
      readonly who: Contact;
      readonly prioritization: Prioritization;
    }
  | { readonly kind: 'alias_update'; readonly alias: UserAlias; readonly newName: string }
  /** The prioritization counts for emails and phones alone. */
  | { readonly kind: 'delete'; readonly who: Identity; readonly prioritization: Prioritization }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove_id'; readonly id: string }
  | ItemsChange
  | {
      readonly kind: 'subscription';
      readonly who: Identity;
      readonly groupId: string;
      readonly state: string;
    };

export interface Verdict {
  readonly reply: Reply;
  /** In the order in which Braze applies them; empty when the request was turned away. */
  readonly changes: readonly Change[];
}

/** One entry of a reply's `errors`: which object of the array sent was refused, and why. */
export interface ItemError {
  readonly type: string;
  readonly input_array: string;
  readonly index: number;
}

export function jsonReply(status: number, body: object): Reply {
  return { status, body: JSON.stringify(body), headers: {} };
}

/** A request that is turned away as a whole: nothing of it is applied. */
export function turnedAway(status: number, message: string): Verdict {
  return { reply: jsonReply(status, { message }), changes: [] };
}
