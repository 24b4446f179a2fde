/** The settings that decide whether an event is wanted at all, in RudderStack's two stored forms. */
import type { Schema } from './schema-terms.ts';

/** The value itself, or `{web: …, cloud: …}`: RudderStack stores some settings by the type of the source. */
function perSourceType(value: Schema, annotations: Schema): Schema {
  return {
    ...annotations,
    if: { type: 'object' },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: { type: 'object', additionalProperties: value },
    else: value,
  };
}

/** Names may be blank: RudderStack's console stores an empty line for an empty list. */
function listOf(name: string, expects: string): Schema {
  return {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      required: [name],
      properties: { [name]: { type: 'string', expects: 'text' } },
      expects: `a mapping with ${name}`,
    },
    expects,
  };
}

const EVENTS = listOf('eventName', 'a list of {eventName}');

const CONSENT_RULES: Schema = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['provider', 'consents'],
    properties: {
      provider: { type: 'string', expects: 'text' },
      resolutionStrategy: { type: 'string', enum: ['and', 'or', ''], expects: '"and" or "or"' },
      consents: listOf('consent', 'a list of {consent}'),
    },
  },
  expects: 'a list of {provider, resolutionStrategy, consents}',
};

export const ROUTING_SETTINGS = {
  eventFilteringOption: perSourceType(
    { type: 'string', enum: ['disable', 'whitelistedEvents', 'blacklistedEvents'] },
    {
      default: 'disable',
      expects: 'one of disable, whitelistedEvents, blacklistedEvents',
      description: 'Which list of event names counts for track calls, if any.',
      examples: ['whitelistedEvents'],
    },
  ),
  whitelistedEvents: perSourceType(EVENTS, {
    expects: 'a list of {eventName}',
    description: 'Track calls of these names are sent, no others.',
    examples: [[{ eventName: 'Order Completed' }]],
  }),
  blacklistedEvents: perSourceType(EVENTS, {
    expects: 'a list of {eventName}',
    description: 'Track calls of these names are not sent.',
    examples: [[{ eventName: 'Heartbeat' }]],
  }),
  consentManagement: perSourceType(CONSENT_RULES, {
    expects: 'a list of {provider, resolutionStrategy, consents}',
    description: 'The consents that this destination needs, by the provider that the event names.',
    examples: [[{ provider: 'custom', resolutionStrategy: 'or', consents: [{ consent: 'marketing' }] }]],
  }),
  oneTrustCookieCategories: perSourceType(
    listOf('oneTrustCookieCategory', 'a list of {oneTrustCookieCategory}'),
    {
      expects: 'a list of {oneTrustCookieCategory}',
      description: 'OneTrust categories of which none may be denied.',
      examples: [[{ oneTrustCookieCategory: 'C0004' }]],
    },
  ),
  ketchConsentPurposes: perSourceType(listOf('purpose', 'a list of {purpose}'), {
    expects: 'a list of {purpose}',
    description: 'Ketch purposes of which not all may be denied.',
    examples: [[{ purpose: 'marketing' }]],
  }),
} as const;
