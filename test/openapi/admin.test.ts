/** The admin API's description against the real admin server: routes, examples, and everything it answers. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ADMIN_CODES } from '../../src/admin/codes.ts';
import { describeAdmin } from '../../src/admin/description.ts';
import { createRoutes } from '../../src/admin/server.ts';
import { LogError, type LogErrorCode } from '../../src/log/log.ts';
import { adminOptions, startAdmin, TOKEN } from './support/admin-rig.ts';
import { apiOf, namesOf, routesOf } from './support/api.ts';

const API = apiOf(describeAdmin());
const ROOT = join(import.meta.dirname, '../..');

test('every route of the server is described, and nothing else', async () => {
  expect(routesOf(createRoutes(await adminOptions())).sort()).toEqual(namesOf(API).sort());
});

test('every route has its place in the documents', () => {
  const docs = globSync('docs/**/*.md', { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), 'utf8'));
  const text = docs.join('\n').replaceAll('<id>', '{id}');
  const paths = new Set(API.operations.map(({ path }) => path));
  expect([...paths].filter((path) => !text.includes(path))).toEqual([]);
});

test('it is served without the token, and does not hold it', async () => {
  const ask = await startAdmin();
  const answer = await ask('get', '/openapi.json', { headers: {} });
  expect(answer.body).toEqual(JSON.parse(describeAdmin()));
  expect(API.checkAnswer('/openapi.json', 'get', answer)).toBe('');
  expect(JSON.stringify(answer.body)).not.toContain(TOKEN);
});

/** What makes each route answer 200; paths with a query stand for themselves. */
const GOOD: Readonly<Record<string, string>> = {
  '/dead-letters':
    '/dead-letters?destination=braze&from=2026-01-01&to=4102444800000&showPayload=true&limit=2',
  '/dead-letter': '/dead-letter?id=braze/brazier.events/0/17',
  '/explain': '/explain?messageId=m1&showPayload=true',
  '/explain/doubtful': '/explain/doubtful?limit=1',
  '/destinations/{id}/detach': '/destinations/braze/detach',
};
/** No destination of the rig can be attached. */
const NEVER_GOOD = ['/destinations/{id}/attach'];

const CALLS = API.operations.flatMap(({ path, method, operation }) => {
  const examples = Object.entries(operation.requestBody?.content['application/json']?.examples ?? {});
  const bodies = examples.map(([name, { value }]) => ({ name, body: JSON.stringify(value) }));
  return (bodies.length > 0 ? bodies : [{ name: '', body: undefined }]).map((each) => ({
    path,
    method,
    ...each,
  }));
});

test.each(CALLS)('$method $path $name answers as described', async ({ path, method, body }) => {
  const ask = await startAdmin();
  const asked = (GOOD[path] ?? path).replace('{id}', 'braze');
  const answer = await ask(
    method,
    asked,
    body === undefined ? {} : { body, headers: { authorization: `Bearer ${TOKEN}` } },
  );
  expect(API.checkAnswer(path, method, answer)).toBe('');
  if (!NEVER_GOOD.includes(path)) expect(answer).toMatchObject({ status: 200 });
});

