/**
 * The embedded log alone: records appended durably by callers that each wait for theirs, and read back.
 *
 * `npm run bench -- log [--seconds 3]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '../src/log/log.ts';
import { openSqliteLog } from '../src/log/sqlite/sqlite-log.ts';
import { EVENTS_TOPIC } from '../src/model/record.ts';
import { floorMicros } from './support/floor.ts';
import { numbersOf } from './support/options.ts';
import { type Row, report } from './support/report.ts';
import { quantile } from './support/statistics.ts';
import { ownCpuMicros } from './support/usage.ts';

const { seconds: SECONDS } = numbersOf({ seconds: 3 });
const WAITERS = [1, 50, 500];
const value = Buffer.alloc(1024, '{"type":"track","event":"x"}');
const headers = { source: 'shop', receivedAt: new Date().toISOString() };

async function withLog<T>(work: (log: EventLog) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'brazier-bench-'));
  const onFatal = (error: Error) => console.error(error.message);
  const log = await openSqliteLog({ path, maxBytes: 1e11, retainMs: 1e15, now: Date.now, onFatal });
  await log.attach([{ group: 'bench', start: 'beginning' }]);
  try {
    return await work(log);
  } finally {
    await log.close();
    await rm(path, { recursive: true });
  }
}

/** Each waiter appends `perCall` records, waits until they are durable, and appends the next. */
async function appendLoop(log: EventLog, waiters: number, perCall: number, guarded: boolean) {
  let records = 0;
  let id = 0;
  const latencies: number[] = [];
  const cpu = ownCpuMicros();
  const start = performance.now();
  const waiter = async () => {
    while (performance.now() - start < SECONDS * 1000) {
      const batch = Array.from({ length: perCall }, () => {
        id += 1;
        const record = { key: `user ${id % 10_000}`, value, headers, timestamp: Date.now() };
        return guarded ? { ...record, guardId: `shop:3f2b8f5e-0000-4000-8000-${id}` } : record;
      });
      const called = performance.now();
      await log.append(EVENTS_TOPIC, batch);
      latencies.push(performance.now() - called);
      records += perCall;
    }
  };
  await Promise.all(Array.from({ length: waiters }, waiter));
  const seconds = (performance.now() - start) / 1000;
  const used = ownCpuMicros() - cpu;
  latencies.sort((a, b) => a - b);
  return {
    records,
    'records/s': records / seconds,
    'p50 ms': quantile(latencies, 0.5),
    'p99 ms': quantile(latencies, 0.99),
    'CPU µs/record': used / records,
  };
}

async function readAll(log: EventLog, count: number) {
  const stop = new AbortController();
  let read = 0;
  let chunks = 0;
  const cpu = ownCpuMicros();
  const start = performance.now();
  for await (const chunk of log.read('bench', [EVENTS_TOPIC], stop.signal)) {
    for (let index = 0; index < chunk.count; index += 1) {
      if (chunk.record(index).corrupt) throw new Error('corrupt');
    }
    read += chunk.count;
    chunks += 1;
    if (read >= count) stop.abort();
  }
  const used = ownCpuMicros() - cpu;
  return {
    'read µs/record': ((performance.now() - start) * 1000) / read,
    'read CPU µs/record': used / read,
    'records/chunk': Math.round(read / chunks),
  };
}

// The first run warms up the compiler and is not shown.
await withLog(async (log) => readAll(log, (await appendLoop(log, 50, 50, true)).records));
const rows: Row[] = [];
for (const guarded of [false, true]) {
  for (const waiters of WAITERS) {
    for (const perCall of waiters === 50 ? [1, 50] : [1]) {
      const figures = await withLog(async (log) => {
        const { records, ...appended } = await appendLoop(log, waiters, perCall, guarded);
        return { ...appended, ...(await readAll(log, records)) };
      });
      rows.push({ what: `${waiters} × ${perCall}${guarded ? ', with the guard' : ''}`, figures });
    }
  }
}
report({
  name: 'log',
  setting: `records of 1 KB, callers × records of each call; ${SECONDS} s each`,
  reference: `JSON.parse and JSON.stringify of 1 KB, ${floorMicros().toFixed(1)} µs of CPU`,
  rows,
});
