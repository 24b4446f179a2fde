/** JSON as the sandbox reads it. The sandbox stands alone, so it has its own copy of these few lines. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** False for null, which Braze takes for absent in most places, and for absent. */
export function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

/** A member as text: strings as they are, numbers as Braze stores them; undefined for null, absent and all else. */
export function idText(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}
