/** A running ingest server on a free port, over a log that keeps in memory what it was given. */
import request from 'supertest';
import { onTestFinished } from 'vitest';
import type { IngestLimits } from '../../../src/ingest/limits.ts';
import { createIngestServer, type IngestServer } from '../../../src/ingest/server.ts';
import type { AppendRecord, EventLog } from '../../../src/log/log.ts';
import type { DeadLetter } from '../../../src/model/dead-letter.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics.ts';

export const NOW = Date.parse('2026-03-01T12:00:00.000Z');
export const SHOP_KEY = 'shop-key';
export const SOURCES = [
  { id: 'shop', writeKeys: [SHOP_KEY, 'shop-key-next'], enabled: true, destinations: null },
  { id: 'app', writeKeys: ['app-key'], enabled: true, destinations: null },
  { id: 'old', writeKeys: ['old-key'], enabled: false, destinations: null },
];

export interface TestLog extends Pick<EventLog, 'append' | 'maxValueBytes'> {
  readonly records: AppendRecord[];
  readonly letters: DeadLetter[];
  /** Awaited before an append is durable; throw in it to refuse. */
  gate: () => Promise<void> | void;
}

export function createTestLog(maxValueBytes = Number.POSITIVE_INFINITY): TestLog {
  const seen = new Map<string, number | undefined>();
  const log: TestLog = {
    maxValueBytes,
    records: [],
    letters: [],
    gate: () => {},
    async append(_topic, records, letters = []) {
      await log.gate();
      const duplicates: number[] = [];
      const conflicts: number[] = [];
      for (const [index, record] of records.entries()) {
        const { guardId = '', guardContent } = record;
        if (!seen.has(guardId)) log.records.push(record);
        else if (seen.get(guardId) === guardContent) duplicates.push(index);
        else {
          conflicts.push(index);
          log.records.push(record);
        }
        if (guardId !== '') seen.set(guardId, guardContent);
      }
      log.letters.push(...letters);
      return { duplicates, conflicts };
    },
  };
  return log;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export interface Running {
  readonly server: IngestServer;
  readonly url: string;
  readonly port: number;
  readonly log: TestLog;
  readonly metrics: Metrics;
  readonly lines: LogLine[];
}

export interface RunOptions {
  readonly limits?: Partial<IngestLimits>;
  readonly maxBodyBytes?: number;
  /** The log's. */
  readonly maxValueBytes?: number;
}

export async function startIngest({
  limits = {},
  maxBodyBytes = 8 << 20,
  maxValueBytes,
}: RunOptions = {}): Promise<Running> {
  const log = createTestLog(maxValueBytes);
  const lines: LogLine[] = [];
  const write =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) =>
      lines.push({ level, message, fields });
  const metrics = createMetrics({ version: '0' }, { processMetrics: false });
  let ids = 0;
  const server = createIngestServer({
    http: { host: '127.0.0.1', port: 0, maxBodyBytes },
    sources: SOURCES,
    log,
    metrics,
    logger: { debug() {}, info: write('info'), warn: write('warn'), error: write('error') },
    now: () => NOW,
    newId: () => `id-${++ids}`,
    random: () => 0,
    limits,
  });
  const { host, port } = await server.listen();
  onTestFinished(() => server.close(AbortSignal.abort()));
  return { server, url: `http://${host}:${port}`, port, log, metrics, lines };
}

export function basic(writeKey: string): string {
  return `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
}

export const track = (fields: JsonObject = {}): JsonObject => ({
  type: 'track',
  userId: 'u1',
  event: 'Signed Up',
  ...fields,
});

export function texts(log: TestLog): string[] {
  return log.records.map(({ value }) => Buffer.from(value).toString());
}

/** A counter's or gauge's value under exactly these labels; 0 when it was never touched. */
export async function metricOf(
  metrics: Metrics,
  name: 'ingestEvents' | 'httpRequests' | 'ingestRejections' | 'ingestConflicts',
  labels: Record<string, string>,
): Promise<number> {
  const { values } = await metrics[name].get();
  const entries = Object.entries(labels);
  const matching = values.filter((each) => {
    const its: Record<string, unknown> = each.labels;
    return entries.every(([key, value]) => its[key] === value);
  });
  return matching.reduce((sum, { value }) => sum + value, 0);
}

/** Sends bytes or text as they are; supertest would write JSON in its own way. */
export function post(url: string, path: string, body: string | Buffer, headers: Record<string, string> = {}) {
  return request(url)
    .post(path)
    .set({ Authorization: basic(SHOP_KEY), 'Content-Type': 'application/json', ...headers })
    .serialize((raw) => raw as unknown as string)
    .send(body);
}

export const batchOf = (...events: unknown[]) => JSON.stringify({ batch: events });
export const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

/** Text that gzip cannot make small, the same each time. */
export function noise(length: number): { x: string } {
  let seed = 1;
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  return { x: Array.from({ length: length / 8 }, () => next().toString(16).padStart(8, '0')).join('') };
}

export function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[20] = (copy[20] as number) ^ 1;
  return copy;
}
