/** Which of several users with one email or phone is meant: how a request says it, and who is left. Pure. */
import type { Json } from './json.ts';
import type { Profile } from './profile.ts';

/** Checked by `readPrioritization`. */
export type Prioritization = readonly string[];

const WORDS: ReadonlySet<unknown> = new Set([
  'identified',
  'unidentified',
  'most_recently_updated',
  'least_recently_updated',
]);
const NOT_VALID = "'prioritization' is not valid";
const OPPOSITES = [
  ['identified', 'unidentified'],
  ['most_recently_updated', 'least_recently_updated'],
] as const;

/** What it says, or what is wrong: words that Braze does not know, two that exclude each other, none where one is required. */
export function readPrioritization(value: Json | undefined, isRequired: boolean): Prioritization | string {
  if (value === undefined || value === null) return isRequired ? "'prioritization' is required" : [];
  if (!Array.isArray(value) || value.length === 0) return NOT_VALID;
  const isContrary = OPPOSITES.some((pair) => pair.every((word) => value.includes(word)));
  return !isContrary && value.every((word) => WORDS.has(word)) ? value.map(String) : NOT_VALID;
}

/** The one user who is left; undefined when nobody is, or more than one: Braze then does nothing. */
export function choose(sharing: readonly Profile[], prioritization: Prioritization): Profile | undefined {
  const left = sharing.filter((profile) => isWanted(profile, prioritization));
  const byAge = left.toSorted((a, b) => a.updated - b.updated);
  if (prioritization.includes('most_recently_updated')) return byAge.at(-1);
  if (prioritization.includes('least_recently_updated')) return byAge[0];
  return left.length === 1 ? left[0] : undefined;
}

function isWanted({ externalId }: Profile, prioritization: Prioritization): boolean {
  if (prioritization.includes('identified')) return externalId !== undefined;
  return externalId === undefined || !prioritization.includes('unidentified');
}
