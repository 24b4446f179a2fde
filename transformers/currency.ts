/** Knows the currencies that Braze takes: ISO 4217, in upper case. */
import type { Json } from '../src/model/json.ts';

const CODES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** The code as Braze takes it, or undefined. Blanks around it and its case do not matter. */
export function toCurrency(value: Json | undefined): string | undefined {
  const code = typeof value === 'string' ? value.trim().toUpperCase() : '';
  return CODES.has(code) ? code : undefined;
}
