/**
 * The part of the configuration's JSON Schema that decides what is sent: a destination's settings, by
 * RudderStack's key names. The same part checks a destination of the configuration and `transform --settings`.
 */
import type { DestinationSettings } from '../model/settings.ts';
import { MAPPINGS } from './mapping-schema.ts';
import { ROUTING_SETTINGS } from './routing-schema.ts';
import type { Schema } from './schema-terms.ts';

/** Settings that the transformers know. A new member of `DestinationSettings` fails to compile until it is here. */
const SERVED = {
  sendPurchaseEventWithExtraProperties: {
    type: 'boolean',
    default: false,
    description:
      "Product members other than the standard ones become the purchase's properties (`Order Completed`).",
    examples: [true],
  },
  orderProperties: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    uniqueItems: true,
    expects: 'a list of names',
    description:
      'Members of the order (`order_id`, `coupon`, …) that are copied into the properties of each of its purchases.',
    examples: [['order_id', 'coupon']],
  },
  useEcommerceRecommendedEvents: {
    type: 'boolean',
    default: false,
    description:
      "E-commerce calls become Braze's recommended events instead of purchases, which new Braze customers cannot send.",
    examples: [true],
  },
  enableNestedArrayOperations: {
    type: 'boolean',
    default: false,
    description: 'Traits of the form `{add, update, remove}` become operations on lists of objects.',
    examples: [true],
  },
  enableSubscriptionGroupInGroupCall: {
    type: 'boolean',
    default: false,
    description: 'A group call sets the state of a subscription group instead of an attribute.',
    examples: [true],
  },
  supportDedup: {
    type: 'boolean',
    default: false,
    description: 'Attributes that Braze has already are not sent again.',
    examples: [true],
  },
  ...ROUTING_SETTINGS,
  mappings: MAPPINGS,
  linkCall: {
    type: 'string',
    enum: ['identify', 'auto'],
    default: 'identify',
    description:
      "How a user's second alias of a label is linked: `identify` as the first (Braze then combines nothing), `auto` by a merge where the first is remembered.",
    examples: ['auto'],
  },
  aliasCall: {
    type: 'string',
    enum: ['alias', 'merge'],
    default: 'alias',
    description:
      'What an alias call does: `alias` adds a new alias to the user, `merge` merges two external ids as RudderStack does.',
    examples: ['merge'],
  },
} as const satisfies Record<keyof Required<DestinationSettings>, Schema>;

/** Device-mode and console settings: RudderStack's Braze transformer does not read them in cloud mode. */
const NO_EFFECT_KEYS = [
  'appKey',
  'prefixProperties',
  'useNativeSDK',
  'connectionMode',
  'trackAnonymousUser',
  'enableIdentifyForAnonymousUser',
  'allowUserSuppliedJavascript',
  'enableBrazeLogging',
  'enablePushNotification',
  'usePlatformSpecificApiKeys',
  'androidApiKey',
  'iOSApiKey',
  'webApiKey',
];

export const SERVED_SETTINGS: readonly string[] = Object.keys(SERVED);

function keyed(keys: readonly string[], schema: Schema): Record<string, Schema> {
  return Object.fromEntries(keys.map((key) => [key, schema]));
}

/** Members of a destination that belong to the settings. */
export const SETTINGS_PROPERTIES: Readonly<Record<string, Schema>> = {
  packing: {
    type: 'string',
    enum: ['combined', 'perArray'],
    default: 'combined',
    // Braze, /users/track: 75 objects in total on current plans, 75 of each array on legacy ones.
    description:
      'How a track request is filled: `combined` is 75 objects of all kinds together, `perArray` is 75 of each (legacy Braze contracts).',
    examples: ['perArray'],
  },
  ...SERVED,
  ...keyed(NO_EFFECT_KEYS, { noEffect: true }),
};

/** A settings object by itself, as `transform --settings` takes it: without id, key and endpoint. */
export const SETTINGS_SCHEMA: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: SETTINGS_PROPERTIES,
};
