/** Reads countries as Braze does, as far as it can: codes of ISO 3166-1 and English names. */

/** Regions that the runtime names and ISO 3166-1 does not list as countries. */
const NO_COUNTRIES: ReadonlySet<string> = new Set('AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ'.split(' '));
/** Names and codes that are common and that the runtime lacks. */
const OTHER_NAMES: readonly (readonly [string, string])[] = [
  ['usa', 'US'],
  ['united states of america', 'US'],
  ['uk', 'GB'],
  ['gbr', 'GB'],
  ['great britain', 'GB'],
  ['czech republic', 'CZ'],
  ['turkey', 'TR'],
  ['republic of korea', 'KR'],
  ['russian federation', 'RU'],
  ['holland', 'NL'],
  ['the netherlands', 'NL'],
];

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const NAMES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
const CODES: readonly string[] = LETTERS.flatMap((first) =>
  LETTERS.map((second) => first + second).filter(isCountry),
);
/** Lower-case code or name → code. */
const BY_NAME: ReadonlyMap<string, string> = new Map([
  ...CODES.map((code) => [String(NAMES.of(code)).toLowerCase(), code] as const),
  ...CODES.map((code) => [code.toLowerCase(), code] as const),
  ...OTHER_NAMES,
]);

/** The code of two capital letters; undefined for what is no country. */
export function countryCode(text: string): string | undefined {
  return BY_NAME.get(text.trim().toLowerCase());
}

function isCountry(code: string): boolean {
  if (NO_COUNTRIES.has(code) || NAMES.of(code) === undefined) return false;
  // A country that is no more (DD, SU, YU) has another's code as its canonical one.
  return Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
}
