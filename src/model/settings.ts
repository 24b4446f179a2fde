/**
 * The settings of a destination that decide what is sent, by RudderStack's key names where it has them.
 * The configuration's JSON Schema (src/config) checks them; `transform --settings` takes them flat.
 */
export interface DestinationSettings {
  /** Product members other than the standard ones become the purchase's properties. Default false. */
  readonly sendPurchaseEventWithExtraProperties?: boolean;
  /** What an alias call does: a new alias of the user (default), or a merge of two external ids. */
  readonly aliasCall?: 'alias' | 'merge';
}
