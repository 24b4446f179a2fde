/** Traits → one attributes object, for identify and for every track, page and screen that carries traits. */
import table from '../mappings/attributes.json' with { type: 'json' };
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type JsonObject } from '../src/model/json.ts';
import type { Operation } from '../src/model/operation.ts';
import { type Issue, type Rejected, rejected, type Warning } from '../src/model/outcome.ts';
import { isMapped } from '../src/model/person.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import { type Draft, MERGE } from './attribute-draft.ts';
import type { Identity } from './identity.ts';
import { createOperation } from './operation.ts';
import { NOT_TEXT_EMAIL } from './standard-attributes.ts';
import { compileTraits } from './trait-mapping.ts';

/**
 * Undefined when the traits give nothing to send. Root traits and those of the context are merged, name by
 * name, root over context; so are the members of an address. Adds to `warnings` what was left out and what Braze
 * may not take; rejects traits that cannot be sent.
 *
 * Traits of an event that a reverse ETL job mapped are Braze's fields already: they go as they are, without the
 * table, the user's rules and nested operations. Reserved names are left out and Braze's limits hold there too.
 */
export type AttributesOf = (
  event: BrazierEvent,
  identity: Identity,
  warnings: Warning[],
) => Operation | Rejected | undefined;

/** Objects that built-in fields are read from: merged one level deep. */
const PARENTS = new Set(
  table.fields.filter(({ path }) => path.includes('.')).map(({ path }) => path.slice(0, path.indexOf('.'))),
);

export function createAttributes(settings: DestinationSettings): AttributesOf {
  const mapTraits = compileTraits(table, settings.mappings?.attributes);
  const passTraits = compileTraits({ ...table, fields: [] });
  const { enableNestedArrayOperations = false } = settings;
  return (event, identity, warnings) => {
    const traits = traitsOf(event);
    if (isEmpty(traits)) return undefined;
    const isPassed = isMapped(event.context);
    const draft: Draft = {
      event,
      target: {},
      merge: undefined,
      warnings,
      hasOperations: enableNestedArrayOperations && !isPassed,
      issues: [],
      code: '',
      written: 0,
    };
    if (isPassed) passTraits(traits, draft);
    else mapTraits(traits, draft);
    return finish(draft, identity);
  };
}

function finish(
  { target, merge, issues, code, written }: Draft,
  identity: Identity,
): Operation | Rejected | undefined {
  const [issue] = issues;
  if (issue) return rejected('invalid', code, textOf(issue), issues);
  if (written === 0) return undefined;
  target.external_id = identity.external_id;
  if (identity.user_alias) {
    target.user_alias = identity.user_alias;
    target._update_existing_only = identity._update_existing_only;
  }
  if (merge !== undefined) target[MERGE] = merge;
  return createOperation('attributes', 0, [identity.key], target);
}

/** RudderStack's text stays as it is; ours does not name the field by itself. */
function textOf({ path, message }: Issue): string {
  return message.startsWith(NOT_TEXT_EMAIL) ? message : `${path}: ${message}`;
}

function traitsOf({ context, traits }: BrazierEvent): JsonObject {
  const { traits: inContext } = context;
  if (!isObject(inContext)) return traits;
  if (isEmpty(traits)) return inContext;
  const merged: JsonObject = { ...inContext, ...traits };
  for (const parent of PARENTS) {
    const under = inContext[parent];
    const over = traits[parent];
    if (isObject(under) && isObject(over)) merged[parent] = { ...under, ...over };
  }
  return merged;
}

function isEmpty(object: JsonObject): boolean {
  for (const _key in object) return false;
  return true;
}
