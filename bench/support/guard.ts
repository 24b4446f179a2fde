/**
 * The guard against a gross loss of speed, for CI: short runs whose ratios by CPU time are compared with those recorded.
 * It fails below half of one: a machine that others use moves them by a fifth, and what falls below is measured again.
 */
import { readRecorded, recordRatios } from './recorded.ts';
import { type Report, tableOf } from './report.ts';
import { runBenchmark } from './runner.ts';

const GROSS = 0.5;
const ATTEMPTS = 3;

/** Together under two minutes on two cores. */
const QUICK: Readonly<Record<string, readonly string[]>> = {
  transform: ['--rounds', '3'],
  'ingest-single': ['--rounds', '3', '--events', '4000'],
  'ingest-batch': ['--rounds', '3', '--events', '20000'],
  deliver: ['--events', '90000', '--runs', '2', '--objects', '30000', '--warm-up', '30000'],
  'end-to-end': ['--rounds', '2', '--events', '20000', '--alone', '0'],
};

type Ratios = Readonly<Record<string, number>>;

export const GUARDED = Object.keys(QUICK);

/** @param names of GUARDED @returns whether all is well; prints what was compared */
export async function guard(names: readonly string[]): Promise<boolean> {
  const { ratios, where } = readRecorded().guard;
  const isAsked = ([key]: [string, number]) => names.some((name) => key.startsWith(`${name}:`));
  const recorded = Object.fromEntries(Object.entries(ratios).filter(isAsked));
  const measured: Record<string, number> = {};
  for (const name of names) {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const now = await measure(name);
      for (const [key, ratio] of Object.entries(now)) measured[key] = Math.max(ratio, measured[key] ?? 0);
      if (Object.keys(now).length > 0 && losses(recorded, measured, `${name}:`).length === 0) break;
    }
  }
  const lost = losses(recorded, measured);
  console.log(`\nratios by CPU time, recorded ${where}; a gross loss is less than half\n`);
  console.log(tableOf(Object.keys(recorded).map((key) => lineOf(key, recorded[key] ?? 0, measured[key]))));
  console.log(lost.length > 0 ? `\nGROSS LOSS: ${lost.join('; ')}` : '\nno gross loss');
  return lost.length === 0;
}

/** Makes what was measured now the measure. @returns false when a benchmark failed; nothing is recorded then */
export async function recordGuard(): Promise<boolean> {
  const all: Record<string, number> = {};
  for (const name of GUARDED) {
    const ratios = await measure(name);
    if (Object.keys(ratios).length === 0) return false;
    Object.assign(all, ratios);
  }
  recordRatios(all);
  return true;
}

/** Empty when the benchmark failed. */
async function measure(name: string): Promise<Ratios> {
  const report: Report | null = await runBenchmark(name, QUICK[name] ?? []);
  const rows = report?.rows.filter((row) => row.guard !== undefined) ?? [];
  return Object.fromEntries(rows.map((row) => [`${name}: ${row.what}`, row.guard ?? 0]));
}

/** Names of what is grossly below what was recorded, or was not measured. */
function losses(recorded: Ratios, measured: Ratios, prefix = ''): string[] {
  return Object.keys(recorded).filter(
    (key) => key.startsWith(prefix) && (measured[key] ?? 0) < (recorded[key] ?? 0) * GROSS,
  );
}

function lineOf(
  what: string,
  recorded: number,
  measured: number | undefined,
): Record<string, string | number> {
  return {
    what,
    recorded: recorded.toFixed(2),
    'fails below': (recorded * GROSS).toFixed(2),
    measured: measured?.toFixed(2) ?? 'nothing',
  };
}
