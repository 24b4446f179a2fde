/**
 * What `uncertain: hold` costs: the same backlog delivered with and without it, in turns, each time by a process of its
 * own. With it a request waits until its note is on disk. Prints events/s and the ratio of the medians.
 *
 * `npm run bench -- hold [--events 50000] [--rounds 3]`
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openSqliteLog } from '../src/log/sqlite/sqlite-log.ts';
import { EVENTS_TOPIC } from '../src/model/record.ts';
import { makeFolder, startProcess } from '../test/support/server-process.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '50000' }, rounds: { type: 'string', default: '3' } },
});
const EVENTS = Number(values.events);
const ROUNDS = Number(values.rounds);
const LATENCY_MS = 50;
const PEOPLE = 20_000;
const BATCH = 500;

const sink = ['--port', '0', '--keep', '0', '--no-profiles', '--rate-limit', '1000000'];
const sandbox = startProcess(['sandbox', '--latency-ms', String(LATENCY_MS), ...sink]);
const { url } = (await sandbox.ready) as unknown as { url: string };

const runs: Record<'resend' | 'hold', Run[]> = { resend: [], hold: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  for (const uncertain of ['resend', 'hold'] as const) runs[uncertain].push(await deliver(uncertain));
}
sandbox.kill('SIGTERM');
await sandbox.exited;

console.log(`hold, ${EVENTS} events, ${cpus().length} cores, Braze in ${LATENCY_MS} ms\n`);
console.log('| uncertain | delivered/s, each round | median | CPU µs/event, median |\n|---|---|---|---|');
for (const [name, list] of Object.entries(runs)) {
  const rates = list.map(({ rate }) => Math.round(rate));
  console.log(`| ${name} | ${rates.join(', ')} | ${median(rates)} | ${Math.round(median(cpuOf(list)))} |`);
}
const ratioOf = (pick: (list: readonly Run[]) => number[]) =>
  (median(pick(runs.hold)) / median(pick(runs.resend))).toFixed(2);
console.log(
  `\nhold / resend: ${ratioOf((list) => list.map(({ rate }) => rate))} by throughput, ${ratioOf(cpuOf)} by CPU`,
);

interface Run {
  readonly rate: number;
  /** Of the server, start included. */
  readonly cpuMicros: number;
}

async function deliver(uncertain: 'resend' | 'hold'): Promise<Run> {
  const rateLimit = { requests: 100_000, perSeconds: 3 };
  const folder = makeFolder(url, { uncertain, rateLimit, concurrency: { start: 16, max: 16 } });
  await fill(folder.data);
  const server = startProcess(['serve', '--config', folder.configFile]);
  try {
    const { admin, pid } = await server.ready;
    const from = performance.now();
    for (;;) {
      const count = await delivered(admin);
      if (count >= EVENTS) {
        return { rate: (EVENTS * 1000) / (performance.now() - from), cpuMicros: cpuMicrosOf(pid) / EVENTS };
      }
      await wait(50);
    }
  } finally {
    server.kill('SIGTERM');
    await server.exited;
    folder.remove();
  }
}

async function fill(path: string): Promise<void> {
  const onFatal = (error: Error) => console.error(error.message);
  const log = await openSqliteLog({ path, maxBytes: 1e10, retainMs: 1e10, now: Date.now, onFatal });
  await log.attach([{ group: 'braze', start: 'beginning' }]);
  const headers = { source: 'shop', receivedAt: new Date().toISOString() };
  for (let first = 0; first < EVENTS; first += BATCH) {
    const records = Array.from({ length: BATCH }, (_, index) => ({
      key: '',
      value: Buffer.from(textOf(first + index)),
      headers,
      timestamp: Date.now(),
    }));
    await log.append(EVENTS_TOPIC, records);
  }
  await log.close();
}

function textOf(index: number): string {
  const properties = { id: index, text: 'a text of some length '.repeat(20) };
  const person = `user-${index % PEOPLE}`;
  return JSON.stringify({
    type: 'track',
    userId: person,
    event: 'Step',
    messageId: `m-${index}`,
    properties,
  });
}

async function delivered(admin: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return Number(/^brazier_events_total{[^}]*outcome="delivered"} (\d+)/m.exec(text)?.[1] ?? 0);
}

function cpuOf(list: readonly Run[]): number[] {
  return list.map(({ cpuMicros }) => cpuMicros);
}

/** User and system time; Linux counts them in hundredths of a second. */
function cpuMicrosOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
}
