/** The shape of `mappings`: rules that extend and override the field tables, and what becomes of events by name. */
import { CONVERSION_NAMES } from '../model/settings.ts';
import { FILE, type Schema, TEXT } from './schema-terms.ts';

const CONVERSION: Schema = { type: 'string', enum: CONVERSION_NAMES };

/** A shorter one guards nothing, and to mask it in log lines would mask ordinary words. */
export const SALT: Schema = {
  type: 'string',
  secret: true,
  minLength: 8,
  expects: 'a salt of at least 8 characters',
};

/** A rule of `mappings.attributes` and its neighbours. */
export const MAPPING_RULE: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['from'],
  properties: {
    from: {
      type: 'string',
      pattern: '^[^.]+(\\.[^.]+)*$',
      expects: 'a dotted path',
      description: 'Where the value is in the source.',
      examples: ['address.zip'],
    },
    to: {
      ...TEXT,
      description: 'The field it is written to. Default: the last step of `from`.',
      examples: ['postal_code'],
    },
    convert: {
      if: { type: 'array' },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
      then: { type: 'array', items: CONVERSION, minItems: 1, expects: 'a list with at least one conversion' },
      else: CONVERSION,
      expects: `one of ${CONVERSION_NAMES.join(', ')}, or a list of them`,
      description: 'What is done with the value; of a list, one after the other.',
      examples: [['trim', 'lower', 'sha256']],
    },
    salt: {
      ...SALT,
      description: 'Put before the text that `sha256` hashes.',
      examples: [`\${EMAIL_SALT}`],
    },
    saltFile: {
      ...FILE,
      description: 'Instead of `salt`: the file that holds it.',
      examples: ['/run/secrets/email-salt'],
    },
    default: {
      type: ['string', 'number', 'boolean'],
      expects: 'text, a number, true or false',
      description: 'Written when the source has nothing there.',
      examples: ['unknown'],
    },
    drop: { type: 'boolean', description: 'The value is not sent.', examples: [true] },
  },
};

/** A rule of `mappings.events`. */
export const EVENT_RULE: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      pattern: '\\S',
      expects: 'text that is not blank',
      description: 'The name as it is sent; else trimmed and without regard to case.',
      examples: ['order_done'],
    },
    rename: {
      type: 'string',
      pattern: '\\S',
      expects: 'text that is not blank',
      description: 'The name that counts from then on. Exactly one of this and `drop`.',
      examples: ['Order Completed'],
    },
    drop: { type: 'boolean', description: 'The event is not sent.', examples: [true] },
  },
};

function rules(description: string, example: object): Schema {
  return {
    type: 'array',
    items: MAPPING_RULE,
    expects: 'a list of mapping rules',
    description,
    examples: [[example]],
  };
}

/** The lists of mapping rules; `events` stands beside them. */
export const RULE_LISTS = {
  attributes: rules('From the traits to the attributes.', {
    from: 'plan.tier',
    to: 'tier',
    convert: 'upper',
  }),
  properties: rules('From the properties of track, page and screen to those of the custom event.', {
    from: 'internal_note',
    drop: true,
  }),
  purchases: rules('From a product of an order to its purchase.', {
    from: 'net_price',
    to: 'price',
    convert: 'number',
  }),
  ecommerce: rules('From the properties of an e-commerce call to those of the recommended event.', {
    from: 'basket',
    to: 'cart_id',
  }),
  ecommerceProducts: rules('From a product to the line item of a recommended event.', {
    from: 'title',
    to: 'product_name',
  }),
};

export const MAPPINGS: Schema = {
  type: 'object',
  additionalProperties: false,
  description: 'Extends and overrides the tables of `mappings/`.',
  properties: {
    ...RULE_LISTS,
    events: {
      type: 'array',
      items: EVENT_RULE,
      expects: 'a list of event rules',
      description: 'Events renamed or dropped by name, before anything else looks at the name.',
      examples: [[{ name: 'Heartbeat', drop: true }]],
    },
  },
};
