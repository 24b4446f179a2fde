/** What was measured before, in bench/recorded.json: the guard compares with it, and the table of docs/benchmarks.md is made of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { circumstances, goalText, type Report, type Row, tableOf } from './report.ts';
import { short } from './statistics.ts';

const FILE = join(import.meta.dirname, '../recorded.json');

export interface Recorded {
  readonly guard: {
    /** When, on what, beside what load. */
    readonly where: string;
    readonly ratios: Readonly<Record<string, number>>;
  };
  /** By the benchmark's name. */
  readonly reports: Readonly<Record<string, Report & { readonly where: string }>>;
}

export function readRecorded(): Recorded {
  return JSON.parse(readFileSync(FILE, 'utf8'));
}

export function recordReport(given: Report): void {
  const recorded = readRecorded();
  const reports = { ...recorded.reports, [given.name]: { where: circumstances(), ...given } };
  write({ ...recorded, reports });
}

export function recordRatios(ratios: Readonly<Record<string, number>>): void {
  const rounded = Object.entries(ratios).map(([name, ratio]) => [name, short(ratio)]);
  write({ ...readRecorded(), guard: { where: circumstances(), ratios: Object.fromEntries(rounded) } });
}

function write(recorded: Recorded): void {
  writeFileSync(FILE, `${JSON.stringify(recorded, null, 2)}\n`);
}

/** Markdown: a line for each row of each report that was recorded. */
export function recordedTable(): string {
  const lines = Object.values(readRecorded().reports).flatMap(({ name, where, rows }) =>
    rows.map((row) => lineOf(name, where, row)),
  );
  return lines.length > 0 ? tableOf(lines) : 'nothing is recorded: npm run bench -- NAME --record';
}

function lineOf(name: string, where: string, row: Row): Record<string, string> {
  const { what, figures, ratio, cores, goals = [] } = row;
  const measured = Object.entries(figures).map(
    ([label, figure]) =>
      `${label} ${typeof figure === 'number' ? short(figure).toLocaleString('en') : figure}`,
  );
  const spread = ratio && `${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})`;
  return {
    benchmark: name,
    what,
    measured: measured.join('; '),
    'ratio (middle half)': spread ?? '–',
    'cores used': cores?.toFixed(2) ?? '–',
    goal: goals.map(goalText).join('; ') || '–',
    when: where.split(',')[0] ?? '',
  };
}
