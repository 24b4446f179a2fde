/** page and screen → one custom event under the name of the page. */
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type Json } from '../src/model/json.ts';
import { rejected } from '../src/model/outcome.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { customEvent } from './custom-event.ts';
import { withAttributes } from './with-attributes.ts';

export function transformPage(event: BrazierEvent): TransformResult {
  return named(event, 'Page Viewed');
}

export function transformScreen(event: BrazierEvent): TransformResult {
  return named(event, 'Screen Viewed');
}

/** `name`, else `properties.name`, else the fallback. Blank counts as absent; another type than text is rejected. */
function named(event: BrazierEvent, fallback: string): TransformResult {
  const [name, path] = firstGiven(event) ?? [fallback, 'name'];
  if (typeof name !== 'string') {
    const message = `the ${event.type} name is not a string`;
    return rejected('invalid', 'invalid_event_name', message, [{ path, message }]);
  }
  return withAttributes(event, (identity) => customEvent(event, name, identity));
}

function firstGiven({ name, properties }: BrazierEvent): [Json, string] | undefined {
  if (isGiven(name)) return [name, 'name'];
  const inProperties = isObject(properties) ? properties.name : undefined;
  return isGiven(inProperties) ? [inProperties, 'properties.name'] : undefined;
}

function isGiven(name: Json | undefined): name is Json {
  return typeof name === 'string' ? name.trim() !== '' : Boolean(name);
}
