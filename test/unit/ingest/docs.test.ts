import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/ingest/limits.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const DOCS = read('docs/http-api.md');

test('docs/http-api.md lists every code that the ingest server answers with', () => {
  const source = readdirSync(new URL('../../../src/ingest', import.meta.url)).map((file) =>
    read(`src/ingest/${file}`),
  );
  const made =
    /(?:badRequest|tooLarge|overloaded|unavailable|rejected)\(\s*(?:'(?:invalid|oversized)',\s*)?'(\w+)'|code: '(\w+)'/g;
  const codes = new Set([...source.join('\n').matchAll(made)].map((match) => match[1] ?? match[2]));
  expect(codes.size).toBeGreaterThan(25);
  expect([...codes].filter((code) => !DOCS.includes(`\`${code}\``))).toEqual([]);
});

test('docs/http-api.md names the limits as they are', () => {
  const { maxEventsPerBatch, maxEventBytes, maxEventDepth, maxBodyDepth } = DEFAULT_LIMITS;
  const rows = [
    `| events in a batch | ${maxEventsPerBatch.toLocaleString('en')} |`,
    `| one event's JSON text | ${maxEventBytes.toLocaleString('en')} bytes;`,
    `| nesting of one event | ${maxEventDepth} levels |`,
    `| nesting of a body | ${maxBodyDepth.toLocaleString('en')} levels |`,
    `| bodies of all requests that are not yet durable | ${DEFAULT_LIMITS.maxPendingBytes >> 20} MiB |`,
    `| waiting for the log | ${DEFAULT_LIMITS.appendTimeoutMs / 1000} s |`,
    `| request headers | ${DEFAULT_LIMITS.maxHeaderBytes >> 10} KiB, within ${DEFAULT_LIMITS.headersTimeoutMs / 1000} s |`,
    `| a whole request | within ${DEFAULT_LIMITS.requestTimeoutMs / 1000} s |`,
    `| connections | ${DEFAULT_LIMITS.maxConnections.toLocaleString('en')} |`,
    `| an idle connection | ${DEFAULT_LIMITS.keepAliveTimeoutMs / 1000} s |`,
  ];
  expect(rows.filter((row) => !DOCS.includes(row))).toEqual([]);
});
