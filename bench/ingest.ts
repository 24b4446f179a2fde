/**
 * What the ingest server costs, against the least that node:http can do for the same promise: parse, stringify
 * each event, append to the same log, answer. Run by hand: `node bench/ingest.ts [seconds]`, on a quiet machine.
 * Each server runs in a process of its own, so that the load generator does not share its thread.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createIngestServer } from '../src/ingest/server.ts';
import type { EventLog } from '../src/log/log.ts';
import { openSqliteLog } from '../src/log/sqlite/sqlite-log.ts';
import { EVENTS_TOPIC } from '../src/model/record.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';

const WRITE_KEY = 'bench';
const CONNECTIONS = 50;
const ROUNDS = 5;

/** The embedded log in a folder of its own; the same bodies come again and again, so ids are not guarded. */
async function openBenchLog(): Promise<Pick<EventLog, 'append' | 'maxValueBytes'>> {
  const path = mkdtempSync(join(tmpdir(), 'brazier-bench-'));
  process.on('exit', () => rmSync(path, { recursive: true }));
  const log = await openSqliteLog({
    path,
    maxBytes: 20e9,
    retainMs: 0,
    now: Date.now,
    onFatal: (error) => {
      throw error;
    },
  });
  return {
    maxValueBytes: log.maxValueBytes,
    append: (topic, records, letters) =>
      log.append(
        topic,
        records.map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp })),
        letters,
      ),
  };
}

async function serveBrazier(): Promise<number> {
  const server = createIngestServer({
    http: { host: '127.0.0.1', port: 0, maxBodyBytes: 8 << 20 },
    sources: [{ id: 'bench', writeKeys: [WRITE_KEY], enabled: true, destinations: null }],
    log: await openBenchLog(),
    metrics: createMetrics({ version: '0' }, { processMetrics: false }),
    logger: console,
    now: Date.now,
    newId: () => crypto.randomUUID(),
    random: Math.random,
  });
  return (await server.listen()).port;
}

async function serveFloor(): Promise<number> {
  const log = await openBenchLog();
  const server = createServer(async (req, res) => {
    const body = await readWhole(req);
    const text = req.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const parsed = JSON.parse(text.toString());
    const events: unknown[] = parsed.batch ?? [parsed];
    const headers = { source: 'bench', receivedAt: new Date().toISOString() };
    const timestamp = Date.now();
    await log.append(
      EVENTS_TOPIC,
      events.map((event) => ({ key: 'u', value: Buffer.from(JSON.stringify(event)), headers, timestamp })),
    );
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"success":true}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function readWhole(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
  });
}

/** About 1 KB of JSON, in the shape that RudderStack's Node SDK sends. */
function eventOf(index: number) {
  const products = Array.from({ length: 4 }, (_, i) => ({
    product_id: `product-${index}-${i}`,
    sku: `G-${i}`,
    name: 'Monopoly: third edition',
    price: 19.99,
    quantity: i + 1,
    category: 'Games',
  }));
  return {
    userId: `user-${index % 1000}`,
    anonymousId: `0b1f4a4e-${index}`,
    event: 'Order Completed',
    properties: { order_id: `order-${index}`, revenue: 99.96, currency: 'EUR', products },
    messageId: `9d1f3c8a-77f1-4d52-9b1e-${index}`,
    originalTimestamp: '2026-03-01T11:59:58.123Z',
    context: { library: { name: 'analytics-node', version: '3.0.13' }, traits: { plan: 'pro' } },
    type: 'track',
    channel: 'server',
    sentAt: '2026-03-01T11:59:59.123Z',
  };
}

interface Load {
  readonly name: string;
  readonly path: string;
  readonly events: number;
  readonly body: Buffer;
  readonly encoding?: string;
}

function loads(): Load[] {
  const batch = Buffer.from(JSON.stringify({ batch: Array.from({ length: 50 }, (_, i) => eventOf(i)) }));
  return [
    { name: `batch of 50, ${batch.length} B`, path: '/v1/batch', events: 50, body: batch },
    { name: 'batch of 50, gzip', path: '/v1/batch', events: 50, body: gzipSync(batch), encoding: 'gzip' },
    { name: 'single event', path: '/v1/track', events: 1, body: Buffer.from(JSON.stringify(eventOf(1))) },
  ];
}

/** Events per second with all connections busy. */
async function drive(port: number, load: Load, seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  let done = 0;
  const worker = async () => {
    while (performance.now() < until) {
      await send(port, load, agent);
      done++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  agent.destroy();
  return (done * load.events) / ((performance.now() - startedAt) / 1000);
}

function send(port: number, { path, body, encoding }: Load, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Basic ${btoa(`${WRITE_KEY}:`)}`,
      'Content-Length': body.length,
      ...(encoding && { 'Content-Encoding': encoding }),
    };
    const req = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent }, (res) => {
      if (res.statusCode !== 200) reject(new Error(`answered ${res.statusCode}`));
      res.resume().on('end', resolve);
    });
    req.on('error', reject).end(body);
  });
}

interface Child {
  readonly port: number;
  cpuMicros(): Promise<number>;
  stop(): void;
}

async function start(kind: string): Promise<Child> {
  const child = fork(import.meta.filename, ['serve', kind]);
  const [port] = await once(child, 'message');
  return {
    port,
    async cpuMicros() {
      child.send('cpu');
      return (await once(child, 'message'))[0];
    },
    stop: () => child.disconnect(),
  };
}

async function serveAsChild(kind: string | undefined): Promise<void> {
  const port = await (kind === 'floor' ? serveFloor() : serveBrazier());
  process.on('disconnect', () => process.exit());
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.send?.(port);
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

/** CPU of the server per event, µs: unlike the rate it does not depend on who else uses the machine's cores. */
async function measure(child: Child, load: Load, seconds: number): Promise<{ rate: number; cpu: number }> {
  const before = await child.cpuMicros();
  const startedAt = performance.now();
  const rate = await drive(child.port, load, seconds);
  const events = (rate * (performance.now() - startedAt)) / 1000;
  return { rate, cpu: ((await child.cpuMicros()) - before) / events };
}

async function compare(load: Load, seconds: number) {
  const [floor, brazier] = [await start('floor'), await start('brazier')];
  const floors: { rate: number; cpu: number }[] = [];
  const ours: { rate: number; cpu: number }[] = [];
  for (const child of [floor, brazier]) await measure(child, load, 1);
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(await measure(floor, load, seconds));
    ours.push(await measure(brazier, load, seconds));
  }
  for (const child of [floor, brazier]) child.stop();
  const [floorCpu, cpu] = [median(floors.map((each) => each.cpu)), median(ours.map((each) => each.cpu))];
  return {
    load: load.name,
    'node:http events/s': Math.round(median(floors.map((each) => each.rate))),
    'Brazier events/s': Math.round(median(ours.map((each) => each.rate))),
    'node:http µs/event': Number(floorCpu.toFixed(2)),
    'Brazier µs/event': Number(cpu.toFixed(2)),
    'ratio by CPU': Number((floorCpu / cpu).toFixed(2)),
  };
}

if (process.argv[2] === 'serve') {
  await serveAsChild(process.argv[3]);
} else {
  const seconds = Number(process.argv[2] ?? 3);
  const rows = [];
  for (const load of loads()) rows.push(await compare(load, seconds));
  console.table(rows);
}
