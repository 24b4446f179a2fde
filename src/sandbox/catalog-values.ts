/** What Braze demands of the items of a catalog: ids, fields, values. Pure; the answer is the first fault. */
import { type CatalogFault, firstFault, type ListCheck } from './catalog-errors.ts';
import { CATALOG_NAME, MAX_CATALOG_NAME } from './catalog-rules.ts';
import { type Catalog, type ItemsChange, isArrayEdit } from './catalogs.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { parseTime } from './time.ts';

/** Braze: item values up to 5,000 characters, objects nested up to 50 deep. */
const MAX_VALUE_LENGTH = 5000;
const MAX_DEPTH = 50;

const IDS: readonly ListCheck<JsonObject>[] = [
  {
    id: 'items-missing-ids',
    message: 'An item has no id',
    isBad: ({ id }) => id === undefined || id === null || id === '',
  },
  { id: 'ids-not-strings', message: 'An id is not a string', isBad: ({ id }) => typeof id !== 'string' },
  {
    id: 'ids-too-large',
    message: 'An id is longer than 250 characters',
    isBad: ({ id }) => String(id).length > MAX_CATALOG_NAME,
  },
  {
    id: 'invalid-ids',
    message: 'Ids may hold letters, digits, hyphens and underscores alone',
    isBad: ({ id }) => !CATALOG_NAME.test(String(id)),
  },
];

/** The first fault of the items, which all have their ids in them; undefined when they are fine. */
export function itemsFault(
  catalog: Catalog,
  operation: ItemsChange['operation'],
  items: readonly JsonObject[],
): CatalogFault | undefined {
  const ids = items.map(({ id }) => id);
  const unique: ListCheck<JsonObject> = {
    id: 'ids-not-unique',
    message: 'An id stands twice in the request',
    isBad: ({ id }, position) => ids.indexOf(id) !== position,
  };
  const checks = [...IDS, unique, ...(operation === 'delete' ? [] : valueChecks(catalog, operation))];
  return firstFault(items, checks, { parameter: 'id', valueOf: ({ id = null }) => id });
}

function valueChecks(
  { fields }: Catalog,
  operation: ItemsChange['operation'],
): readonly ListCheck<JsonObject>[] {
  const types = new Map(fields.map(({ name, type }) => [name, type]));
  const anyValue = (isBad: (value: Json, type: string) => boolean) => (item: JsonObject) =>
    Object.entries(item).some(([name, value]) => isBad(value, types.get(name) ?? ''));
  const isEdit = (value: Json, type: string) =>
    operation === 'edit' && type === 'array' && isArrayEdit(value);
  return [
    {
      id: 'invalid-fields',
      message: 'Some of the fields given do not exist in the catalog',
      isBad: (item) => Object.keys(item).some((name) => !types.has(name)),
    },
    {
      id: 'fields-do-not-match',
      message: 'Fields do not match with fields on the catalog',
      isBad: (item) => operation === 'create' && Object.keys(item).length !== types.size,
    },
    {
      id: 'too-deep-nesting-in-value-object',
      message: 'A value is nested more than 50 levels deep',
      isBad: anyValue((value) => depthOf(value) > MAX_DEPTH),
    },
    {
      id: 'invalid-keys-in-value-object',
      message: 'A key of an object holds a dot or a dollar sign',
      isBad: anyValue((value, type) => !isEdit(value, type) && hasBadKey(value)),
    },
    {
      id: 'items-too-large',
      message: 'A value is longer than 5000 characters',
      isBad: anyValue((value) => lengthOf(value) > MAX_VALUE_LENGTH),
    },
    {
      id: 'unable-to-coerce-value',
      message: 'A value cannot be made the type of its field',
      isBad: anyValue((value, type) => !isEdit(value, type) && !fits(value, type)),
    },
  ];
}

function depthOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function hasBadKey(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isObject(value) && Object.keys(value).some((key) => /[.$]/.test(key))) return true;
  return Object.values(value).some(hasBadKey);
}

function lengthOf(value: Json): number {
  return typeof value === 'string' ? value.length : JSON.stringify(value).length;
}

function fits(value: Json, type: string): boolean {
  if (value === null) return true;
  switch (type) {
    case 'string':
      return typeof value !== 'object';
    case 'number':
      return typeof value === 'number' || (typeof value === 'string' && isNumeric(value));
    case 'boolean':
      return typeof value === 'boolean' || value === 'true' || value === 'false';
    case 'time':
      return typeof value === 'string' && parseTime(value) !== undefined;
    case 'array':
      return Array.isArray(value);
    default:
      return isObject(value);
  }
}

function isNumeric(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}
