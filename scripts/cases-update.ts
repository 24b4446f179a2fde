/** Rewrites `expected` of every golden case with today's answer: `node scripts/cases-update.ts`, then read the diff. */
import { writeFileSync } from 'node:fs';
import { listCases, pathOfCase, readCase, runCase } from '../test/cases/run-case.ts';

let changed = 0;
for (const name of listCases()) {
  const golden = readCase(name);
  const expected = runCase(golden);
  if (JSON.stringify(expected) === JSON.stringify(golden.expected)) continue;
  writeFileSync(pathOfCase(name), `${JSON.stringify({ ...golden, expected }, null, 2)}\n`);
  console.log(name);
  changed += 1;
}
console.log(`${changed} rewritten`);
