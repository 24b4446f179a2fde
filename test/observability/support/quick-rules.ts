/** The rules with every time in them divided, so that a test sees in seconds what takes an hour. */
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { RULES_FILE } from './known.ts';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

interface RulesFile {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string; readonly for?: string }[] }[];
}

function divided(time: string, by: number): string {
  const [, count = '', unit = ''] = /^(\d+)([smh])$/.exec(time) ?? [];
  const ms = (Number(count) * (UNITS_MS[unit] ?? Number.NaN)) / by;
  if (!Number.isInteger(ms)) throw new Error(`${time} / ${by} is no whole number of milliseconds`);
  return `${ms}ms`;
}

/** Windows, waits, and ages that are compared with seconds; everything else is as operators have it. */
export function quickRules(by: number): string {
  const { groups } = parse(readFileSync(RULES_FILE, 'utf8')) as RulesFile;
  const quick = (expr: string): string =>
    expr
      .replaceAll(/\[(\w+)\]/g, (_, time) => `[${divided(time, by)}]`)
      .replaceAll(/\boffset (\w+)/g, (_, time) => `offset ${divided(time, by)}`)
      .replaceAll(/(_(?:age|lag)_seconds\) > )(\d+)/g, (_, before, seconds) => `${before}${seconds / by}`);
  return stringify({
    groups: groups.map(({ rules, ...group }) => ({
      ...group,
      rules: rules.map((rule) => ({
        ...rule,
        expr: quick(rule.expr),
        ...(rule.for !== undefined && { for: divided(rule.for, by) }),
      })),
    })),
  });
}
