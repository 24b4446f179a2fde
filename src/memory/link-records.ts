/** What is remembered of an alias and of a user, and how it is written down; see links.ts for what it means. */
import { isObject, type Json } from '../model/json.ts';
import type { AliasLink } from './link-operation.ts';

/** Whether Braze has heard of the alias since its last link: no; perhaps, of data it refused; yes. */
export type Heard = 0 | 1 | 2;

export interface Alias {
  users: readonly string[];
  isAccepted: boolean;
  heard: Heard;
  dataUnderWay: number;
  linksUnderWay: number;
}

/** The alias of one label that a user is linked with. */
export interface Linked {
  readonly label: string;
  name: string;
  isAccepted: boolean;
  isHeld: boolean;
  /** Perhaps held, from an alias call. */
  isGiven: boolean;
  /** Will be held if what is under way is accepted. */
  expected: string | undefined;
  underWay: number;
}

export interface User {
  exists: boolean;
  dataUnderWay: number;
  linked: readonly Linked[];
}

export function isSettled(alias: Alias, userKey: string): boolean {
  const isHis = alias.users.length === 1 && alias.users[0] === userKey;
  const isQuiet = alias.heard === 0 && alias.dataUnderWay === 0 && alias.linksUnderWay === 0;
  return alias.isAccepted && isHis && isQuiet;
}

export function newAlias(heard: Heard): Alias {
  return { users: [], isAccepted: false, heard, dataUnderWay: 0, linksUnderWay: 0 };
}

export function newLinked({ label, name }: AliasLink): Linked {
  return { label, name, isAccepted: false, isHeld: false, isGiven: false, expected: undefined, underWay: 0 };
}

export function encodeRecord(value: Alias | User): Json {
  if ('users' in value) return [value.heard, value.isAccepted, ...value.users];
  const linked = value.linked.filter(({ isAccepted }) => isAccepted);
  if (linked.length === 0) return null;
  return {
    exists: value.exists,
    linked: linked.map(({ label, name, isHeld, isGiven }) => [label, name, isHeld, isGiven]),
  };
}

export function decodeRecord(json: Json, isTrusted: boolean): Alias | User | undefined {
  if (Array.isArray(json)) {
    const [heard, isAccepted, ...users] = json;
    const isHeard = heard === 2 ? 2 : 1;
    const alias = newAlias(heard === 0 && isTrusted ? 0 : isHeard);
    return { ...alias, isAccepted: isAccepted === true, users: users.map(String) };
  }
  if (!isObject(json) || !Array.isArray(json.linked)) return undefined;
  return { exists: json.exists === true, dataUnderWay: 0, linked: json.linked.map(decodeLinked) };
}

function decodeLinked(json: Json): Linked {
  const [label, name, isHeld, isGiven] = Array.isArray(json) ? json : [];
  return {
    label: String(label),
    name: String(name),
    isAccepted: true,
    isHeld: isHeld === true,
    isGiven: isGiven === true,
    expected: undefined,
    underWay: 0,
  };
}
