/** A benchmark's sizes: numbers with defaults, which `--name value` on the command line replaces. */
import { parseArgs } from 'node:util';

export function numbersOf<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(defaults) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ options });
  const entries = names.map((name) => [name, Number(values[name] ?? defaults[name])] as const);
  const wrong = entries.find(([, value]) => !Number.isFinite(value));
  if (wrong) throw new Error(`--${wrong[0]} wants a number`);
  return Object.fromEntries(entries) as Record<Name, number>;
}
