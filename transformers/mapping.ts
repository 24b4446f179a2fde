/** Paths into JSON, split once at start; and how a member is read and written so that odd names stay data. */
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';

/** A Braze object being built. */
export type Target = Record<string, unknown>;

/** Reads nested objects and literal dotted keys alike; the literal key wins. */
export function compilePath(path: string): (source: JsonObject) => Json | undefined {
  const segments = path.split('.');
  const [head = '', ...rest] = segments;
  if (rest.length === 0) return (source) => ownValue(source, head);
  return (source) => {
    const literal = ownValue(source, path);
    if (literal !== undefined) return literal;
    let value: Json | undefined = source;
    for (const segment of segments) value = isObject(value) ? ownValue(value, segment) : undefined;
    return value;
  };
}

/** A key such as `constructor` is data like any other: what the prototype has under it does not count. */
export function ownValue(source: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}

/** Assigning `__proto__` would change the prototype instead of adding a member. */
export function setOwn(target: Target, name: string, value: Json | undefined): void {
  if (name !== '__proto__') target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
}