test('without the token only what is described as open answers', async () => {
  const ask = await startAdmin();
  for (const { path, method, operation } of API.operations) {
    const answer = await ask(method, path, { headers: {} });
    expect(answer.status, path).toBe(operation.security ? 200 : 401);
    expect(API.checkAnswer(path, method, answer)).toBe('');
    if (answer.status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
  }
});

test('another method of a path is refused with the right ones, another path is not found', async () => {
  const ask = await startAdmin();
  for (const path of new Set(API.operations.map((each) => each.path))) {
    const methods = API.operations
      .filter((each) => each.path === path)
      .map(({ method }) => method.toUpperCase());
    const { status, body, headers } = await ask('patch', path);
    expect([status, body], path).toMatchObject([405, { code: 'method_not_allowed' }]);
    expect(headers.get('allow')?.replace('GET, HEAD', 'GET').split(', ')).toEqual(methods);
  }
  expect(await ask('get', '/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await ask('post', '/destinations/%E0%A4%A/detach')).toMatchObject({
    status: 404,
    body: { code: 'not_found' },
  });
});

const json = (body: string, headers: Record<string, string> = {}) => ({
  body,
  headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
});

const A_TIME = 'expected a time (ISO 8601 such as 2026-01-01, or ms since the epoch)';

test.each([
  ['get', '/dead-letters?limit=0', 'limit: expected a whole number from 1 to 1000'],
  ['get', '/dead-letters?limit=1.5', 'limit: expected a whole number from 1 to 1000'],
  ['get', '/dead-letters?limit=1&limit=2', 'limit: expected a whole number from 1 to 1000'],
  ['get', '/dead-letters?from=2026-02-31', `from: ${A_TIME}`],
  ['get', '/dead-letters?from=2026', `from: ${A_TIME}`],
  ['get', '/dead-letters?to=20260101', `to: ${A_TIME}`],
  ['get', '/dead-letters?showPayload=1', 'showPayload: expected true or false'],
  ['get', '/dead-letters?limits=1', 'limits: there is no such member'],
  ['get', '/dead-letters/summary?limit=1', 'limit: there is no such member'],
  ['get', '/dead-letter', 'id: expected text'],
  ['get', '/explain?messageId=', 'messageId: expected text'],
  ['get', '/explain', 'messageId: expected text'],
  ['get', '/explain/doubtful?before=-1', 'before: expected a whole number from 0 to 9007199254740991'],
] as const)('%s %s is told what was expected: %s', async (method, path, message) => {
  const ask = await startAdmin();
  const answer = await ask(method, path);
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_query', message } });
  expect(API.checkAnswer(path.split('?')[0] ?? '', method, answer)).toBe('');
});

const WANTED = 'expected {"ids":[…]} or {"all":true} or a filter like {"destination":"…"}';

test.each([
  ['/dead-letters/replay', '{}', WANTED],
  ['/dead-letters/replay', '{"all":false}', WANTED],
  ['/dead-letters/replay', '{"limit":1}', WANTED],
  ['/dead-letters/replay', '{"ids":["a"],"all":true}', WANTED],
  ['/dead-letters/discard', '{"ids":["a"],"code":"b"}', WANTED],
  ['/dead-letters/discard', '{"ids":[1]}', 'ids: expected a list of ids'],
  ['/dead-letters/discard', '{"all":"true"}', 'all: expected true or false'],
  ['/dead-letters/discard', '{"all":true,"limit":"1"}', 'limit: expected a whole number from 1 to 10000'],
  ['/dead-letters/discard', '[]', 'expected a JSON object'],
  ['/dead-letters/discard', '', WANTED],
  ['/dead-letters/discard', '{', 'the body is not readable as JSON'],
  ['/replay', '{"destination":"braze","from":0}', `to: ${A_TIME}`],
  ['/replay', '{"destination":"braze","from":2026,"to":1e12}', `from: ${A_TIME}`],
  ['/replay', '{"destination":"x","from":0,"to":1}', 'destination: x is not configured, or detached'],
  [
    '/replay',
    '{"destination":"braze","from":0,"to":1,"after":"0:1,0:2"}',
    'after: expected `next` of the answer before',
  ],
  ['/replay', '{"destination":"braze","from":0,"to":1,"__proto__":1}', '__proto__: there is no such member'],
] as const)('post %s %s is told what was expected', async (path, body, message) => {
  const ask = await startAdmin();
  const answer = await ask('post', path, json(body));
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_body', message } });
  expect(API.checkAnswer(path, 'post', answer)).toBe('');
});

test('bodies that are too large or packed in an unknown way are described', async () => {
  const ask = await startAdmin();
  for (const [status, init] of [
    [413, json(`{"ids":["${'x'.repeat(1 << 20)}"]}`)],
    [415, json('{}', { 'content-encoding': 'x-unknown' })],
    [415, json('{}', { 'content-type': 'application/json; charset=latin1' })],
  ] as const) {
    const answer = await ask('post', '/dead-letters/discard', init);
    expect(answer).toMatchObject({ status, body: { code: 'invalid_body' } });
    expect(API.checkAnswer('/dead-letters/discard', 'post', answer)).toBe('');
  }
});

test('what is not there, stands so already, or is not ready, is described', async () => {
  const ask = await startAdmin({ notReady: async () => ['draining'] });
  for (const [method, path, asked, status] of [
    ['get', '/dead-letter', '/dead-letter?id=x', 404],
    ['post', '/destinations/{id}/detach', '/destinations/x/detach', 404],
    ['post', '/destinations/{id}/attach', '/destinations/braze/attach', 409],
    ['get', '/health/ready', '/health/ready', 503],
  ] as const) {
    const answer = await ask(method, asked);
    expect(answer.status).toBe(status);
    expect(API.checkAnswer(path, method, answer)).toBe('');
  }
});

describe('what the log cannot do is described', () => {
  const codes = Object.keys(ADMIN_CODES[503]) as LogErrorCode[];
  test.each(['log_unsupported', ...codes] as LogErrorCode[])('%s', async (code) => {
    const fail = () => Promise.reject(new LogError(code, 'no'));
    const ask = await startAdmin({ backup: { copy: fail }, explain: { event: fail, doubtful: fail } });
    for (const [method, path, asked] of [
      ['post', '/backup', '/backup'],
      ['get', '/explain', '/explain?messageId=a'],
      ['get', '/explain/doubtful', '/explain/doubtful'],
    ] as const) {
      const answer = await ask(method, asked);
      expect(answer).toMatchObject({ status: code === 'log_unsupported' ? 409 : 503, body: { code } });
      expect(API.checkAnswer(path, method, answer)).toBe('');
    }
  });
});

test('a bug is described, and told', async () => {
  const told: unknown[] = [];
  const ask = await startAdmin({
    metrics: () => Promise.reject(new Error('a bug')),
    onError: (error) => told.push(error),
  });
  const answer = await ask('get', '/metrics');
  expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
  expect(API.checkAnswer('/metrics', 'get', answer)).toBe('');
  expect(told).toEqual([new Error('a bug')]);
});
