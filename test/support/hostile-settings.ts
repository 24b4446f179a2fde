/** Settings of all kinds for property tests, as far as the configuration accepts them. */
import fc from 'fast-check';
import { parseSettings } from '../../src/config/settings.ts';
import { CONVERSION_NAMES, type DestinationSettings } from '../../src/model/settings.ts';
import { RECOMMENDED_EVENTS } from './hostile-orders.ts';
import { BRAZE_FIELDS } from './hostile-values.ts';

const PATHS = [
  'email',
  'plan',
  'firstName',
  'address.city',
  'address',
  'products',
  'price',
  'quantity',
  'product_id',
  'cart_id',
  'total',
  'name',
  'coupon',
  '__proto__',
  'constructor',
  'metadata',
  'a.b',
];
const TARGETS = [
  ...PATHS,
  ...BRAZE_FIELDS,
  'variant_id',
  'total_value',
  'product_name',
  'email_subscribe',
  'current_location',
  '$x',
  't'.repeat(256),
];

const mappingRule = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record(
      {
        from: fc.constantFrom(...PATHS),
        to: fc.constantFrom(...TARGETS),
        convert: fc.oneof(
          fc.constantFrom(...CONVERSION_NAMES),
          fc.array(fc.constantFrom(...CONVERSION_NAMES), { minLength: 1, maxLength: 3 }),
        ),
        default: fc.constantFrom('unknown', 5, true, '', 'kim@example.com'),
      },
      { requiredKeys: ['from'] },
    ),
  },
  { weight: 1, arbitrary: fc.record({ from: fc.constantFrom(...PATHS), drop: fc.constant(true) }) },
);
/** No two rules of a list write one field, none a field that no rule may write: such settings do not start. */
const mappingRules = fc.array(mappingRule, { maxLength: 4 }).map((rules) => {
  const target = (rule: { from: string; to?: string }) => rule.to ?? rule.from.split('.').at(-1);
  return rules.filter(
    (rule, index) => 'drop' in rule || rules.findIndex((other) => target(other) === target(rule)) === index,
  );
});
const eventRules = fc.uniqueArray(
  fc.oneof(
    fc.record({
      name: fc.constantFrom('lamp', 'Home', 'order completed', 'Tea', '0'),
      rename: fc.constantFrom('Order Completed', 'Product Viewed', 'r'.repeat(300), ...RECOMMENDED_EVENTS),
    }),
    fc.record({ name: fc.constantFrom('5', 'Page Viewed'), drop: fc.constant(true) }),
  ),
  { maxLength: 2, selector: ({ name }) => name },
);
const mappings = fc.record(
  {
    attributes: mappingRules,
    properties: mappingRules,
    purchases: mappingRules,
    ecommerce: mappingRules,
    ecommerceProducts: mappingRules,
    events: eventRules,
  },
  { requiredKeys: [] },
);

/** Every setting that the transformers read; as the configuration accepts them, those that it does not lose their mappings. */
export const anySettings: fc.Arbitrary<DestinationSettings> = fc
  .record(
    {
      sendPurchaseEventWithExtraProperties: fc.boolean(),
      orderProperties: fc.uniqueArray(
        fc.constantFrom('order_id', 'coupon', '__proto__', 'time', 'currency', '$set', 'total'),
        { maxLength: 3 },
      ),
      useEcommerceRecommendedEvents: fc.constantFrom(true, true, false),
      enableNestedArrayOperations: fc.boolean(),
      enableSubscriptionGroupInGroupCall: fc.boolean(),
      supportDedup: fc.boolean(),
      aliasCall: fc.constantFrom('alias' as const, 'merge' as const),
      linkCall: fc.constantFrom('identify' as const, 'auto' as const),
      mappings,
    },
    { requiredKeys: [] },
  )
  .map(({ mappings: rules, ...rest }): DestinationSettings => {
    const whole = rules === undefined ? rest : { ...rest, mappings: rules };
    const parsed = parseSettings(whole);
    return parsed.ok ? parsed.settings : rest;
  });
