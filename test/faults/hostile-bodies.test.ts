/** Bodies that no SDK would send, at the real process: refused with a reason or taken as documented, and nothing else happens. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PATIENT } from '../support/harness.ts';
import { vitalsOf } from '../support/process-judge.ts';
import { type RunningSandbox, startSandbox } from '../support/sandbox.ts';
import {
  makeFolder,
  type Ready,
  type ServerFolder,
  type ServerProcess,
  startProcess,
} from '../support/server-process.ts';

const MIB = 2 ** 20;

let braze: RunningSandbox;
let folder: ServerFolder;
let server: ServerProcess;
let ready: Ready;
beforeAll(async () => {
  braze = await startSandbox();
  folder = makeFolder(braze.url, { lingerMs: 5 });
  server = startProcess(['serve', '--config', folder.configFile]);
  ready = await server.ready;
});
afterAll(async () => {
  server.kill('SIGTERM');
  expect(await server.exited).toBe(0);
  expect(server.stderr()).not.toContain('"level":"error"');
  await braze.close();
  folder.remove();
});

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly rejected?: readonly { index: number; code: string }[] };
}

async function post(body: string | Buffer, encoding?: string, path = '/v1/batch'): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}`;
  const headers = { authorization, ...(encoding !== undefined && { 'content-encoding': encoding }) };
  const reply = await fetch(`${ready.http}${path}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  return { status: reply.status, body: (await reply.json()) as Answer['body'] };
}

const event = (userId: string, more = '') =>
  `{"type":"track","userId":"${userId}","event":"Step"${more === '' ? '' : `,${more}`}}`;
const batch = (...events: readonly string[]) => `{"batch":[${events.join(',')}]}`;
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** Braze has of this user what its one event became. */
async function arrived(userId: string): Promise<Record<string, unknown>> {
  const isOf = (each: { external_id?: unknown }) => each.external_id === userId;
  const found = () =>
    braze.sandbox
      .requests()
      .flatMap(({ body }) => (body as { events?: Record<string, unknown>[] }).events ?? [])
      .find(isOf);
  await vi.waitFor(() => expect(found()).toBeDefined(), PATIENT);
  return found() as Record<string, unknown>;
}

async function expectRefused(answer: Answer, status: number, code: string): Promise<void> {
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  await expectNothingKept();
}

async function expectNothingKept(): Promise<void> {
  const text = await (await fetch(`${ready.admin}/metrics`)).text();
  const accepted = [...text.matchAll(/^brazier_ingest_events_total{[^}]*outcome="accepted"[^}]*} (\d+)$/gm)];
  expect(accepted.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(taken);
}

/** Events that were accepted by the tests so far. */
let taken = 0;
async function expectTaken(answer: Answer, count = 1): Promise<void> {
  expect(answer).toMatchObject({ status: 200, body: { success: true, accepted: count } });
  taken += count;
  await expectNothingKept();
}

const good = batch(event('good'));
const packed = gzipSync(good);

test.each([
  ['damaged', () => Buffer.from(packed).fill(0xff, 12, 16), 'gzip', 400, 'invalid_gzip'],
  ['cut off', () => packed.subarray(0, -4), 'gzip', 400, 'invalid_gzip'],
  [
    'with something behind it',
    () => Buffer.concat([packed, Buffer.from('junk')]),
    'gzip',
    400,
    'invalid_gzip',
  ],
  ['that is none', () => Buffer.from(good), 'gzip', 400, 'invalid_gzip'],
  ['empty', () => Buffer.alloc(0), 'gzip', 400, 'invalid_gzip'],
  ['within gzip', () => gzipSync(packed), 'gzip', 400, 'invalid_encoding'],
  ['named twice', () => gzipSync(packed), 'gzip, gzip', 415, 'unsupported_encoding'],
  ['under another name', () => packed, 'br', 415, 'unsupported_encoding'],
] as const)(
  'row 39: gzip %s is refused and nothing of it is kept',
  async (...[, body, encoding, status, code]) => {
    await expectRefused(await post(body(), encoding), status, code);
  },
);

