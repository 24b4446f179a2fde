/**
 * The settings of a destination that decide what is sent, by RudderStack's key names where it has them.
 * The configuration's JSON Schema (src/config) checks them; `transform --settings` takes them flat.
 */
export interface DestinationSettings {
  /** Product members other than the standard ones become the purchase's properties. Default false. */
  readonly sendPurchaseEventWithExtraProperties?: boolean;
  /** Members of the order that are copied into the properties of each of its purchases. */
  readonly orderProperties?: readonly string[];
  /** The seven e-commerce calls become Braze's recommended events instead of purchases and custom events. Default false. */
  readonly useEcommerceRecommendedEvents?: boolean;
  /** Traits of the form `{add, update, remove}` become operations on lists of objects. Default false. */
  readonly enableNestedArrayOperations?: boolean;
  /** A group call sets the state of a subscription group instead of an attribute. Default false. */
  readonly enableSubscriptionGroupInGroupCall?: boolean;
  /** Attributes that Braze has already are not sent again. Default false. */
  readonly supportDedup?: boolean;
  /** What an alias call does: a new alias of the user (default), or a merge of two external ids. */
  readonly aliasCall?: 'alias' | 'merge';
  /** How a user's second alias of a label is linked: as the first (default), or by a merge where the first is remembered. */
  readonly linkCall?: 'identify' | 'auto';
  readonly eventFilteringOption?: 'disable' | 'whitelistedEvents' | 'blacklistedEvents';
  readonly whitelistedEvents?: readonly { readonly eventName: string }[];
  readonly blacklistedEvents?: readonly { readonly eventName: string }[];
  readonly consentManagement?: readonly ConsentRule[];
  readonly oneTrustCookieCategories?: readonly { readonly oneTrustCookieCategory: string }[];
  readonly ketchConsentPurposes?: readonly { readonly purpose: string }[];
  /** Extends and overrides the tables of `mappings/`. */
  readonly mappings?: Mappings;
}

/** The consents that a destination needs, for events whose consent comes from this provider. */
export interface ConsentRule {
  readonly provider: string;
  readonly resolutionStrategy?: string;
  readonly consents: readonly { readonly consent: string }[];
}

export interface Mappings {
  /** From the traits to the attributes object. */
  readonly attributes?: readonly MappingRule[];
  /** From the properties of track, page and screen to the properties of the custom event. */
  readonly properties?: readonly MappingRule[];
  /** From a product to its purchase: a standard field of the purchase, or else one of its properties. */
  readonly purchases?: readonly MappingRule[];
  /** From the properties of an e-commerce call to those of the recommended event. */
  readonly ecommerce?: readonly MappingRule[];
  /** From a product to the line item of a recommended event. */
  readonly ecommerceProducts?: readonly MappingRule[];
  /** Events by name, before anything else looks at the name. */
  readonly events?: readonly EventRule[];
}

export interface MappingRule {
  /** Dotted path in the source. */
  readonly from: string;
  /** Name of the field it is written to; default: the last step of `from`. */
  readonly to?: string;
  /** Applied one after the other. */
  readonly convert?: ConversionName | readonly ConversionName[];
  /** Put before the text that `sha256` hashes. */
  readonly salt?: string;
  /** Written when the source has nothing there. */
  readonly default?: string | number | boolean;
  /** The value is not sent at all. */
  readonly drop?: boolean;
}

export const CONVERSION_NAMES = [
  'string',
  'number',
  'integer',
  'boolean',
  'lower',
  'upper',
  'trim',
  'date',
  'sha256',
] as const;

export type ConversionName = (typeof CONVERSION_NAMES)[number];

/** Either `rename` or `drop`. Names are compared as they are, then trimmed and without regard to case. */
export interface EventRule {
  readonly name: string;
  readonly rename?: string;
  readonly drop?: boolean;
}
