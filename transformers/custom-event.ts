/** A name and properties → one custom event. */
import table from '../mappings/event.json' with { type: 'json' };
import type { BrazierEvent } from '../src/model/event.ts';
import { brazeOptions } from '../src/model/integrations.ts';
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import type { Operation } from '../src/model/operation.ts';
import { type Rejected, rejected, type Warning } from '../src/model/outcome.ts';
import { toId } from '../src/model/person.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { Identity } from './identity.ts';
import { createOperation } from './operation.ts';

/** Rejects properties that are no object; leaves out those under names that Braze reserves. */
export type CustomEvent = (
  event: BrazierEvent,
  name: string,
  identity: Identity,
  warnings: Warning[],
) => readonly Operation[] | Rejected;

export function createCustomEvent(_settings: DestinationSettings): CustomEvent {
  return customEvent;
}

function customEvent(event: BrazierEvent, name: string, identity: Identity): readonly Operation[] | Rejected {
  const properties = propertiesOf(event.properties);
  if (!properties) return INVALID_PROPERTIES;
  const { key, external_id, user_alias, _update_existing_only } = identity;
  const object = {
    external_id,
    user_alias,
    _update_existing_only,
    name,
    time: event.timestamp,
    properties,
    app_id: appIdOf(event),
  };
  return [createOperation('event', 0, [key], object)];
}

const INVALID_PROPERTIES = rejected('invalid', 'invalid_properties', 'Invalid event properties', [
  { path: 'properties', message: 'Invalid event properties' },
]);

/** An array becomes an object with its indices as names, as RudderStack does. */
function propertiesOf(properties: Json): JsonObject | undefined {
  if (typeof properties !== 'object' || properties === null) return undefined;
  const isPlain = isObject(properties) && !table.reserved.some((name) => Object.hasOwn(properties, name));
  return isPlain ? properties : without(properties, table.reserved);
}

/** A copy without these members. `__proto__` stays an ordinary one. */
export function without(object: JsonObject | Json[], names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** The Braze app that the integrations object names, for events and purchases. */
export function appIdOf(event: BrazierEvent): string | undefined {
  return toId(brazeOptions(event.integrations)?.appId);
}
