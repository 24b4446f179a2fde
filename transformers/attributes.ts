/** Traits → one attributes object, for identify and for every track, page and screen that carries traits. */
import table from '../mappings/attributes.json' with { type: 'json' };
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type JsonObject } from '../src/model/json.ts';
import type { Operation } from '../src/model/operation.ts';
import { type Issue, type Rejected, rejected, type Warning } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { Identity } from './identity.ts';
import { type Complain, compileMapping, type Mapping, type Target } from './mapping.ts';
import { createOperation } from './operation.ts';

/**
 * Undefined when the traits give nothing to send. Root traits and those of the context are merged, name by
 * name, root over context. Adds to `warnings` what was left out; rejects traits that Braze would refuse.
 */
export type AttributesOf = (
  event: BrazierEvent,
  identity: Identity,
  warnings: Warning[],
) => Operation | Rejected | undefined;

export function createAttributes(_settings: DestinationSettings): AttributesOf {
  const mapTraits = compileMapping(table);
  return (event, identity, warnings) => attributesOf(event, identity, warnings, mapTraits);
}

function attributesOf(
  event: BrazierEvent,
  identity: Identity,
  warnings: Warning[],
  mapTraits: Mapping,
): Operation | Rejected | undefined {
  const { key, external_id, user_alias, _update_existing_only } = identity;
  const object: Target = { external_id, user_alias, _update_existing_only };
  const fault: { code: string; issues: Issue[] } = { code: '', issues: [] };
  const complain: Complain = (path, { rejects, code, message }) => {
    const full = `${rootOf(event, path)}.${path}`;
    if (!rejects) warnings.push({ code, message, path: full });
    else {
      fault.code ||= code;
      fault.issues.push({ path: full, message });
    }
  };
  const written = mapTraits(traitsOf(event), object, complain);
  const [issue] = fault.issues;
  if (issue) return rejected('invalid', fault.code, issue.message, fault.issues);
  return written === 0 ? undefined : createOperation('attributes', 0, [key], object);
}

function traitsOf(event: BrazierEvent): JsonObject {
  const { traits: inContext } = event.context;
  if (!isObject(inContext)) return event.traits;
  return isEmpty(event.traits) ? inContext : { ...inContext, ...event.traits };
}

function isEmpty(object: JsonObject): boolean {
  for (const _key in object) return false;
  return true;
}

/** Which of the two the trait at `path` came from. */
function rootOf(event: BrazierEvent, path: string): string {
  const [name = path] = path.split('.');
  return Object.hasOwn(event.traits, path) || Object.hasOwn(event.traits, name) ? 'traits' : 'context.traits';
}
