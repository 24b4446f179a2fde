/** What a benchmark hands over: one table in one form for all of them, printed, and sent to the runner that compares and records. */
import { cpus, loadavg } from 'node:os';
import { type Spread, short } from './statistics.ts';

const NOTHING = '–';

export interface Row {
  readonly what: string;
  /** By name with its unit; the same names in each row of a report. */
  readonly figures: Readonly<Record<string, string | number>>;
  /** To the reference; absent where there is none to compare with. */
  readonly ratio?: Spread;
  /** CPU time of the measured process by wall time, in cores. */
  readonly cores?: number;
  readonly goals?: readonly Goal[];
  /** A ratio by CPU time of references measured in turn: hardly moved by what else the machine does. The guard compares it. */
  readonly guard?: number;
}

export interface Goal {
  /** What it is about: `ratio`, or what else is looked at. */
  readonly of: string;
  readonly value: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Report {
  /** The benchmark's name. */
  readonly name: string;
  /** Sizes and settings, in a sentence. */
  readonly setting: string;
  readonly reference: string;
  readonly rows: readonly Row[];
  /** Lines below the table. */
  readonly notes?: readonly string[];
}

/** The machine, its load and the time: without them no figure says anything. */
export function circumstances(): string {
  const { model = 'unknown processor' } = cpus()[0] ?? {};
  const load = loadavg()[0]?.toFixed(1);
  const at = new Date().toISOString().slice(0, 16).replace('T', ' ');
  return `${at} UTC, ${cpus().length} cores (${model}), Node.js ${process.versions.node}, load ${load}`;
}

/** Prints it, and hands it to the runner when there is one. A goal that is missed fails nothing. */
export function report(given: Report): void {
  console.log(textOf(given, circumstances()));
  process.send?.(given);
}

/** Markdown. */
export function textOf({ name, setting, reference, rows, notes = [] }: Report, where: string): string {
  const table = tableOf(withoutEmpty(rows.map(cellsOf)));
  return [`${name}: ${setting}`, where, `reference: ${reference}`, '', table, '', ...notes, ''].join('\n');
}

/** Markdown; the columns are those of the first row. */
export function tableOf(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
  const body = rows.map((row) => line(names.map((name) => row[name] ?? NOTHING)));
  return [line(names), `|${'---|'.repeat(names.length)}`, ...body].join('\n');
}

/** Columns in which nothing stands are left out. */
function withoutEmpty(rows: readonly Record<string, string | number>[]): Record<string, string | number>[] {
  const isKept = (name: string) => rows.some((row) => row[name] !== NOTHING);
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => isKept(name))));
}

function cellsOf({ what, figures, ratio, cores, goals = [] }: Row): Record<string, string | number> {
  const rounded = Object.entries(figures).map(([name, figure]) => [
    name,
    typeof figure === 'number' ? short(figure) : figure,
  ]);
  return {
    '': what,
    ...Object.fromEntries(rounded),
    ratio: ratio ? ratio.median.toFixed(2) : NOTHING,
    'middle half of the rounds': ratio ? `${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}` : NOTHING,
    'cores used': cores === undefined ? NOTHING : cores.toFixed(2),
    goal: goals.map(goalText).join('; ') || NOTHING,
  };
}

/** `ratio ≥ 0.9: yes`. */
export function goalText(goal: Goal): string {
  const wanted = [
    ...(goal.atLeast === undefined ? [] : [`≥ ${goal.atLeast.toLocaleString('en')}`]),
    ...(goal.atMost === undefined ? [] : [`≤ ${goal.atMost.toLocaleString('en')}`]),
  ];
  return `${goal.of} ${wanted.join(', ')}: ${isMet(goal) ? 'yes' : `no, ${short(goal.value)}`}`;
}

export function isMet({ value, atLeast = Number.NEGATIVE_INFINITY, atMost = Infinity }: Goal): boolean {
  return value >= atLeast && value <= atMost;
}
