/** Durations as text, e.g. `72h`. */

/** What a configuration may hold. */
export const DURATION = '^[1-9][0-9]{0,5}[smhd]$';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Null for none, and for text that the schema has refused. */
export function durationMs(text: string | undefined): number | null {
  const unit = UNITS_MS[text?.at(-1) ?? ''];
  return text === undefined || unit === undefined ? null : Number.parseInt(text, 10) * unit;
}
