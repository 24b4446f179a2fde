/** An event that its sender names as Braze names a recommended one: Braze holds it to a schema, so it is made to fit. */
import table from '../mappings/ecommerce.json' with { type: 'json' };
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Issue } from '../src/model/outcome.ts';
import { compileFields, type FieldSpec } from './ecommerce-fields.ts';
import { sourceOf } from './ecommerce-source.ts';
import { VALUE_TYPES } from './ecommerce-values.ts';
import type { Target } from './mapping.ts';
import { isEmptyValue, leftovers } from './metadata.ts';

/** What Braze's schema leaves of the properties; it takes them when there is no issue. */
export interface Fitted {
  readonly properties: JsonObject;
  /** One for each field that is missing or cannot be made to fit. */
  readonly issues: readonly Issue[];
}

/** Never changes `properties`. */
export type Fit = (event: BrazierEvent, properties: JsonObject) => Fitted;

const CART = 'ecommerce.cart_updated';
const ACTIONS: ReadonlySet<Json | undefined> = new Set(['add', 'remove', 'replace']);
/** With these two the total may be absent. */
const PARTIAL: ReadonlySet<unknown> = new Set(['add', 'remove']);

const readProduct = compileFields(table.product.map(underOwnName), undefined);
const FITS: ReadonlyMap<string, Fit> = new Map(
  Object.entries(table.fields).map(([name, specs]: [string, readonly FieldSpec[]]) => [
    name,
    fitTo(name, specs),
  ]),
);

/** Undefined for a name that is not one of Braze's. Compared as Braze does: exactly. */
export function fitOf(name: string): Fit | undefined {
  return FITS.get(name);
}

function underOwnName(spec: FieldSpec): FieldSpec {
  return { ...spec, from: [spec.field] };
}

/** What Braze has no field for goes into the metadata, as it asks for. */
function fitTo(name: string, specs: readonly FieldSpec[]): Fit {
  const readFields = compileFields(specs.map(underOwnName), undefined);
  const hasProducts = !table.withoutProducts.includes(name);
  return (event, source) => {
    const issues: Issue[] = [];
    const used = new Set<string>();
    const target: Target = {};
    readFields(source, target, { root: 'properties', used, issues });
    if (hasProducts) target.products = productsOf(source, used, issues);
    target.source = textOf(source, used) ?? sourceOf(event);
    if (name === CART) setAction(source, target, used, issues);
    target.metadata = metadataOf(source, used);
    return { properties: target as JsonObject, issues };
  };
}

/** Braze's docs show words and addresses of shops. */
function textOf({ source }: JsonObject, used: Set<string>): Json | undefined {
  const text = typeof source === 'string' ? VALUE_TYPES.get('string')?.read(source) : undefined;
  if (text !== undefined) used.add('source');
  return text;
}

function setAction({ action }: JsonObject, target: Target, used: Set<string>, issues: Issue[]): void {
  if (ACTIONS.has(action)) {
    target.action = action;
    used.add('action');
  }
  if (target.total_value !== undefined || PARTIAL.has(target.action)) return;
  if (issues.some(({ path }) => path === TOTAL)) return;
  const message = 'total_value: expected a number unless action is add or remove, got nothing';
  issues.push({ path: TOTAL, message });
}

const TOTAL = 'properties.total_value';

function productsOf({ products }: JsonObject, used: Set<string>, issues: Issue[]): Target[] {
  used.add('products');
  if (Array.isArray(products) && !isEmptyValue(products)) {
    return products.map((product, index) => itemOf(product, `properties.products[${index}]`, issues));
  }
  const came = Array.isArray(products) ? 'an empty list' : kindOf(products);
  const message = `products: expected a list of at least one product, got ${came}`;
  issues.push({ path: 'properties.products', message });
  return [];
}

function itemOf(product: Json, root: string, issues: Issue[]): Target {
  const item: Target = {};
  if (!isObject(product)) {
    issues.push({ path: root, message: `expected an object, got ${kindOf(product)}` });
    return item;
  }
  const used = new Set<string>();
  readProduct(product, item, { root, used, issues });
  item.metadata = metadataOf(product, used);
  return item;
}

/** The given metadata under what has no field. */
function metadataOf(source: JsonObject, used: Set<string>): JsonObject | undefined {
  const { metadata } = source;
  if (!isObject(metadata)) return leftovers(source, used);
  used.add('metadata');
  const rest = leftovers(source, used);
  const given = leftovers(metadata);
  return rest && given ? { ...given, ...rest } : (rest ?? given);
}
