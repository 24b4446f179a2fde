/** track → a recommended e-commerce event, purchases for `Order Completed`, or a custom event for every other name. */
import type { BrazierEvent } from '../src/model/event.ts';
import type { Json } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import { type Rejected, rejected } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { createCustomEvent } from './custom-event.ts';
import { createEcommerce } from './ecommerce.ts';
import { createEventNames } from './event-names.ts';
import { createPurchases } from './purchases.ts';
import { createWithAttributes } from './with-attributes.ts';

/** Compared without regard to case and, as RudderStack does, without trimming. */
const ORDER_COMPLETED = 'order completed';

/** Rejects an event without a usable name: Braze would refuse it. */
export function createTrack(settings: DestinationSettings): (event: BrazierEvent) => TransformResult {
  const nameOf = createEventNames(settings.mappings?.events);
  const ecommerce = settings.useEcommerceRecommendedEvents ? createEcommerce(settings) : undefined;
  const purchases = createPurchases(settings);
  const customEvent = createCustomEvent(settings);
  const withAttributes = createWithAttributes(settings);
  return (event) => {
    const { event: given } = event;
    if (typeof given !== 'string' || given.trim() === '') return invalidName(given);
    const name = nameOf(given);
    if (typeof name !== 'string') return name;
    const recommended = ecommerce?.(name);
    if (recommended) return withAttributes(event, recommended(event));
    if (isOrder(name)) return withAttributes(event, purchases(event));
    return withAttributes(event, (identity, warnings) => customEvent(event, name, identity, warnings));
  };
}

function invalidName(given: Json | undefined): Rejected {
  const came = typeof given === 'string' && given !== '' ? 'blank text' : kindOf(given);
  const message = `the event name is missing, blank or not a string: expected text, got ${came}`;
  return rejected('invalid', 'invalid_event_name', message, [{ path: 'event', message }]);
}

function isOrder(name: string): boolean {
  return name.length === ORDER_COMPLETED.length && name.toLowerCase() === ORDER_COMPLETED;
}
