/** `npm run bench [-- NAME …]`: runs the benchmarks of this folder, each in a process of its own, and prints their tables. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const BENCHMARKS = ['log', 'ingest', 'memory', 'transform', 'errors', 'hold', 'kafka'];

const [name, ...options] = process.argv.slice(2);
const wanted = name === undefined ? BENCHMARKS : [name];
for (const each of wanted) {
  const file = join(import.meta.dirname, `${each}.ts`);
  if (!BENCHMARKS.includes(each) || !existsSync(file)) {
    console.error(`there is no benchmark ${each}; there are: ${BENCHMARKS.join(', ')}`);
    process.exit(2);
  }
  const { status } = spawnSync(process.execPath, [file, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
