/** The seven e-commerce calls → Braze's recommended events. Never one that Braze would refuse: such a call is rejected. */
import table from '../mappings/ecommerce.json' with { type: 'json' };
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type JsonObject } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Operation } from '../src/model/operation.ts';
import type { Issue, Rejected, Warning } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import { eventOperation, invalidEcommerce } from './custom-event.ts';
import { compileFields, type FieldSpec, type ReadFields, type Reading } from './ecommerce-fields.ts';
import { givenSource, sourceOf } from './ecommerce-source.ts';
import type { Identity } from './identity.ts';
import { createLineItems, type LineItems } from './line-item.ts';
import type { Target } from './mapping.ts';
import { isEmptyValue, leftovers } from './metadata.ts';
import { checkProperties } from './property-limits.ts';
import { type Apply, compileRules } from './rules.ts';
import type { Build } from './with-attributes.ts';

/** How to build the recommended event of a call; undefined for every other call. Names: trimmed, in any case. */
export type Ecommerce = (name: string) => ((event: BrazierEvent) => Build) | undefined;

const FIELDS: Readonly<Record<string, readonly FieldSpec[]>> = table.fields;

interface Recommended {
  readonly name: string;
  /** Fixed for the calls that add and remove a product. */
  readonly action: string | undefined;
  readonly readFields: ReadFields;
  readonly applyRules: Apply;
  /** Undefined for an event about one product. */
  readonly lineItems: LineItems | undefined;
}

export function createEcommerce(settings: DestinationSettings): Ecommerce {
  const rules = settings.mappings?.ecommerce;
  const applyRules = compileRules(rules, table.reserved);
  const lineItems = createLineItems(settings);
  const calls = new Map<string, (event: BrazierEvent) => Build>();
  for (const { event: call, name, action } of table.events) {
    const readFields = compileFields(FIELDS[name] ?? [], rules);
    const withProducts = !table.withoutProducts.includes(name);
    const recommended = {
      name,
      action,
      readFields,
      applyRules,
      lineItems: withProducts ? lineItems : undefined,
    };
    calls.set(call, (event) => (identity, warnings) => build(event, recommended, identity, warnings));
  }
  return (name) => calls.get(name.trim().toLowerCase());
}

function build(
  event: BrazierEvent,
  recommended: Recommended,
  identity: Identity,
  warnings: Warning[],
): readonly Operation[] | Rejected {
  const { name } = recommended;
  const issues: Issue[] = [];
  const properties = propertiesOf(event, recommended, issues, warnings);
  if (issues.length > 0) return invalidEcommerce(name, issues);
  return [eventOperation(event, name, identity, properties)];
}

function propertiesOf(
  event: BrazierEvent,
  recommended: Recommended,
  issues: Issue[],
  warnings: Warning[],
): Target {
  const { action, readFields, applyRules, lineItems } = recommended;
  const target: Target = {};
  if (!isObject(event.properties)) {
    issues.push({ path: 'properties', message: `expected an object, got ${kindOf(event.properties)}` });
    return target;
  }
  const source = applyRules(event.properties, 'properties', warnings);
  const reading = { root: 'properties', used: new Set(table.reserved), issues, warnings };
  readFields(source, target, reading);
  if (lineItems) target.products = productsOf(source, recommended, lineItems, reading);
  const given = givenSource(source);
  target.source = given ?? sourceOf(event);
  if (given !== undefined) reading.used.add('source');
  target.action = action;
  if (action !== undefined && source.action === action) reading.used.add('action');
  target.metadata = leftovers(source, reading.used);
  warnOfLongTexts(target as JsonObject, warnings);
  return target;
}

/** All names here are Braze's: only texts within metadata can be too long. The sender does not know of metadata. */
function warnOfLongTexts(properties: JsonObject, warnings: Warning[]): void {
  const found: Warning[] = [];
  checkProperties(properties, found);
  for (const each of found) warnings.push({ ...each, path: each.path.replace('.metadata', '') });
}

/** The fields of a product in the call itself count when there is no list, as for one that is added or removed. */
function productsOf(
  source: JsonObject,
  { action }: Recommended,
  lineItems: LineItems,
  reading: Reading & { readonly warnings: Warning[] },
): Target[] {
  const { issues, used, warnings } = reading;
  const { products } = source;
  if (isEmptyValue(products)) {
    if (action !== undefined) return [lineItems.single(source, reading)];
  } else if (Array.isArray(products)) {
    used.add('products');
    return lineItems.of(products, issues, warnings);
  }
  const came = Array.isArray(products) ? 'an empty list' : kindOf(products);
  const message = `products: expected a list of at least one product, got ${came}`;
  issues.push({ path: 'properties.products', message });
  return [];
}
