/** `/catalogs` by Braze's rules: create, list, delete. These endpoints are synchronous: what is accepted is there at once. */
import type { Call } from './call.ts';
import { type CatalogFault, catalogNotFound, firstFault, type ListCheck, refuse } from './catalog-errors.ts';
import type { Catalog, CatalogField } from './catalogs.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { jsonReply, type Verdict } from './verdict.ts';

/** Braze: names and descriptions up to 250 characters, 500 fields. */
export const MAX_CATALOG_NAME = 250;
const MAX_FIELDS = 500;
export const CATALOG_NAME = /^[\w-]+$/;
const TYPES: ReadonlySet<unknown> = new Set(['string', 'number', 'time', 'boolean', 'object', 'array']);

/** 201 with the catalog. */
export function judgeCreateCatalog({ body, context, store }: Call): Verdict {
  const { catalogs: sent } = body;
  const read = readCatalog(sent, (name) => store.catalogs.find(name) !== undefined);
  if ('id' in read) return refuse(read);
  const catalog: Catalog = { ...read, items: new Map(), updatedMs: context.nowMs };
  store.catalogs.add(catalog);
  return { reply: jsonReply(201, { catalogs: [shown(catalog)], message: 'success' }), changes: [] };
}

/** 200 with all catalogs. */
export function judgeListCatalogs({ store }: Call): Verdict {
  const catalogs = store.catalogs.all().map(shown);
  return { reply: jsonReply(200, { catalogs, message: 'success' }), changes: [] };
}

/** 200; 404 for a catalog that nobody knows. */
export function judgeDeleteCatalog({ parameters, store }: Call): Verdict {
  const [name = ''] = parameters;
  if (store.catalogs.find(name) === undefined) return refuse(catalogNotFound(name));
  store.catalogs.remove(name);
  return { reply: jsonReply(200, { message: 'success' }), changes: [] };
}

function shown({ name, description, fields, items, updatedMs }: Catalog): object {
  const updated_at = new Date(updatedMs).toISOString();
  return { name, description, fields, num_items: items.size, updated_at };
}

type Definition = Pick<Catalog, 'name' | 'description' | 'fields'>;

function readCatalog(sent: Json | undefined, isTaken: (name: string) => boolean): Definition | CatalogFault {
  if (!Array.isArray(sent) || !sent.every(isObject) || sent[0] === undefined) {
    const message = 'Catalogs must be an array of objects';
    return { id: 'catalog-array-invalid', message, parameter: 'catalogs', value: sent ?? null };
  }
  const [first] = sent;
  const { name = null, description = '', fields = null } = first;
  const fault =
    firstFault(sent, ONE_ONLY, { parameter: 'catalogs', valueOf: ({ name: each = null }) => each }) ??
    firstFault([name], nameChecks(isTaken), { parameter: 'name', valueOf: (value) => value }) ??
    firstFault([description], DESCRIPTION, { parameter: 'description', valueOf: (value) => value }) ??
    fieldsFault(fields);
  return fault ?? { name: String(name), description: String(description), fields: readFields(fields) };
}

const ONE_ONLY: readonly ListCheck<JsonObject>[] = [
  {
    id: 'too-many-catalog-atoms',
    message: 'Only one catalog may be created in a request',
    isBad: (_catalog, position) => position > 0,
  },
];

function nameChecks(isTaken: (name: string) => boolean): readonly ListCheck<Json>[] {
  return [
    {
      id: 'catalog-name-too-large',
      message: 'The name is longer than 250 characters',
      isBad: (name) => String(name).length > MAX_CATALOG_NAME,
    },
    {
      id: 'invalid_catalog_name',
      message: 'The name may hold letters, digits, hyphens and underscores alone',
      isBad: (name) => typeof name !== 'string' || !CATALOG_NAME.test(name),
    },
    {
      id: 'catalog-name-already-exists',
      message: 'A catalog with that name already exists',
      isBad: (name) => isTaken(String(name)),
    },
  ];
}

const DESCRIPTION: readonly ListCheck<Json>[] = [
  {
    id: 'description-too-long',
    message: 'The description is longer than 250 characters',
    isBad: (text) => typeof text === 'string' && text.length > MAX_CATALOG_NAME,
  },
];

const FIELDS: readonly ListCheck<JsonObject>[] = [
  {
    id: 'invalid-fields',
    message: 'Each field must have a name and a type',
    isBad: ({ name, type }) => typeof name !== 'string' || typeof type !== 'string',
  },
  {
    id: 'id-not-first-column',
    message: 'The first field must be id, a string',
    isBad: ({ name, type }, position) => position === 0 && !(name === 'id' && type === 'string'),
  },
  {
    id: 'field-names-too-large',
    message: 'A field name is longer than 250 characters',
    isBad: ({ name }) => String(name).length > MAX_CATALOG_NAME,
  },
  {
    id: 'invalid-field-names',
    message: 'Field names may hold letters, digits, hyphens and underscores alone',
    isBad: ({ name }) => !CATALOG_NAME.test(String(name)),
  },
  {
    id: 'invalid-field-types',
    message: 'A field has a type that catalogs do not have',
    isBad: ({ type }) => !TYPES.has(type),
  },
];

function fieldsFault(fields: Json): CatalogFault | undefined {
  const about = { parameter: 'fields', valueOf: ({ name = null }: JsonObject) => name };
  if (!Array.isArray(fields) || fields.length === 0 || !fields.every(isObject)) {
    const message = 'Fields must be an array of objects';
    return { id: 'invalid-fields', message, parameter: 'fields', value: fields };
  }
  if (fields.length > MAX_FIELDS) {
    const message = 'A catalog may not have more than 500 fields';
    return { id: 'too-many-fields', message, parameter: 'fields', value: fields.length };
  }
  const names = fields.map(({ name }) => name);
  const unique: ListCheck<JsonObject> = {
    id: 'field-names-not-unique',
    message: 'A field name stands twice',
    isBad: ({ name }, position) => names.indexOf(name) !== position,
  };
  return firstFault(fields, [...FIELDS, unique], about);
}

function readFields(fields: Json): CatalogField[] {
  const list = Array.isArray(fields) ? fields.filter(isObject) : [];
  return list.map(({ name, type }) => ({ name: String(name), type: String(type) }));
}
