/**
 * Resident memory of the server over a run at full speed, with a storm of 500s in the middle: accepting as fast as it
 * answers, Braze answering in 100 ms. Prints a table; the server, the local Braze and the load are three processes.
 *
 * `npm run bench -- memory [--seconds 60]`
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeFolder, startProcess } from '../test/support/server-process.ts';
import { startLoad } from './load.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const SECONDS = Number(values.seconds);
/** The storm: a third of the run, from the first third on. */
const STORM = { from: SECONDS / 3, to: (SECONDS * 2) / 3 };
const MAX_MB = 400;

interface Sample {
  readonly second: number;
  readonly rssMb: number;
  readonly accepted: number;
  readonly delivered: number;
}

const sandbox = startProcess([
  'sandbox',
  '--port',
  '0',
  '--latency-ms',
  '100',
  '--keep',
  '0',
  '--no-profiles',
  '--rate-limit',
  '1000000',
]);
const { url } = (await sandbox.ready) as unknown as { url: string };
const folder = makeFolder(url, { rateLimit: { requests: 3000, perSeconds: 3 } });
const server = startProcess(['serve', '--config', folder.configFile]);
const { http, admin, pid } = await server.ready;
const load = startLoad({ url: http, writeKey: folder.writeKey, connections: 8 });

const samples: Sample[] = [];
const start = performance.now();
let storm: 'before' | 'on' | 'after' = 'before';
for (let second = 1; second <= SECONDS; second += 1) {
  await wait(Math.max(0, start + second * 1000 - performance.now()));
  if (storm === 'before' && second >= STORM.from) {
    storm = 'on';
    await fetch(`${url}/_sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify([{ do: { status: 500 } }]),
    });
  } else if (storm === 'on' && second >= STORM.to) {
    storm = 'after';
    await fetch(`${url}/_sandbox/faults`, { method: 'DELETE' });
  }
  samples.push({ second, rssMb: residentMb(pid), accepted: load.accepted(), delivered: await delivered() });
}
const shed = await load.stop();
server.kill('SIGTERM');
const exitCode = await server.exited;
sandbox.kill('SIGTERM');
await sandbox.exited;
folder.remove();
report();

function report(): void {
  const thirds = [
    ['before the storm', samples.filter(({ second }) => second <= STORM.from)],
    ['500 to everything', samples.filter(({ second }) => second > STORM.from && second <= STORM.to)],
    ['after it', samples.filter(({ second }) => second > STORM.to)],
  ] as const;
  console.log(
    `memory, ${SECONDS} s, ${cpus().length} cores, Braze in 100 ms, 1 KB events in batches of 50\n`,
  );
  console.log('| phase | accepted/s | delivered/s | resident MB: least | median | most |');
  console.log('|---|---|---|---|---|---|');
  for (const [name, part] of thirds) {
    const rss = part.map(({ rssMb }) => rssMb).sort((a, b) => a - b);
    const [first, last] = [part[0], part.at(-1)];
    if (!first || !last) continue;
    const perSecond = (pick: (sample: Sample) => number) =>
      Math.round((pick(last) - pick(first)) / Math.max(1, last.second - first.second));
    const row = [
      perSecond((s) => s.accepted),
      perSecond((s) => s.delivered),
      rss[0],
      rss[rss.length >> 1],
      rss.at(-1),
    ];
    console.log(`| ${name} | ${row.join(' | ')} |`);
  }
  const most = Math.max(...samples.map(({ rssMb }) => rssMb));
  console.log(`\nmost ${most} MB of ${MAX_MB} MB; shed with 429/503: ${shed}; server exit code ${exitCode}`);
  if (most > MAX_MB || exitCode !== 0) process.exitCode = 1;
}

function residentMb(process: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${process}/status`, 'utf8'));
  return Math.round(Number(line?.[1]) / 1024);
}

async function delivered(): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return Number(/^brazier_events_total{[^}]*outcome="delivered"} (\d+)/m.exec(text)?.[1] ?? 0);
}
