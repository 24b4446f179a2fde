/** Runs a benchmark in a process of its own and takes over what it reports. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Report } from './report.ts';

/** Its tables are printed. @returns null when it failed or reported nothing */
export async function runBenchmark(name: string, options: readonly string[]): Promise<Report | null> {
  const child = fork(join(import.meta.dirname, '..', `${name}.ts`), options);
  let given: Report | null = null;
  child.on('message', (report: Report) => {
    given = report;
  });
  const [code] = await once(child, 'exit');
  return code === 0 ? given : null;
}
