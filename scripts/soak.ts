/**
 * `npm run soak -- --minutes N [--seed S]`: senders at a steady rate while the process is killed, restarted and
 * reloaded at random and Braze fails in every way, then a judgement; exits with 1 when an invariant is broken.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runSoak, type SoakReport } from '../test/support/soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run soak -- --minutes N [--seed S], N above 0, S a whole number');
  process.exit(2);
}

const startedAt = performance.now();
console.error(`soak of ${minutes} minutes, seed ${seed}`);
const tell = (line: string) =>
  console.error(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(8)} s  ${line}`);
const report = await runSoak({ minutes, seed, tell });
print(report);
if (report.broken.length > 0) {
  process.exitCode = 1;
  const folder = mkdtempSync(join(tmpdir(), 'brazier-soak-'));
  writeFileSync(
    join(folder, 'requests.jsonl'),
    report.requests.map((each) => `${JSON.stringify(each)}\n`).join(''),
  );
  writeFileSync(join(folder, 'stderr.log'), report.stderr);
  console.log(`what Braze got, and what the processes wrote: ${folder}`);
}

function print({ judgement, happened, doubledPerKill, resident, broken, ...counts }: SoakReport): void {
  const mean = doubledPerKill.reduce((sum, each) => sum + each, 0) / Math.max(1, doubledPerKill.length);
  const rows: [string, unknown][] = [
    ['seed', counts.seed],
    ['seconds', counts.seconds],
    ...Object.entries(happened).sort(([a], [b]) => a.localeCompare(b)),
    ['events acknowledged', judgement.acknowledged],
    ['events delivered', judgement.delivered],
    ['lost', judgement.lost],
    ['reordered', judgement.reordered],
    ['changed', judgement.changed],
    ['never produced', judgement.strange],
    ['requests', counts.requests.length],
    ['replies that were lost', counts.lostReplies],
    ['objects sent again', judgement.doubled],
    ['processes killed', doubledPerKill.length],
    ['requests sent again per kill, most', Math.max(0, ...doubledPerKill)],
    ['requests sent again per kill, mean', mean.toFixed(2)],
    ['resident MB, most', resident.mostMb],
    ['resident MB, growth per minute', resident.slopeMbPerMinute],
  ];
  console.log('| what | count |\n|---|---|');
  for (const [what, count] of rows) console.log(`| ${what} | ${count} |`);
  for (const each of broken) console.log(`BROKEN ${each}`);
  console.log(broken.length === 0 ? 'the promise was kept' : `${broken.length} invariants broken`);
}
