/** A name and properties → one custom event. */
import table from '../mappings/event.json' with { type: 'json' };
import type { BrazierEvent } from '../src/model/event.ts';
import { brazeOptions } from '../src/model/integrations.ts';
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Operation } from '../src/model/operation.ts';
import { type Issue, type Rejected, rejected, type Warning } from '../src/model/outcome.ts';
import { toId } from '../src/model/person.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { Identity } from './identity.ts';
import { MAX_CHARACTERS, nameTooLong } from './limits.ts';
import { createOperation, operationOf } from './operation.ts';
import { checkProperties } from './property-limits.ts';
import { fitOf } from './recommended.ts';
import { compileRules } from './rules.ts';

/**
 * Rejects properties that are no object, names of properties that Braze refuses, and an event under one of Braze's
 * own names that cannot be made to fit its schema; leaves out the properties whose names Braze keeps for itself. The
 * user's rules for properties apply before all this.
 */
export type CustomEvent = (
  event: BrazierEvent,
  name: string,
  identity: Identity,
  warnings: Warning[],
) => readonly Operation[] | Rejected;

/** Throws when a rule writes a name that Braze keeps for itself. */
export function createCustomEvent(settings: DestinationSettings): CustomEvent {
  const applyRules = compileRules(settings.mappings?.properties, table.reserved);
  return (event, name, identity, warnings) => {
    const toSchema = fitOf(name);
    if (event.plainProperties !== undefined && !toSchema) {
      warnOfName(event, name, warnings);
      return [plainOperation(event, name, identity, event.plainProperties)];
    }
    const given = objectOf(event.properties);
    if (!given) return invalidProperties(event.properties);
    const own = withoutReserved(applyRules(given, 'properties', warnings));
    const { properties, issues } = toSchema?.(event, own) ?? { properties: own, issues: [] };
    if (issues.length > 0) return invalidEcommerce(name, issues);
    warnOfName(event, name, warnings);
    const fault = checkProperties(properties, warnings);
    if (fault) return fault;
    return [eventOperation(event, name, identity, properties)];
  };
}

/** The event's one object at Braze, under this name and with these properties. */
export function eventOperation(
  event: BrazierEvent,
  name: string,
  identity: Identity,
  properties: object,
): Operation {
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
  return createOperation('event', 0, [key], object);
}

/** As `eventOperation`, with properties that are text already. */
function plainOperation(
  event: BrazierEvent,
  name: string,
  { key, external_id, user_alias, _update_existing_only }: Identity,
  properties: string,
): Operation {
  const who =
    external_id === undefined
      ? `"user_alias":${JSON.stringify(user_alias)},"_update_existing_only":${_update_existing_only}`
      : `"external_id":${JSON.stringify(external_id)}`;
  const what = `"name":${JSON.stringify(name)},"time":"${event.timestamp}","properties":${properties}`;
  const appId = appIdOf(event);
  const where = appId === undefined ? '' : `,"app_id":${JSON.stringify(appId)}`;
  return operationOf('event', 0, [key], `{${who},${what}${where}}`);
}

/** RudderStack's text, and what came. */
function invalidProperties(given: Json): Rejected {
  const message = `Invalid event properties: expected an object, got ${kindOf(given)}`;
  return rejected('invalid', 'invalid_properties', message, [{ path: 'properties', message }]);
}

/** With at least one issue. */
export function invalidEcommerce(name: string, issues: readonly Issue[]): Rejected {
  return rejected('invalid', 'invalid_ecommerce', `Invalid ${name} event: ${issues[0]?.message}`, issues);
}

function warnOfName({ type }: BrazierEvent, name: string, warnings: Warning[]): void {
  if (name.length > MAX_CHARACTERS) warnings.push(nameTooLong(name, type === 'track' ? 'event' : 'name'));
}

/** An array becomes an object with its indices as names, as RudderStack does. */
function objectOf(properties: Json): JsonObject | undefined {
  if (isObject(properties)) return properties;
  return Array.isArray(properties) ? Object.fromEntries(Object.entries(properties)) : undefined;
}

function withoutReserved(properties: JsonObject): JsonObject {
  for (const name of table.reserved) {
    if (Object.hasOwn(properties, name)) return without(properties, table.reserved);
  }
  return properties;
}

/** A copy without these members. `__proto__` stays an ordinary one. */
export function without(object: JsonObject | Json[], names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** The Braze app that the integrations object names, for events and purchases. 0 is none, as at RudderStack. */
export function appIdOf(event: BrazierEvent): string | undefined {
  return toId(brazeOptions(event.integrations)?.appId || undefined);
}
