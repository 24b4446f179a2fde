/** JSON as `JSON.parse` returns it. Keys such as `__proto__` are own properties and ordinary data (never `Object.assign` it). */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
