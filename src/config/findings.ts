/** What the rules that a schema cannot state find: faults and warnings, collected; and safe access to values not yet known to be good. */
import { isObject, type JsonObject } from '../model/json.ts';
import { type Fault, formatPath, type Path } from './validator.ts';

export interface Findings {
  readonly faults: Fault[];
  readonly warnings: Fault[];
  /** What the reader of the files calls the part at a path, for a fault that is about two parts. Default: the path. */
  readonly nameOf?: (path: Path) => string;
}

export interface Member {
  readonly value: JsonObject;
  readonly path: Path;
}

/** The mappings of a list: whatever else stands in it is the schema's to report. */
export function membersOf(config: unknown, key: string): Member[] {
  const list = isObject(config) ? config[key] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((value, index) => (isObject(value) ? [{ value, path: [key, index] }] : []));
}

/** A text that is not empty, or undefined. */
export function textAt(value: JsonObject, key: string): string | undefined {
  const text = value[key];
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** One text or a list of texts, as a list; anything else is left out. */
export function textsAt(value: JsonObject, key: string): string[] {
  const given = value[key];
  const list = Array.isArray(given) ? given : [given];
  return list.filter((text): text is string => typeof text === 'string' && text !== '');
}

export function numberAt(value: JsonObject, key: string): number {
  const number = value[key];
  return typeof number === 'number' ? number : Number.NaN;
}

/** The mapping under `key`, or an empty one. */
export function mappingAt(value: unknown, key: string): JsonObject {
  const mapping = isObject(value) ? value[key] : undefined;
  return isObject(mapping) ? mapping : {};
}

/** Two members must not have the same id. */
export function checkUniqueIds(members: readonly Member[], { faults, nameOf = formatPath }: Findings): void {
  const first = new Map<string, Path>();
  for (const { value, path } of members) {
    const id = textAt(value, 'id');
    if (id === undefined) continue;
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, path);
    else {
      const message = `found "${id}", which ${nameOf(earlier)} has already, expected another id`;
      faults.push({ path: [...path, 'id'], message });
    }
  }
}
