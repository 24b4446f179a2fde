/** Reads the values of options: what is none is refused with what was expected. */
import { InvalidArgumentError } from 'commander';
import { parseTime } from '../model/clock.ts';

/** A whole number in a range; for `option(…, wholeNumber(1, 1000))`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** ms since the epoch, of ISO 8601 or of `30m`, `24h`, `7d` ago. */
export function timeOption(text: string): number {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text.trim()) ?? [];
  const time = count === undefined ? parseTime(text) : Date.now() - Number(count) * (UNIT_MS[unit] ?? 0);
  if (time !== undefined) return time;
  throw new InvalidArgumentError('expected a time like 2026-03-01T12:00:00Z, or 24h (ago), 7d, 30m');
}
