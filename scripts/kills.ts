/**
 * `npm run kills -- --kills N [--seed S] [--per-run 50]`: kills the process N times under load and while it starts, in
 * short runs that each begin with an empty folder and end with a judgement; exits with 1 when the promise was broken.
 */
import { parseArgs } from 'node:util';
import { type KillReport, runKillLoop } from '../test/support/kill-loop.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '20261122' },
    'per-run': { type: 'string', default: '50' },
  },
});
const [kills, seed, perRun] = [values.kills, values.seed, values['per-run']].map(Number) as [
  number,
  number,
  number,
];
if (![kills, perRun].every((each) => Number.isInteger(each) && each > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run kills -- --kills N [--seed S] [--per-run N], whole numbers');
  process.exit(2);
}

const MOST_MB = 320;

const reports: KillReport[] = [];
console.log('| seed | kills | acknowledged | lost | reordered | changed | requests sent again | MB |');
console.log('|---|---|---|---|---|---|---|---|');
for (let left = kills; left > 0; left -= perRun) {
  const report = await runKillLoop({
    kills: Math.min(perRun, left),
    seed: seed + reports.length,
    maxSeconds: Number.POSITIVE_INFINITY,
  });
  reports.push(report);
  const { judgement } = report;
  const again = sum([...judgement.doubledRequests.values()]);
  const cells = [judgement.acknowledged, judgement.lost, judgement.reordered, judgement.changed, again];
  console.log(`| ${report.seed} | ${report.kills} | ${cells.join(' | ')} | ${megabytesOf(report)} |`);
}
summarise();

function summarise(): void {
  const perKill = reports.flatMap(({ judgement }) => [...judgement.doubledRequests.values()]);
  const total = (pick: (report: KillReport) => number) => sum(reports.map(pick));
  const count = total((report) => report.kills);
  const most = Math.max(0, ...perKill);
  console.log(`
${count} kills, ${total(({ judgement }) => judgement.acknowledged)} events acknowledged
lost ${total(({ judgement }) => judgement.lost)}, reordered ${total(({ judgement }) => judgement.reordered)}, changed ${total(({ judgement }) => judgement.changed)}, never produced ${total(({ judgement }) => judgement.strange)}, pasts not joined ${total(({ orphans }) => orphans.length)}
requests sent again per kill: most ${most} (${reports[0]?.underWay} may be under way), mean ${(sum(perKill) / count).toFixed(2)}; objects sent again per kill: mean ${(total(({ judgement }) => judgement.doubled) / count).toFixed(2)}
resident MB: most ${Math.max(...reports.map(megabytesOf))}`);
  if (!reports.every(isKept)) process.exitCode = 1;
}

function isKept(report: KillReport): boolean {
  const { lost, reordered, changed, strange, doubledRequests } = report.judgement;
  return (
    [lost, reordered, changed, strange, report.orphans.length, report.exitCode].every((each) => each === 0) &&
    [...doubledRequests.values()].every((each) => each <= report.underWay) &&
    megabytesOf(report) < MOST_MB
  );
}

function megabytesOf({ peakBytes }: KillReport): number {
  return Math.round(peakBytes / 2 ** 20);
}

function sum(all: readonly number[]): number {
  return all.reduce((total, each) => total + each, 0);
}
