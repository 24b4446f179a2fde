/** The catalogs of the local Braze and their items, and how accepted changes of items take effect. In memory. */
import { isObject, type Json, type JsonObject } from './json.ts';

export interface CatalogField {
  readonly name: string;
  readonly type: string;
}

export interface Catalog {
  readonly name: string;
  readonly description: string;
  /** The first is `id`. */
  readonly fields: readonly CatalogField[];
  /** By id, in the order in which they came to be; an item holds its `id`. */
  readonly items: Map<string, JsonObject>;
  /** ms since the epoch. */
  updatedMs: number;
}

/** Accepted changes of items, all of one catalog. */
export interface ItemsChange {
  readonly kind: 'catalog_items';
  readonly catalog: string;
  /** `create` leaves items alone that are there, `edit` those that are not. */
  readonly operation: 'create' | 'replace' | 'edit' | 'delete';
  readonly items: readonly CatalogItem[];
  readonly nowMs: number;
}

export type CatalogItem = JsonObject & { readonly id: string };

export interface Catalogs {
  find(name: string): Catalog | undefined;
  /** In the order in which they came to be. */
  all(): readonly Catalog[];
  add(catalog: Catalog): void;
  remove(name: string): void;
  /** Never fails: a catalog that is gone changes nothing. */
  apply(change: ItemsChange): void;
  clear(): void;
}

export function createCatalogs(): Catalogs {
  const byName = new Map<string, Catalog>();
  return {
    find: (name) => byName.get(name),
    all: () => [...byName.values()],
    add: (catalog) => void byName.set(catalog.name, catalog),
    remove: (name) => void byName.delete(name),
    apply(change) {
      const catalog = byName.get(change.catalog);
      if (catalog === undefined) return;
      for (const item of change.items) changeItem(catalog.items, change.operation, item);
      catalog.updatedMs = change.nowMs;
    },
    clear: () => byName.clear(),
  };
}

function changeItem(
  items: Map<string, JsonObject>,
  operation: ItemsChange['operation'],
  item: CatalogItem,
): void {
  const old = items.get(item.id);
  if (operation === 'delete') items.delete(item.id);
  else if (operation === 'replace') items.set(item.id, item);
  else if (operation === 'create' && old === undefined) items.set(item.id, item);
  else if (operation === 'edit' && old !== undefined) items.set(item.id, edited(old, item));
}

function edited(old: JsonObject, edits: JsonObject): JsonObject {
  const changed = Object.entries(edits).map(([name, value]): [string, Json] => [
    name,
    isArrayEdit(value) ? editedArray(old[name], value) : value,
  ]);
  return { ...old, ...Object.fromEntries(changed) };
}

/** `{"$add": […], "$remove": […]}`, for fields of the type array. */
export function isArrayEdit(value: Json): value is JsonObject {
  if (!isObject(value)) return false;
  const names = Object.keys(value);
  const isEdit = (name: string) => (name === '$add' || name === '$remove') && Array.isArray(value[name]);
  return names.length > 0 && names.every(isEdit);
}

function editedArray(old: Json | undefined, { $add: add, $remove: remove }: JsonObject): Json {
  const gone = new Set(Array.isArray(remove) ? remove : []);
  const values = [...(Array.isArray(old) ? old : []), ...(Array.isArray(add) ? add : [])];
  return values.filter((value) => !gone.has(value));
}
