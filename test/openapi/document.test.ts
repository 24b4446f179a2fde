/** Both descriptions as documents: valid OpenAPI 3.1, whole, and with nothing in them that is not used. */
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { describeAdmin } from '../../src/admin/description.ts';
import { describeIngest } from '../../src/ingest/description.ts';
import { DEFAULT_LIMITS } from '../../src/ingest/limits.ts';
import { describeApi } from '../../src/openapi/document.ts';
import { apiOf } from './support/api.ts';

const PACKAGE = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const TEXTS = {
  public: describeIngest({ ...DEFAULT_LIMITS, maxBodyBytes: 8 << 20 }),
  admin: describeAdmin(),
};

describe.each(Object.entries(TEXTS))('the description of the %s API', (_name, text) => {
  const api = apiOf(text);

  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(text));
    expect(errors).toBeUndefined();
    expect([valid, validator.version]).toEqual([true, '3.1']);
  });

  test('names the version and the licence of the package', () => {
    expect(api.document.info).toMatchObject({
      version: PACKAGE.version,
      license: { identifier: PACKAGE.license },
    });
  });

  test('gives every operation a name of its own', () => {
    const names = api.operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(5);
  });

  test('refers to schemas that are there', () => {
    const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => api.document.components.schemas[name] === undefined)).toEqual([]);
  });

  test('has a valid example for every body, and every example is valid', () => {
    const contents = api.operations.flatMap(({ path, method, operation }) => [
      ...Object.values(operation.requestBody?.content ?? {}).map((content) => ({
        at: `${method} ${path}`,
        content,
      })),
      ...Object.entries(operation.responses).flatMap(([status, { content }]) =>
        Object.values(content).map((each) => ({ at: `${method} ${path} ${status}`, content: each })),
      ),
    ]);
    const faults = contents.flatMap(({ at, content }) =>
      Object.entries(content.examples ?? {}).map(
        ([name, { value }]) => `${at} ${name}: ${api.check(content.schema, value)}`,
      ),
    );
    expect(faults.length).toBeGreaterThan(5);
    expect(faults.filter((fault) => !fault.endsWith(': '))).toEqual([]);
    const bodies = api.operations.filter(({ operation }) => operation.requestBody);
    const bare = bodies.filter(
      ({ operation }) => !operation.requestBody?.content['application/json']?.examples,
    );
    expect(bare.map(({ path }) => path)).toEqual([]);
  });
});

test('two schemas of one title do not become one component', () => {
  const route = (path: string, type: string) => ({
    method: 'get' as const,
    path,
    operationId: path,
    tag: 'a',
    summary: '',
    answers: { 200: { description: '', schema: { title: 'Same', type } } },
  });
  const api = {
    title: '',
    summary: '',
    description: '',
    security: { name: 'key', scheme: 'basic' as const, description: '' },
    tags: { a: '' },
  };
  expect(() => describeApi({ ...api, routes: [route('/a', 'string'), route('/b', 'string')] })).not.toThrow();
  expect(() => describeApi({ ...api, routes: [route('/a', 'string'), route('/b', 'number')] })).toThrow(
    'Same',
  );
});
