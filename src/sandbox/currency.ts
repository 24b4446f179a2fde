/** Reads currencies as Braze does: codes of ISO 4217. */
import type { Json } from './json.ts';
import type { Assumptions } from './workspace.ts';

/** ISO 4217 as the runtime knows it. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** The code in upper case; undefined for what is no currency. */
export function currencyCode(value: Json | undefined, assume: Assumptions): string | undefined {
  if (typeof value !== 'string') return undefined;
  const code = assume.lowerCaseCurrencies === 'accepted' ? value.toUpperCase() : value;
  return CURRENCIES.has(code) ? code : undefined;
}