test.each([10_000, 1_000_000])('row 41: JSON of %d levels is refused by its depth', async (levels) => {
  await expectRefused(
    await post(batch(event('deep', `"properties":{"a":${nested(levels)}}`))),
    400,
    'too_deep',
  );
  await expectRefused(await post(nested(levels), undefined, '/v1/track'), 400, 'too_deep');
  await expectRefused(await post('['.repeat(levels)), 400, 'too_deep');
});

test('row 41: an event that nests too deep is rejected alone', async () => {
  const answer = await post(batch(event('flat'), event('deep', `"properties":{"a":${nested(300)}}`)));
  expect(answer.body.rejected).toMatchObject([{ index: 1, code: 'too_deep' }]);
  await expectTaken(answer);
  expect(await arrived('flat')).toMatchObject({ name: 'Step' });
});

test('row 42: bodies, events and strings that are too large are refused, and the memory stays bounded', async () => {
  const keys = (count: number) => Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',');
  await expectRefused(
    await post(batch(event('many', `"properties":{${keys(1_000_000)}}`))),
    413,
    'body_too_large',
  );
  const long = event('long', `"properties":{"a":"${'x'.repeat(10 * MIB)}"}`);
  await expectRefused(await post(batch(long)), 413, 'body_too_large');
  await expectRefused(await post(gzipSync(batch(long)), 'gzip'), 413, 'body_too_large');
  const rejected = await post(batch(event('many', `"properties":{${keys(100_000)}}`), event('few')));
  expect(rejected.body.rejected).toMatchObject([{ index: 0, code: 'event_too_large' }]);
  await expectTaken(rejected);
  expect(vitalsOf(ready.pid).peakBytes).toBeLessThan(320 * MIB);
});

test('row 42: numbers that JavaScript cannot hold and keys that come twice are read as documented', async () => {
  const properties = '"properties":{"huge":1e400,"wide":18446744073709551616,"twice":1,"twice":2}';
  await expectTaken(await post(batch(event('numbers', properties))));
  const { properties: got } = await arrived('numbers');
  expect(got).toMatchObject({ wide: 2 ** 64, twice: 2 });
  expect((got as { huge?: unknown }).huge ?? null).toBeNull();
});

test('row 43: keys of the prototype change nobody else', async () => {
  const evil = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}';
  const everywhere = `${evil},"context":{${evil},"traits":{${evil}}},"properties":{${evil},"mine":1}`;
  await expectTaken(await post(`{${evil},"batch":[${event('evil', everywhere)}]}`));
  await expectTaken(
    await post(batch(`{"type":"identify","userId":"evil-2","traits":{${evil},"mine":1},${evil}}`)),
  );
  expect(await arrived('evil')).toMatchObject({ properties: { mine: 1 } });
  await expectTaken(await post(batch(event('innocent', '"properties":{"mine":2}'))));
  const innocent = await arrived('innocent');
  expect(innocent.properties).toEqual({ mine: 2 });
  expect(Object.keys(innocent)).not.toContain('polluted');
});

test.each([
  ['a byte that begins nothing', [0xff]],
  ['a sequence cut off', [0xe2, 0x82]],
  ['a surrogate as bytes', [0xed, 0xa0, 0x80]],
  ['an overlong slash', [0xc0, 0xaf]],
])('row 44: text that is not UTF-8 is refused: %s', async (_, bytes) => {
  const [before, after] = batch(event('bytes', '"properties":{"a":"|"}')).split('|') as [string, string];
  await expectRefused(
    await post(Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])),
    400,
    'invalid_encoding',
  );
});

test('row 44: a byte order mark is tolerated; NUL and half a surrogate pair harm nobody', async () => {
  await expectTaken(await post(`\ufeff${batch(event('marked'))}`));
  await expectRefused(await post(batch(event('raw', '"properties":{"a":"\u0000"}'))), 400, 'invalid_json');
  const odd = '"properties":{"nul":"a\\u0000b","half":"a\\ud800b"}';
  await expectTaken(await post(batch(event('odd', odd), event('after'))), 2);
  await arrived('marked');
  await arrived('after');
  // An id that holds half a pair is mended; a value goes on as it was written, which is an escape and valid UTF-8.
  expect(await arrived('odd')).toMatchObject({ properties: { nul: 'a\u0000b', half: 'a\ud800b' } });
});
