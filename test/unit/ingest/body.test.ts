import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readBody } from '../../../src/ingest/body.ts';
import { createBudget } from '../../../src/ingest/budget.ts';

test('a request that waits for the log holds nothing of the body that was read from it', async () => {
  const lease = createBudget(1_000).lease();
  const stream = new PassThrough();
  const req = Object.assign(stream, { headers: {} }) as unknown as IncomingMessage;
  const before = ['data', 'end', 'close'].map((name) => req.listenerCount(name));
  const reading = readBody(req, 1_000, lease);
  stream.write('{"a":');
  stream.end('1}');
  expect(String(await reading)).toBe('{"a":1}');
  expect(['data', 'end', 'close'].map((name) => req.listenerCount(name))).toEqual(before);
});
