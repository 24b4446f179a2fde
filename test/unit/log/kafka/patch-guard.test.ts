/** The patches of kafkajs: applied to the very text they were written for, once, or not at all and loudly. */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { FETCH_METHOD } from '../../../../src/log/kafka/abort-patch.ts';
import { COMMIT_METHOD, patchCommit } from '../../../../src/log/kafka/commit-patch.ts';
import { CONNECT_METHOD, patchConnect } from '../../../../src/log/kafka/connection-patch.ts';
import { HEARTBEAT_METHOD, patchHeartbeat } from '../../../../src/log/kafka/coordinator-patch.ts';
import { JOIN_METHOD, patchJoin } from '../../../../src/log/kafka/join-patch.ts';
import { patchMethod, sourceHashOf } from '../../../../src/log/kafka/patch-guard.ts';
import { patchRequestTimer, TIMER_METHOD } from '../../../../src/log/kafka/timer-patch.ts';

const requireFresh = createRequire(import.meta.url);

/** The module as it is on disk, whatever was patched in this process. */
function untouched(path: string): { prototype: Record<string, unknown> } {
  const file = requireFresh.resolve(path);
  const cached = requireFresh.cache[file];
  delete requireFresh.cache[file];
  const fresh = requireFresh(file) as { prototype: Record<string, unknown> };
  if (cached) requireFresh.cache[file] = cached;
  return fresh;
}

test('the methods that are patched are those of the installed kafkajs: read the new text before a hash is changed', () => {
  const timer = untouched('kafkajs/src/network/requestQueue/index.js').prototype.scheduleCheckPendingRequests;
  const {
    joinAndSync: join,
    commitOffsets: commit,
    heartbeat,
  } = untouched('kafkajs/src/consumer/consumerGroup.js').prototype;
  const connect = untouched('kafkajs/src/network/connection.js').prototype.connect;
  const fetch = untouched('kafkajs/src/broker/index.js').prototype.fetch;
  expect(sourceHashOf(fetch)).toBe(FETCH_METHOD.sourceHash);
  expect(sourceHashOf(connect)).toBe(CONNECT_METHOD.sourceHash);
  expect(sourceHashOf(timer)).toBe(TIMER_METHOD.sourceHash);
  expect(sourceHashOf(join)).toBe(JOIN_METHOD.sourceHash);
  expect(sourceHashOf(commit)).toBe(COMMIT_METHOD.sourceHash);
  expect(sourceHashOf(heartbeat)).toBe(HEARTBEAT_METHOD.sourceHash);
});

test('another text than the expected is refused in one line that says what to install', () => {
  const prototype = { run: () => 'changed' };
  const expected = { name: 'Some.run', sourceHash: 'a'.repeat(64) };
  const patch = () => patchMethod(prototype, 'run', expected, () => () => 'patched');
  expect(patch).toThrow(
    /^kafkajs 2\.2\.4 is not the 2\.2\.4 that Some\.run was patched in .*package-lock\.json names$/,
  );
  expect(prototype.run()).toBe('changed');
});

test('a second call changes nothing', () => {
  const prototype = { run: () => 'original' };
  const expected = { name: 'Once.run', sourceHash: sourceHashOf(prototype.run) };
  const patch = () => patchMethod(prototype, 'run', expected, (original) => () => `patched ${original()}`);
  patch();
  patch();
  expect(prototype.run()).toBe('patched original');
});

test('all patches can be asked for by every client of a process', () => {
  patchRequestTimer();
  patchRequestTimer();
  patchConnect();
  expect(patchConnect).not.toThrow();
  patchJoin();
  expect(patchJoin).not.toThrow();
  patchCommit();
  expect(patchCommit).not.toThrow();
  patchHeartbeat();
  expect(patchHeartbeat).not.toThrow();
});
