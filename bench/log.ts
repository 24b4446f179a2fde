/** Measures the embedded log: records/s appended durably by closed-loop callers, and microseconds per record read back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '../src/log/log.ts';
import { openSqliteLog } from '../src/log/sqlite/sqlite-log.ts';
import { EVENTS_TOPIC } from '../src/model/record.ts';

const SECONDS = Number(process.argv[2] ?? 3);
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

/** The yardstick that travels between machines: one parse and one stringify of the same kilobyte. */
function floorMicros(): number {
  const text = JSON.stringify({
    type: 'track',
    userId: 'u',
    properties: Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`property${index}`, `value ${index}`]),
    ),
  });
  const rounds = 100_000;
  const start = performance.now();
  for (let round = 0; round < rounds; round += 1) JSON.stringify(JSON.parse(text));
  return ((performance.now() - start) * 1000) / rounds;
}

/** Each waiter appends `perCall` records, waits until they are durable, and appends the next. */
async function appendLoop(log: EventLog, waiters: number, perCall: number, guarded: boolean) {
  let records = 0;
  let id = 0;
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
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
  const used = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  return {
    records,
    'records/s': Math.round(records / seconds),
    'p50 ms': Number(latencies[Math.floor(latencies.length / 2)]?.toFixed(2)),
    'p99 ms': Number(latencies[Math.floor(latencies.length * 0.99)]?.toFixed(2)),
    'CPU µs/record': Number(((used.user + used.system) / records).toFixed(2)),
  };
}

async function readAll(log: EventLog, count: number) {
  const stop = new AbortController();
  let read = 0;
  let chunks = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  for await (const chunk of log.read('bench', [EVENTS_TOPIC], stop.signal)) {
    for (let index = 0; index < chunk.count; index += 1) {
      if (chunk.record(index).corrupt) throw new Error('corrupt');
    }
    read += chunk.count;
    chunks += 1;
    if (read >= count) stop.abort();
  }
  const used = process.cpuUsage(cpu);
  return {
    'read µs/record': Number((((performance.now() - start) * 1000) / read).toFixed(2)),
    'read CPU µs/record': Number(((used.user + used.system) / read).toFixed(2)),
    'records/chunk': Math.round(read / chunks),
  };
}

// The first run warms up the compiler and is not shown.
await withLog(async (log) => readAll(log, (await appendLoop(log, 50, 50, true)).records));
const table: Record<string, Record<string, number>> = {};
for (const guarded of [false, true]) {
  for (const waiters of WAITERS) {
    for (const perCall of waiters === 50 ? [1, 50] : [1]) {
      const row = await withLog(async (log) => {
        const { records, ...appended } = await appendLoop(log, waiters, perCall, guarded);
        return { ...appended, ...(await readAll(log, records)) };
      });
      table[`${waiters} waiters × ${perCall}${guarded ? ', guarded' : ''}`] = row;
    }
  }
}
console.table(table);
console.log(`floor (JSON.parse and JSON.stringify of 1 KB): ${floorMicros().toFixed(1)} µs`);
