/** Access to the members of RudderStack's file by its own rules: names without regard to case, null as good as missing. */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Findings } from './findings.ts';
import { type Path, show } from './validator.ts';

/** A mapping of the file and where it stands. */
export interface Part {
  readonly value: JsonObject;
  readonly path: Path;
}

export interface Found {
  readonly value: Json;
  readonly path: Path;
}

type Faults = Findings['faults'];

/** Go's JSON decoder prefers the exact name and takes any spelling; undefined when it is missing or null. */
export function memberOf({ value, path }: Part, name: string): Found | undefined {
  const folded = name.toLowerCase();
  const key = Object.hasOwn(value, name)
    ? name
    : Object.keys(value).findLast((each) => each.toLowerCase() === folded);
  const member = key === undefined ? undefined : value[key];
  return key === undefined || member === undefined || member === null
    ? undefined
    : { value: member, path: [...path, key] };
}

/** Empty when there is none. */
export function textOf(part: Part, name: string): string {
  const found = memberOf(part, name)?.value;
  return typeof found === 'string' ? found : '';
}

/** False when it is missing, as RudderStack reads it. */
export function flagOf(part: Part, name: string, faults: Faults): boolean {
  return givenFlagOf(part, name, faults) ?? false;
}

export function givenFlagOf(part: Part, name: string, faults: Faults): boolean | undefined {
  const found = memberOf(part, name);
  if (found === undefined) return undefined;
  if (typeof found.value === 'boolean') return found.value;
  faults.push({ path: found.path, message: `found ${show(found.value)}, expected true or false` });
  return undefined;
}

export function partOf(part: Part, name: string, faults: Faults): Part | undefined {
  const found = memberOf(part, name);
  return found === undefined ? undefined : asPart(found, faults);
}

/** The mappings of a list; none when it is missing. */
export function partsOf(part: Part, name: string, faults: Faults): Part[] {
  const found = memberOf(part, name);
  if (found === undefined) return [];
  if (!Array.isArray(found.value)) {
    faults.push({ path: found.path, message: `found ${show(found.value)}, expected a list` });
    return [];
  }
  return found.value.flatMap((value, index) => asPart({ value, path: [...found.path, index] }, faults) ?? []);
}

export function asPart({ value, path }: Found, faults: Faults): Part | undefined {
  if (isObject(value)) return { value, path };
  faults.push({ path, message: `found ${show(value)}, expected a mapping` });
  return undefined;
}

export function isSet(part: Part, name: string): boolean {
  return memberOf(part, name)?.value === true;
}

/** Whether there is something in it: a list with entries, a mapping with members, text. */
export function isFilled(part: Part, name: string): boolean {
  const value = memberOf(part, name)?.value;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== '' && value !== false;
}
