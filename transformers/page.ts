/** page and screen → one custom event under the name of the page. */
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type Json } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import { rejected } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { createCustomEvent } from './custom-event.ts';
import { createEventNames } from './event-names.ts';
import { createWithAttributes } from './with-attributes.ts';

/**
 * @param fallback the name of an event that has none, e.g. `Page Viewed`; event rules apply to it too
 */
export function createPage(
  settings: DestinationSettings,
  fallback: string,
): (event: BrazierEvent) => TransformResult {
  const nameOf = createEventNames(settings.mappings?.events);
  const customEvent = createCustomEvent(settings);
  const withAttributes = createWithAttributes(settings);
  return (event) => {
    const [given, path] = firstGiven(event) ?? [fallback, 'name'];
    if (typeof given !== 'string') return invalidName(event, path, given);
    const name = nameOf(given);
    if (typeof name !== 'string') return name;
    return withAttributes(event, (identity, warnings) => customEvent(event, name, identity, warnings));
  };
}

function invalidName({ type }: BrazierEvent, path: string, given: Json): TransformResult {
  const message = `the ${type} name is not a string: expected text, got ${kindOf(given)}`;
  return rejected('invalid', 'invalid_event_name', message, [{ path, message }]);
}

/** `name`, else `properties.name`, which is not looked at before. Blank counts as absent. */
function firstGiven(event: BrazierEvent): [Json, string] | undefined {
  if (isGiven(event.name)) return [event.name, 'name'];
  const inProperties = isObject(event.properties) ? event.properties.name : undefined;
  return isGiven(inProperties) ? [inProperties, 'properties.name'] : undefined;
}

function isGiven(name: Json | undefined): name is Json {
  return typeof name === 'string' ? name.trim() !== '' : Boolean(name);
}
