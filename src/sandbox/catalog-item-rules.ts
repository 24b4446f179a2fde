/** `/catalogs/{name}/items` and `/catalogs/{name}/items/{id}` by Braze's rules: in bulk with 202 and later, single ones at once. */
import type { Call } from './call.ts';
import { type CatalogFault, catalogNotFound, refuse } from './catalog-errors.ts';
import { itemsFault } from './catalog-values.ts';
import type { Catalog, ItemsChange } from './catalogs.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { jsonReply, type Verdict } from './verdict.ts';

/** Braze: 50 items in a request, and on a page of the list. */
const MAX_ITEMS = 50;

type Operation = ItemsChange['operation'];

/** 202; the effect comes later. */
export function judgeItems(operation: Operation): (call: Call) => Verdict {
  return ({ body, parameters: [name = ''], store, context }) => {
    const catalog = store.catalogs.find(name);
    if (catalog === undefined) return refuse(catalogNotFound(name));
    const { items } = body;
    const fault = listFault(items, MAX_ITEMS) ?? itemsFault(catalog, operation, objectsOf(items));
    if (fault !== undefined) return refuse(fault);
    const change = changeOf({ catalog, operation, items: objectsOf(items), nowMs: context.nowMs });
    return { reply: jsonReply(202, { message: 'success' }), changes: [change] };
  };
}

/** 201 for a new item, else 200; applied before the answer. */
export function judgeItem(operation: Operation): (call: Call) => Verdict {
  return ({ body, parameters: [name = '', id = ''], store, context }) => {
    const catalog = store.catalogs.find(name);
    if (catalog === undefined) return refuse(catalogNotFound(name));
    const [sent = {}] = objectsOf(body.items);
    const items = [{ ...sent, id }];
    const fault =
      (operation === 'delete' ? undefined : bodyFault(body)) ??
      itemsFault(catalog, operation, items) ??
      presenceFault(catalog, operation, id);
    if (fault !== undefined) return refuse(fault);
    store.catalogs.apply(changeOf({ catalog, operation, items, nowMs: context.nowMs }));
    return { reply: jsonReply(operation === 'create' ? 201 : 200, { message: 'success' }), changes: [] };
  };
}

/** 200 with up to 50 items; the `link` header leads to the next page. */
export function judgeListItems({ parameters: [name = ''], query, store }: Call): Verdict {
  const catalog = store.catalogs.find(name);
  if (catalog === undefined) return refuse(catalogNotFound(name));
  const start = Number(new URLSearchParams(query).get('cursor') ?? 0);
  const next = start + MAX_ITEMS;
  const items = [...catalog.items.values()].slice(start, next);
  const reply = jsonReply(200, { items, message: 'success' });
  if (next >= catalog.items.size) return { reply, changes: [] };
  const link = `</catalogs/${name}/items?cursor=${next}>; rel="next"`;
  return { reply: { ...reply, headers: { link } }, changes: [] };
}

/** 200 with the one item; 404 when nobody knows it. */
export function judgeGetItem({ parameters: [name = '', id = ''], store }: Call): Verdict {
  const catalog = store.catalogs.find(name);
  if (catalog === undefined) return refuse(catalogNotFound(name));
  const item = catalog.items.get(id);
  if (item === undefined) return refuse(itemNotFound(id));
  return { reply: jsonReply(200, { items: [item], message: 'success' }), changes: [] };
}

function itemNotFound(id: string): CatalogFault {
  return { id: 'item-not-found', message: 'Could not find item', parameter: 'item_id', value: id };
}

function listFault(items: Json | undefined, max: number): CatalogFault | undefined {
  if (!Array.isArray(items) || items.length === 0 || !items.every(isObject)) {
    const message = 'Items must be an array of objects';
    return { id: 'item-array-invalid', message, parameter: 'items', value: items ?? null };
  }
  if (items.length <= max) return undefined;
  const message = `A request may not hold more than ${max} items`;
  return { id: 'request-includes-too-many-items', message, parameter: 'items', value: items.length };
}

/** Of a single item: the id stands in the path alone. */
function bodyFault({ items }: JsonObject): CatalogFault | undefined {
  const fault = listFault(items, 1);
  const [item] = objectsOf(items);
  if (fault !== undefined || item?.id === undefined) return fault;
  return { id: 'id-in-body', message: 'The id belongs in the path', parameter: 'id', value: item.id };
}

function presenceFault({ items }: Catalog, operation: Operation, id: string): CatalogFault | undefined {
  if (operation === 'create') {
    const message = 'The item already exists';
    return items.has(id) ? { id: 'item-already-exists', message, parameter: 'id', value: id } : undefined;
  }
  return items.has(id) || operation === 'replace' ? undefined : itemNotFound(id);
}

function objectsOf(items: Json | undefined): JsonObject[] {
  return Array.isArray(items) ? items.filter(isObject) : [];
}

interface Accepted extends Pick<ItemsChange, 'operation' | 'nowMs'> {
  readonly catalog: Catalog;
  readonly items: readonly JsonObject[];
}

/** The items have passed their checks: each has its id. */
function changeOf({ catalog, operation, items, nowMs }: Accepted): ItemsChange {
  const withIds = items.map((item) => ({ ...item, id: String(item.id) }));
  return { kind: 'catalog_items', catalog: catalog.name, operation, items: withIds, nowMs };
}
