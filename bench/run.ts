/**
 * `npm run bench [-- NAME] [options]`: one benchmark, or all one after the other, each in a process of its own.
 * `--record` keeps the figures in bench/recorded.json, `--table` prints those as a table, `--quick` is the guard of CI:
 * of all that it looks at, or of one by its name.
 */
import { GUARDED, guard, recordGuard } from './support/guard.ts';
import { recordedTable, recordReport } from './support/recorded.ts';
import { runBenchmark } from './support/runner.ts';

/** What `npm run bench` runs, in the order of an event's way. */
const BENCHMARKS = [
  'transform',
  'ingest-single',
  'ingest-batch',
  'deliver',
  'kafka',
  'end-to-end',
  'latency',
  'fill',
  'memory',
  'growth',
  'start',
];
/** Looked at when their part is. */
const PARTS = ['log', 'hold', 'errors', 'kafka-produce'];

const given = process.argv.slice(2);
const isFlag = (flag: string) => given.includes(flag);
const [first, ...others] = given.filter((each) => each !== '--record' && each !== '--quick');
const isNamed = first !== undefined && !first.startsWith('--');

const isQuick = isFlag('--quick');
const known = isQuick ? GUARDED : [...BENCHMARKS, ...PARTS];
if (isFlag('--table')) console.log(recordedTable());
else if (isNamed && !known.includes(first)) {
  console.error(
    `there is no benchmark ${first}${isQuick ? ' in the guard' : ''}; there are: ${known.join(', ')}`,
  );
  process.exitCode = 2;
} else if (isQuick && isFlag('--record')) fail(!(await recordGuard()));
else if (isQuick) fail(!(await guard(isNamed ? [first] : GUARDED)));
else for (const name of isNamed ? [first] : BENCHMARKS) await run(name, isNamed ? others : []);

async function run(name: string, options: readonly string[]): Promise<void> {
  const report = await runBenchmark(name, options);
  fail(report === null);
  if (report && isFlag('--record')) recordReport(report);
}

function fail(hasFailed: boolean): void {
  if (hasFailed) process.exitCode = 1;
}
