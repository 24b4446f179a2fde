/** A product of an e-commerce call → a line item of the recommended event. */
import table from '../mappings/ecommerce.json' with { type: 'json' };
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import type { Issue, Warning } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import { compileFields, type Reading } from './ecommerce-fields.ts';
import type { Target } from './mapping.ts';
import { isEmptyValue, leftovers } from './metadata.ts';
import { compileRules } from './rules.ts';

export interface LineItems {
  /** One item per product; adds an issue for each fault. Products that are empty are left out. */
  readonly of: (products: readonly Json[], issues: Issue[], warnings: Warning[]) => Target[];
  /** The one product whose fields stand in the call itself; what they do not use is the call's. */
  readonly single: (properties: JsonObject, reading: Reading) => Target;
}

export function createLineItems({ mappings }: DestinationSettings): LineItems {
  const applyRules = compileRules(mappings?.ecommerceProducts, table.reserved);
  const readFields = compileFields(table.product, mappings?.ecommerceProducts);
  return {
    of: (products, issues, warnings) =>
      products.flatMap((product, index) => {
        const root = `properties.products[${index}]`;
        if (isEmptyValue(product)) return [];
        if (isObject(product)) return [itemOf(applyRules(product, root, warnings), root, issues)];
        issues.push({ path: root, message: `expected an object, got ${kindOf(product)}` });
        return [];
      }),
    single(properties, reading) {
      const item: Target = {};
      readFields(properties, item, reading);
      return item;
    },
  };

  function itemOf(product: JsonObject, root: string, issues: Issue[]): Target {
    const item: Target = {};
    const used = new Set(table.reserved);
    readFields(product, item, { root, used, issues });
    item.metadata = leftovers(product, used);
    return item;
  }
}
