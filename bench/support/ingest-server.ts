/** A process that takes events over HTTP into an embedded log of its own: Brazier's ingest server, or the least that does the same. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createIngestServer } from '../../src/ingest/server.ts';
import type { EventLog } from '../../src/log/log.ts';
import { openSqliteLog } from '../../src/log/sqlite/sqlite-log.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { answerParent } from './child.ts';
import { WRITE_KEY } from './ingest-rounds.ts';
import { SOURCE } from './server.ts';
import { ownCpuMicros } from './usage.ts';

/** Compressed bodies come again and again, so ids are guarded by neither server. */
async function openBenchLog(): Promise<Pick<EventLog, 'append' | 'maxValueBytes'>> {
  const path = mkdtempSync(join(tmpdir(), 'brazier-bench-'));
  process.on('exit', () => rmSync(path, { recursive: true }));
  const log = await openSqliteLog({
    path,
    maxBytes: 100e9,
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
    sources: [{ id: SOURCE, writeKeys: [WRITE_KEY], enabled: true, destinations: null }],
    log: await openBenchLog(),
    metrics: createMetrics({ version: '0' }, { processMetrics: false }),
    logger: createLogger({ level: 'info', pretty: false, version: '0' }),
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
    const headers = { source: SOURCE, receivedAt: new Date().toISOString() };
    const timestamp = Date.now();
    await log.append(
      EVENTS_TOPIC,
      events.map((event) => ({ key: 'u', value: Buffer.from(JSON.stringify(event)), headers, timestamp })),
    );
    res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 16 }).end('{"success":true}');
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

answerParent({
  serve: async (kind: 'node:http' | 'Brazier') =>
    `http://127.0.0.1:${await (kind === 'Brazier' ? serveBrazier() : serveFloor())}`,
  cpuMicros: ownCpuMicros,
});
