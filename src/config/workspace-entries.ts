/** The entries of `sources` and `destinations`, each member with the place it was written at: from RudderStack's file, and overridden by ours. */
import type { Json } from '../model/json.ts';
import type { Path } from './validator.ts';
import type { Place } from './written.ts';

export interface Entry {
  readonly place: Place;
  /** For a fault that is about two entries. */
  readonly name: string;
  readonly members: Map<string, Member>;
}

export interface Member {
  readonly value: Json;
  readonly place: Place;
}

/** Of these a destination or source has one: who overrides one takes the other away. */
const ALTERNATIVES: readonly (readonly [string, string])[] = [
  ['restEndpoint', 'dataCenter'],
  ['restApiKey', 'restApiKeyFile'],
  ['writeKey', 'writeKeyFile'],
];

/** `entry` with single members replaced by those of `over`. */
export function overridden(entry: Entry, over: Entry): Entry {
  const members = new Map(entry.members);
  for (const [one, other] of ALTERNATIVES) {
    if (over.members.has(one)) members.delete(other);
    if (over.members.has(other)) members.delete(one);
  }
  for (const [key, member] of over.members) members.set(key, member);
  return { ...entry, members };
}

export function idOf({ members }: Entry): string {
  const id = members.get('id')?.value;
  return typeof id === 'string' ? id : '';
}

/** Plain data, safe for members of any name. */
export function plainOf({ members }: Entry): Json {
  return Object.fromEntries([...members].map(([key, { value }]) => [key, structuredClone(value)]));
}

/** Where the part at `path` inside the entry stands. */
export function placeIn({ place, members }: Entry, path: Path): Place {
  const [key, ...rest] = path;
  const member = key === undefined ? undefined : members.get(String(key));
  const at = member === undefined ? place : member.place;
  return { ...at, path: [...at.path, ...(member === undefined ? path : rest)] };
}
