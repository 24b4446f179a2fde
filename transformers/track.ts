/** track → purchases for `Order Completed`, a custom event for every other name. */
import type { BrazierEvent } from '../src/model/event.ts';
import { rejected } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { createCustomEvent } from './custom-event.ts';
import { purchases } from './purchases.ts';
import { createWithAttributes } from './with-attributes.ts';

/** Compared without regard to case and, as RudderStack does, without trimming. */
const ORDER_COMPLETED = 'order completed';

const MISSING_NAME = 'the event name is missing, blank or not a string';
const INVALID_NAME = rejected('invalid', 'invalid_event_name', MISSING_NAME, [
  { path: 'event', message: MISSING_NAME },
]);

/** Rejects an event without a usable name: Braze would refuse it. */
export function createTrack(settings: DestinationSettings): (event: BrazierEvent) => TransformResult {
  const customEvent = createCustomEvent(settings);
  const withAttributes = createWithAttributes(settings);
  return (event) => {
    const { event: name } = event;
    if (typeof name !== 'string' || name.trim() === '') return INVALID_NAME;
    const isOrder = name.length === ORDER_COMPLETED.length && name.toLowerCase() === ORDER_COMPLETED;
    return withAttributes(event, (identity, warnings) =>
      isOrder
        ? purchases({ event, settings, identity, warnings })
        : customEvent(event, name, identity, warnings),
    );
  };
}
