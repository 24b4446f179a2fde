/** The public API's description against the real ingest server: routes, examples, and everything it answers. */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { EVENT_CODES, REFUSAL_CODES } from '../../src/ingest/codes.ts';
import { describeIngest } from '../../src/ingest/description.ts';
import { DEFAULT_LIMITS } from '../../src/ingest/limits.ts';
import { createRoutes } from '../../src/ingest/routes.ts';
import { LogError, type LogErrorCode } from '../../src/log/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { openRaw } from '../support/raw-socket.ts';
import { basic, batchOf, flipped, nested, SHOP_KEY, startIngest, track } from '../unit/ingest/fixture.ts';
import { apiOf, namesOf, routesOf } from './support/api.ts';

const API = apiOf(describeIngest({ ...DEFAULT_LIMITS, maxBodyBytes: 8 << 20 }));

test('every route of the server is described, and nothing else', () => {
  const app = createRoutes({
    ingest: async () => {},
    answers: { ok() {}, refuse() {} },
    description: '',
    metrics: createMetrics({ version: '0' }, { processMetrics: false }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    now: () => 0,
    isDraining: () => false,
  });
  expect(routesOf(app).sort()).toEqual(namesOf(API).sort());
});

test('it is served without a key, and says the limits that are in force', async () => {
  const { url } = await startIngest({ limits: { maxEventsPerBatch: 7 }, maxBodyBytes: 12_345 });
  const reply = await fetch(`${url}/openapi.json`);
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/json']);
  const text = await reply.text();
  expect(JSON.parse(text).components.schemas.Batch.properties.batch.maxItems).toBe(7);
  expect(text).toContain('12345 bytes');
  expect(apiOf(text).checkAnswer('/openapi.json', 'get', answerOf(reply, JSON.parse(text)))).toBe('');
});

function answerOf(reply: Response, body: unknown) {
  return { status: reply.status, type: reply.headers.get('content-type') ?? '', body };
}

const KEY = { Authorization: basic(SHOP_KEY) };

const BODIES = API.operations.flatMap(({ path, method, operation }) =>
  Object.entries(operation.requestBody?.content['application/json']?.examples ?? {}).map(
    ([name, { value }]) => ({
      name: `${method} ${path} ${name}`,
      path,
      value,
    }),
  ),
);

test('there are examples for every route that takes a body', () => {
  const paths = new Set(BODIES.map(({ path }) => path));
  const takesBody = API.operations.filter(({ operation }) => operation.requestBody);
  expect(takesBody.map(({ path }) => path).filter((path) => !paths.has(path))).toEqual([]);
});

test.each(BODIES)(
  'example $name is taken whole, gzipped too, and the answer is as described',
  async (each) => {
    const { url, log } = await startIngest();
    const text = JSON.stringify(each.value);
    for (const [body, headers] of [
      [text, KEY],
      [gzipSync(text), { ...KEY, 'Content-Encoding': 'gzip' }],
    ] as const) {
      const reply = await fetch(url + each.path, { method: 'POST', body, headers });
      const answer = answerOf(reply, await reply.json());
      expect(answer.status).toBe(200);
      expect(answer.body).not.toMatchObject({ rejected: [{}] });
      expect(API.checkAnswer(each.path, 'post', answer)).toBe('');
    }
    expect(log.records.length).toBeGreaterThan(0);
  },
);

test('every route that is described is there, and open only where it says so', async () => {
  const { url } = await startIngest();
  for (const { path, method, operation } of API.operations) {
    const reply = await fetch(url + path, { method });
    const answer = answerOf(reply, await reply.json());
    expect(answer.status, path).toBe(operation.security ? 200 : 401);
    expect(API.checkAnswer(path, method, answer)).toBe('');
  }
});

const asBatch = (body: string | Buffer, headers: Record<string, string> = {}) => ({
  path: '/v1/batch',
  body,
  headers,
});
const asCall = (body: string) => ({ path: '/v1/track', body, headers: {} });

test.each([
  [400, 'invalid_json', asBatch('{"batch":[')],
  [400, 'invalid_encoding', asBatch(Buffer.from([0x22, 0xff, 0x22]))],
  [400, 'invalid_gzip', asBatch(flipped(gzipSync(batchOf(track()))), { 'Content-Encoding': 'gzip' })],
  [400, 'not_an_object', asBatch('[]')],
  [400, 'missing_batch', asBatch('{}')],
  [400, 'invalid_batch', asBatch('{"batch":1}')],
  [400, 'empty_batch', asBatch('{"batch":[]}')],
  [400, 'too_deep', asBatch(nested(1_001))],
  [401, 'unauthorized', asBatch('{}', { Authorization: basic('other') })],
  [404, 'source_disabled', asBatch('{}', { Authorization: basic('old-key') })],
  [413, 'body_too_large', asBatch(' '.repeat(2_001))],
  [413, 'too_many_events', asBatch(batchOf(1, 2, 3, 4))],
  [413, 'envelope_too_large', asBatch(`{"batch":[1],"context":{"a":"${'x'.repeat(40_000)}"}}`)],
  [415, 'unsupported_encoding', asBatch('{}', { 'Content-Encoding': 'br' })],
  [429, 'rate_limited', asBatch(' '.repeat(1_501))],
  [400, 'not_an_object', asCall('1')],
  [400, 'missing_identity', asCall('{}')],
  [400, 'too_deep', asCall(`{"userId":"u1","a":${nested(200)}}`)],
  [413, 'event_too_large', asCall(`{"userId":"${'x'.repeat(1_200)}"}`)],
  [413, 'too_many_events', asCall('{"userId":"u1","batch":[1,2,3,4]}')],
] as const)('%i %s is described where it is answered', async (status, code, { path, body, headers }) => {
  const limits = { maxPendingBytes: 1_500, maxEventsPerBatch: 3, maxEventBytes: 1_000 };
  const roomy = code === 'envelope_too_large' || code === 'too_deep';
  const { url } = await startIngest(roomy ? {} : { limits, maxBodyBytes: 2_000 });
  const reply = await fetch(url + path, { method: 'POST', body, headers: { ...KEY, ...headers } });
  const answer = answerOf(reply, await reply.json());
  expect(answer).toMatchObject({ status, body: { code } });
  expect(API.checkAnswer(path, 'post', answer)).toBe('');
  expectHeaders(reply, path);
});

/** Every header that is described for this answer is there, as described. */
function expectHeaders(reply: Response, path: string): void {
  const { operation } = API.operations.find((each) => each.path === path) ?? {};
  for (const [name, { schema }] of Object.entries(operation?.responses[reply.status]?.headers ?? {})) {
    const text = reply.headers.get(name);
    expect(API.check(schema, Number.isNaN(Number(text)) ? text : Number(text)), name).toBe('');
  }
}

test.each([
  ['log_full', 429],
  ['disk_full', 503],
  ['log_unavailable', 503],
  ['log_oversized', 413],
  ['log_closing', 503],
  ['log_failing', 503],
] as const satisfies readonly (readonly [LogErrorCode, number])[])(
  'what the log cannot do is described: %s',
  async (code, status) => {
    const { url, log } = await startIngest();
    log.gate = () => {
      throw new LogError(code, 'no');
    };
    const reply = await fetch(`${url}/v1/batch`, { method: 'POST', body: batchOf(track()), headers: KEY });
    const answer = answerOf(reply, await reply.json());
    expect(answer).toMatchObject({ status, body: { code } });
    expect(API.checkAnswer('/v1/batch', 'post', answer)).toBe('');
    expectHeaders(reply, '/v1/batch');
  },
);

test('a bug, the end of the process and what is no HTTP are described', async () => {
  const { url, log, server } = await startIngest();
  log.gate = () => {
    throw new Error('a bug');
  };
  const bug = await fetch(`${url}/v1/track`, { method: 'POST', body: '{"userId":"u1"}', headers: KEY });
  expect(API.checkAnswer('/v1/track', 'post', answerOf(bug, await bug.json()))).toBe('');
  expect(bug.status).toBe(500);
  for (const request of [
    'no http\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`,
  ]) {
    const raw = await openRaw(url);
    raw.socket.write(request);
    await raw.closed;
    const [head = '', body = ''] = raw.received().split('\r\n\r\n');
    const answer = { status: Number(head.split(' ')[1]), type: 'application/json', body: JSON.parse(body) };
    expect(API.checkAnswer('/health', 'get', answer)).toBe('');
    expect([400, 431]).toContain(answer.status);
  }
  server.setDraining();
  for (const [path, method] of [
    ['/v1/batch', 'post'],
    ['/health', 'get'],
  ] as const) {
    const reply = await fetch(url + path, { method });
    expect(reply.status).toBe(503);
    expect(API.checkAnswer(path, method, answerOf(reply, await reply.json()))).toBe('');
    expectHeaders(reply, path);
  }
});

test('every code that is described is written in the source, and the description lists every code', () => {
  const folder = new URL('../../src/ingest/', import.meta.url);
  const elsewhere = readFileSync(new URL('../../src/model/normalise.ts', import.meta.url), 'utf8');
  const source = readdirSync(folder)
    .filter((file) => file !== 'codes.ts' && !file.startsWith('descri') && file !== 'event-schema.ts')
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .concat(elsewhere)
    .join('\n');
  const codes = [...Object.values(REFUSAL_CODES).flatMap(Object.keys), ...Object.keys(EVENT_CODES)];
  expect(codes.filter((code) => !source.includes(`'${code}'`))).toEqual([]);
  const { Refusal, RejectedEvent } = API.document.components.schemas;
  const described = [Refusal, RejectedEvent].flatMap((schema) => schema?.properties.code?.enum ?? []);
  expect(described.sort()).toEqual(codes.sort());
});
