/** One product of an order, with what the user's settings add to it → one line of purchases. */
import table from '../mappings/purchase.json' with { type: 'json' };
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Issue, Warning } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import { ownValue, setOwn, type Target } from './mapping.ts';
import { type Product, readProduct } from './product.ts';
import { checkProperties } from './property-limits.ts';
import { compileRules, targetOf } from './rules.ts';

export interface Line {
  readonly product: Product;
  /** Undefined when there is none. */
  readonly properties: JsonObject | undefined;
}

/** Who hears of the faults of an order's products. */
export interface Listener {
  readonly issues: Issue[];
  readonly warnings: Warning[];
}

/** For one order: reads its products. Undefined after adding at least one issue. */
export type LineReader = (
  order: JsonObject,
  listener: Listener,
) => (product: Json, index: number) => Line | undefined;

const RESERVED: ReadonlySet<string> = new Set(table.reserved);
const NEVER_EXTRA: ReadonlySet<string> = new Set([...table.standard, ...table.reserved]);

/**
 * A purchase's properties are the order's members that `orderProperties` names, over them the product's own (all
 * with `sendPurchaseEventWithExtraProperties`, else those that a rule writes): the closer one knows better. Throws
 * when a rule writes a name that no purchase can have.
 */
export function createLineReader(settings: DestinationSettings): LineReader {
  const rules = settings.mappings?.purchases;
  const applyRules = compileRules(rules, table.forbidden);
  const written = new Set(rules?.filter(({ drop }) => drop !== true).map(targetOf));
  const isExtra = settings.sendPurchaseEventWithExtraProperties === true;
  const isWanted = (name: string) => !NEVER_EXTRA.has(name) && (isExtra || written.has(name));
  const hasOwn = isExtra || written.size > 0;
  const ofOrder = (settings.orderProperties ?? []).filter((name) => !RESERVED.has(name));
  return (order, listener) => {
    const shared = pick(order, (name) => order[name] !== null, ofOrder);
    checkAt('properties', shared, listener);
    return (given, index) => {
      const root = `properties.products[${index}]`;
      if (!isObject(given)) {
        const found = `expected an object, got ${kindOf(given)}`;
        listener.issues.push({
          path: root,
          message: `Product is not an object at index: ${index}: ${found}`,
        });
        return undefined;
      }
      const product = applyRules(given, root, listener.warnings);
      const orderCurrency = written.has('currency') && product.currency ? undefined : order.currency;
      const read = readProduct(product, { index, orderCurrency, ...listener });
      const own = hasOwn ? pick(product, isWanted) : undefined;
      checkAt(root, own, listener);
      return read && { product: read, properties: over(shared, own) };
    };
  };
}

/** Braze's rules for the properties of events hold for those of purchases too; `root` is where these stand. */
function checkAt(root: string, properties: JsonObject | undefined, { issues, warnings }: Listener): void {
  if (!properties) return;
  const found: Warning[] = [];
  const fault = checkProperties(properties, found);
  const moved = <T extends Issue>(each: T): T => ({ ...each, path: root + each.path.slice(ROOT.length) });
  if (fault) issues.push(...fault.issues.map(moved));
  warnings.push(...found.map(moved));
}

/** Where `checkProperties` takes its properties to stand. */
const ROOT = 'properties';

function over(shared: JsonObject | undefined, own: JsonObject | undefined): JsonObject | undefined {
  return shared && own ? { ...shared, ...own } : (own ?? shared);
}

/** A copy of the wanted members; undefined when there is none. */
function pick(
  source: JsonObject,
  isWanted: (name: string) => boolean,
  names: readonly string[] = Object.keys(source),
): JsonObject | undefined {
  const picked: Target = {};
  let isPicked = false;
  for (const name of names) {
    const value = ownValue(source, name);
    if (value === undefined || !isWanted(name)) continue;
    setOwn(picked, name, value);
    isPicked = true;
  }
  return isPicked ? (picked as JsonObject) : undefined;
}
