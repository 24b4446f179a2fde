/**
 * `npm run bench [-- NAME] [options]`: one benchmark, or all one after the other, each in a process of its own.
 * `--record` keeps the figures in bench/recorded.json, `--table` prints those as a table, `--quick` is the guard of CI.
 */
import { guard, recordGuard } from './support/guard.ts';
import { recordedTable, recordReport } from './support/recorded.ts';
import { runBenchmark } from './support/runner.ts';

/** In the order of an event's way; those behind the line are looked at when their part is. */
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
const PARTS = ['log', 'hold', 'errors', 'kafka-produce'];

const given = process.argv.slice(2);
const isFlag = (flag: string) => given.includes(flag);
const [first, ...others] = given.filter((each) => each !== '--record');
const isNamed = first !== undefined && !first.startsWith('--');

if (isFlag('--table')) console.log(recordedTable());
else if (isFlag('--quick')) fail(!(await (isFlag('--record') ? recordGuard() : guard())));
else if (isNamed && ![...BENCHMARKS, ...PARTS].includes(first)) {
  console.error(
    `there is no benchmark ${first}; there are: ${BENCHMARKS.join(', ')}; and ${PARTS.join(', ')}`,
  );
  process.exitCode = 2;
} else {
  for (const name of isNamed ? [first] : BENCHMARKS) await run(name, isNamed ? others : []);
}

async function run(name: string, options: readonly string[]): Promise<void> {
  const report = await runBenchmark(name, options);
  fail(report === null);
  if (report && isFlag('--record')) recordReport(report);
}

function fail(hasFailed: boolean): void {
  if (hasFailed) process.exitCode = 1;
}
