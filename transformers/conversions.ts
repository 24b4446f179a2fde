/** Conversions that the built-in table names: from a trait's value to the one Braze takes. */
import genders from '../mappings/genders.json' with { type: 'json' };
import type { Json } from '../src/model/json.ts';
import { notTextEmail } from './standard-attributes.ts';

/** A value that cannot be sent: the field is left out with a warning, or the event is rejected. */
export interface Unusable {
  readonly rejects: boolean;
  readonly code: string;
  readonly message: string;
}

export type Conversion = (value: Json) => string | Unusable;

const UNKNOWN_GENDER: Unusable = {
  rejects: false,
  code: 'unknown_gender',
  message: 'not a gender that Braze knows (M, F, O, N, P or their words): left out',
};

const GENDER_OF = new Map(
  Object.entries(genders).flatMap(([gender, words]) => words.map((word) => [word, gender] as const)),
);

/** Lower-cases, as Braze stores it, and does not trim; the syntax is checked with every field's. */
function toEmail(value: Json): string | Unusable {
  return typeof value === 'string' ? value.toLowerCase() : { rejects: true, ...notTextEmail(value) };
}

function toGender(value: Json): string | Unusable {
  if (typeof value !== 'string') return UNKNOWN_GENDER;
  return GENDER_OF.get(value) ?? GENDER_OF.get(fold(value)) ?? UNKNOWN_GENDER;
}

function fold(word: string): string {
  return word.trim().toLowerCase().replaceAll(/[_-]/g, ' ');
}

/** By the name that a mapping uses. */
export const CONVERSIONS: ReadonlyMap<string, Conversion> = new Map([
  ['email', toEmail],
  ['gender', toGender],
]);
